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

import java.nio.charset.StandardCharsets;
import java.time.Duration;

import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.testing.ManualServerTimer;
import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.buffer.Unpooled;
import io.grpc.netty.shaded.io.netty.channel.embedded.EmbeddedChannel;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Error;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2FrameTypes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a client reads of the end of its connection.
 */
class NettyConnectionGuardTests {

	private final Refusals refusals = new Refusals("test", new ManualServerTimer());

	private final EmbeddedChannel channel = new EmbeddedChannel(new NettyConnectionGuard(new NettyOutboundStreams(),
			Duration.ofMinutes(1), new ControlFrameBudget(0, System::nanoTime), this.refusals));

	@AfterEach
	void close() {
		this.channel.finishAndReleaseAll();
	}

	@Test
	void theTextOfAnExceptionIsNotForTheClient() {
		goAway(Http2Error.INTERNAL_ERROR, "secret");
		ByteBuf frame = this.channel.readOutbound();
		assertThat(frame.getUnsignedMedium(0)).isEqualTo(8);
		frame.release();
		assertThat((Object) this.channel.readOutbound()).isNull();
		assertThat(this.refusals.getCount(RefusalReason.INBOUND_BUFFER)).isZero();
	}

	@Test
	void aConnectionThatEndsForLackOfMemoryIsCounted() {
		goAway(Http2Error.INTERNAL_ERROR,
				"Cannot reserve 32768 bytes of direct buffer memory (allocated: 1, limit: 2)");
		assertThat(this.refusals.getCount(RefusalReason.INBOUND_BUFFER)).isOne();
	}

	@Test
	void anExplanationOfARuleIsForTheClient() {
		goAway(Http2Error.PROTOCOL_ERROR, "rule");
		ByteBuf frame = this.channel.readOutbound();
		assertThat(frame.getUnsignedMedium(0)).isEqualTo(12);
		frame.release();
		ByteBuf text = this.channel.readOutbound();
		assertThat(text.toString(StandardCharsets.US_ASCII)).isEqualTo("rule");
		text.release();
		assertThat(this.refusals.getCount(RefusalReason.PROTOCOL)).isOne();
	}

	/**
	 * As Netty writes it, in two pieces.
	 */
	private void goAway(Http2Error error, String text) {
		ByteBuf debugData = Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
		ByteBuf header = Unpooled.buffer();
		header.writeMedium(8 + debugData.readableBytes()).writeByte(Http2FrameTypes.GO_AWAY).writeByte(0).writeInt(0);
		header.writeInt(0).writeInt((int) error.code());
		this.channel.write(header);
		this.channel.writeOutbound(debugData);
	}

}
