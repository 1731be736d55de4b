/*
 * Copyright 2026 the Last Call authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.lastcall.grpc.netty;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

import io.github.lastcall.grpc.testing.Http2Frame;
import io.grpc.netty.shaded.io.netty.buffer.Unpooled;
import io.grpc.netty.shaded.io.netty.channel.embedded.EmbeddedChannel;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Exception;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Control frames as time passes, without a socket. {@code ControlFrameLimitTests} has
 * one.
 */
class NettyControlFramesTests {

	private static final int LIMIT = 100;

	private static final byte[] PRIORITY = new Http2Frame(Http2Frame.PRIORITY, 0, 1, new byte[5]).encode();

	private final AtomicLong now = new AtomicLong(123);

	private final ControlFrameBudget budget = new ControlFrameBudget(LIMIT, this.now::get);

	private final EmbeddedChannel connection = new EmbeddedChannel(
			new NettyFrameHeaders(new NettyControlFrames(this.budget, Duration.ofSeconds(1))));

	@BeforeEach
	void begin() {
		receive(Http2Frame.PREFACE);
	}

	@AfterEach
	void close() {
		this.connection.finishAndReleaseAll();
	}

	@Test
	void framesInPiecesAreCounted() {
		for (int i = 0; i < LIMIT; i++) {
			receiveByteByByte(PRIORITY);
		}
		assertThatExceptionOfType(Http2Exception.class).isThrownBy(() -> receiveByteByByte(PRIORITY));
	}

	@Test
	void whatComesAfterwardsIsDropped() {
		assertThatExceptionOfType(Http2Exception.class).isThrownBy(() -> receive(LIMIT + 1));
		this.connection.releaseInbound();
		receive(PRIORITY);
		assertThat(this.connection.<Object>readInbound()).isNull();
	}

	@Test
	void timeAllowsForMore() {
		receive(LIMIT);
		for (int i = 0; i < 10 * LIMIT; i++) {
			this.now.addAndGet(ControlFrameBudget.WINDOW.toNanos() / LIMIT);
			receive(PRIORITY);
		}
		assertThatExceptionOfType(Http2Exception.class).isThrownBy(() -> receive(LIMIT));
	}

	@Test
	void timeAllowsForNoMoreThanTwiceTheLimitAtOnce() {
		this.now.addAndGet(Duration.ofDays(1).toNanos());
		receive(2 * LIMIT);
		assertThatExceptionOfType(Http2Exception.class).isThrownBy(() -> receive(2));
	}

	@Test
	void whatIsAllowedForIsNotKept() {
		this.budget.allow(10 * LIMIT);
		receive(LIMIT);
		this.budget.allow(10);
		receive(10);
		assertThatExceptionOfType(Http2Exception.class).isThrownBy(() -> receive(1));
	}

	@Test
	void paddingIsNoData() {
		byte[] padded = new Http2Frame(Http2Frame.DATA, Http2Frame.PADDED, 1, new byte[] { 4, 0, 0, 0, 0, 0, 0, 0, 0 })
			.encode();
		for (int i = 0; i < LIMIT; i++) {
			receiveByteByByte(padded);
		}
		assertThatExceptionOfType(Http2Exception.class).isThrownBy(() -> receiveByteByByte(padded));
	}

	@Test
	void dataOrTheEndOfACallIsNotCounted() {
		byte[] message = new Http2Frame(Http2Frame.DATA, 0, 1, new byte[5]).encode();
		byte[] padded = new Http2Frame(Http2Frame.DATA, Http2Frame.PADDED, 1, new byte[] { 1, 0, 0, 0, 0, 0, 0 })
			.encode();
		byte[] end = new Http2Frame(Http2Frame.DATA, Http2Frame.END_STREAM, 1, new byte[0]).encode();
		for (int i = 0; i < 2 * LIMIT; i++) {
			receive(message);
			receive(padded);
			receive(end);
		}
		assertThat(this.connection.isOpen()).isTrue();
	}

	private void receive(int frames) {
		for (int i = 0; i < frames; i++) {
			receive(PRIORITY);
		}
	}

	private void receiveByteByByte(byte[] bytes) {
		for (byte piece : bytes) {
			receive(new byte[] { piece });
		}
	}

	private void receive(byte[] bytes) {
		this.connection.writeInbound(Unpooled.wrappedBuffer(bytes));
	}

}
