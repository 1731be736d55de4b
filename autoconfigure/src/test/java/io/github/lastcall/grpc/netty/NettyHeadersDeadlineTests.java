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
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.testing.Http2Frame;
import io.github.lastcall.grpc.testing.ManualServerTimer;
import io.grpc.netty.shaded.io.netty.buffer.Unpooled;
import io.grpc.netty.shaded.io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What becomes of headers in pieces as time passes, without a socket. {@code LimitsTests}
 * has one.
 */
class NettyHeadersDeadlineTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	private static final byte[] HEADERS = Http2Frame.headers("routeguide.RouteGuide/GetFeature", Map.of());

	private static final byte[] BEGINNING = new Http2Frame(Http2Frame.HEADERS, 0, 1, Arrays.copyOf(HEADERS, 9))
		.encode();

	private static final byte[] CONTINUATION = new Http2Frame(Http2Frame.CONTINUATION, 0, 1, new byte[0]).encode();

	private static final byte[] END = new Http2Frame(Http2Frame.CONTINUATION, Http2Frame.END_HEADERS, 1,
			Arrays.copyOfRange(HEADERS, 9, HEADERS.length))
		.encode();

	private final Refusals refusals = new Refusals("network", new ManualServerTimer());

	private final EmbeddedChannel connection = new EmbeddedChannel(
			new NettyFrameHeaders(new NettyHeadersDeadline(TIMEOUT, this.refusals)));

	@BeforeEach
	void stopTimeAndBegin() {
		this.connection.freezeTime();
		receive(Http2Frame.PREFACE);
		receive(new Http2Frame(Http2Frame.SETTINGS, 0, 0, new byte[0]).encode());
	}

	@AfterEach
	void close() {
		this.connection.finishAndReleaseAll();
	}

	@Test
	void headersThatAlwaysEndMayBeInPiecesHoweverLongTheyCome() {
		for (int call = 0; call < 20; call++) {
			receiveByteByByte(BEGINNING);
			pass(TIMEOUT.dividedBy(3));
			receiveByteByByte(END);
			// Others have begun whenever time has passed.
			receiveByteByByte(BEGINNING);
			pass(TIMEOUT.dividedBy(3));
			receiveByteByByte(END);
		}
		assertThatIsServed();
	}

	@Test
	void headersThatHaveEndedAreNotWaitedFor() {
		receiveByteByByte(BEGINNING);
		receiveByteByByte(END);
		pass(TIMEOUT.multipliedBy(3));
		assertThatIsServed();
	}

	@Test
	void headersThatDoNotEndAreClosedWhateverElseComesOfThem() {
		receive(BEGINNING);
		pass(TIMEOUT.minusMillis(1));
		receive(CONTINUATION);
		assertThatIsServed();
		pass(Duration.ofMillis(1));
		assertThatIsRefused();
	}

	@Test
	void aFrameOfHeadersThatDoesNotEndIsClosed() {
		byte[] frame = new Http2Frame(Http2Frame.HEADERS, Http2Frame.END_HEADERS, 1, HEADERS).encode();
		receiveByteByByte(Arrays.copyOf(frame, frame.length - 1));
		pass(TIMEOUT);
		assertThatIsRefused();
	}

	@Test
	void thoseThatBeganAfterOthersHadEndedGetAWholeTimeout() {
		receiveByteByByte(BEGINNING);
		pass(TIMEOUT.minusMillis(1));
		receiveByteByByte(END);
		receiveByteByByte(BEGINNING);
		pass(TIMEOUT);
		assertThatIsServed();
		pass(TIMEOUT);
		assertThatIsRefused();
	}

	@Test
	void framesThatAreNoHeadersMayTakeTheirTime() {
		byte[] message = new Http2Frame(Http2Frame.DATA, 0, 1, new byte[100]).encode();
		receive(Arrays.copyOf(message, 50));
		pass(TIMEOUT.multipliedBy(3));
		assertThatIsServed();
	}

	@Test
	void aConnectionThatHasGoneIsNotWaitedFor() {
		receive(BEGINNING);
		this.connection.close();
		assertThat(this.connection.runScheduledPendingTasks()).isEqualTo(-1);
		pass(TIMEOUT);
		assertThat(this.refusals.getCount(RefusalReason.HANDSHAKE_TIMEOUT)).isZero();
	}

	private void assertThatIsServed() {
		assertThat(this.connection.isOpen()).isTrue();
		assertThat(this.refusals.getCount(RefusalReason.HANDSHAKE_TIMEOUT)).isZero();
	}

	private void assertThatIsRefused() {
		assertThat(this.connection.isOpen()).isFalse();
		assertThat(this.refusals.getCount(RefusalReason.HANDSHAKE_TIMEOUT)).isOne();
	}

	private void receiveByteByByte(byte[] bytes) {
		for (byte piece : bytes) {
			receive(new byte[] { piece });
		}
	}

	private void receive(byte[] bytes) {
		this.connection.writeInbound(Unpooled.wrappedBuffer(bytes));
	}

	private void pass(Duration time) {
		this.connection.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
		this.connection.runPendingTasks();
	}

}
