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
import java.util.concurrent.TimeUnit;

import io.github.lastcall.grpc.executor.ThreadServerTimer;
import io.github.lastcall.grpc.limits.InboundMemory;
import io.github.lastcall.grpc.limits.Refusals;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.buffer.Unpooled;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandler;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelOutboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.channel.ChannelPromise;
import io.grpc.netty.shaded.io.netty.channel.SimpleChannelInboundHandler;
import io.grpc.netty.shaded.io.netty.channel.embedded.EmbeddedChannel;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2FrameTypes;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the limits that cannot be turned off take of a unary call: the frames of the
 * request and of the response go by, and its message is counted. The difference of both
 * methods is what the limits cost. In the package of the limits, because nobody else is
 * to see their parts.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
@Threads(1)
@State(Scope.Benchmark)
public class LimitsBenchmark {

	private static final Duration TIMEOUT = Duration.ofMinutes(10);

	private static final int END_HEADERS = 4;

	private final Refusals refusals = new Refusals("micro", new ThreadServerTimer("grpc-micro"));

	private final InboundMemory memory = new InboundMemory(1 << 30);

	private final InboundMessages messages = new InboundMessages(this.memory, this.refusals);

	private final Metadata headers = new Metadata();

	private final ByteBuf request = Unpooled.buffer();

	private final ByteBuf[] response = { Unpooled.buffer(), Unpooled.buffer(), Unpooled.buffer() };

	private EmbeddedChannel plain = new EmbeddedChannel();

	private EmbeddedChannel limited = new EmbeddedChannel();

	/**
	 * Two connections that have greeted.
	 */
	@Setup
	public void connect() {
		frame(this.request, Http2FrameTypes.HEADERS, 60);
		frame(this.request, Http2FrameTypes.DATA, 25);
		frame(this.response[0], Http2FrameTypes.HEADERS, 20);
		frame(this.response[1], Http2FrameTypes.DATA, 25);
		frame(this.response[2], Http2FrameTypes.HEADERS, 10);
		this.plain = channel();
		ControlFrameBudget controlFrames = new ControlFrameBudget(Integer.MAX_VALUE, System::nanoTime);
		NettyOutboundStreams streams = new NettyOutboundStreams();
		this.limited = channel(
				new NettyFrameHeaders(new NettyHeadersDeadline(TIMEOUT, this.refusals),
						new NettyControlFrames(controlFrames, TIMEOUT)),
				streams, new NettyConnectionGuard(streams, TIMEOUT, controlFrames, this.refusals));
	}

	private static void frame(ByteBuf frames, byte type, int length) {
		frames.writeMedium(length).writeByte(type).writeByte(END_HEADERS).writeInt(1).writeZero(length);
	}

	private static EmbeddedChannel channel(ChannelHandler... limits) {
		EmbeddedChannel channel = new EmbeddedChannel();
		channel.pipeline().addLast(new Socket());
		channel.pipeline().addLast(limits);
		channel.pipeline().addLast(new Transport());
		channel.pipeline().fireChannelRead(Unpooled.wrappedBuffer(new byte[24]));
		return channel;
	}

	/**
	 * Let the channels go.
	 */
	@TearDown
	public void close() {
		this.plain.close();
		this.limited.close();
	}

	/**
	 * The frames go by nobody.
	 * @return something to be consumed
	 */
	@Benchmark
	public Object plain() {
		return call(this.plain);
	}

	/**
	 * The frames go by the limits.
	 * @return something to be consumed
	 */
	@Benchmark
	public Object limited() {
		ServerStreamTracer tracer = this.messages.newServerStreamTracer("lastcall.benchmarks.Micro/Call", this.headers);
		tracer.inboundWireSize(20);
		tracer.inboundMessageRead(0, 20, 20);
		ByteBuf buffer = new NettyCountedBuffer(this.limited.alloc(), this.request.retainedDuplicate(), this.memory);
		call(this.limited);
		buffer.release();
		tracer.streamClosed(Status.OK);
		return tracer;
	}

	private Object call(EmbeddedChannel channel) {
		channel.pipeline().fireChannelRead(this.request);
		for (ByteBuf frame : this.response) {
			channel.pipeline().write(frame, channel.voidPromise());
		}
		return channel;
	}

	/**
	 * Takes what is written.
	 */
	private static final class Socket extends ChannelOutboundHandlerAdapter {

		@Override
		public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
		}

	}

	/**
	 * Takes what is read, and leaves it for the next time.
	 */
	private static final class Transport extends SimpleChannelInboundHandler<ByteBuf> {

		Transport() {
			super(false);
		}

		@Override
		protected void channelRead0(ChannelHandlerContext ctx, ByteBuf bytes) {
		}

	}

}
