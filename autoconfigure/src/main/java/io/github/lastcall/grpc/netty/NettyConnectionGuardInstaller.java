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
import java.util.concurrent.atomic.AtomicReference;

import io.github.lastcall.grpc.limits.Refusals;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.channel.ChannelPipeline;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslHandler;
import org.jspecify.annotations.Nullable;

/**
 * Adds the handlers of a connection behind TLS, if any, where frames are readable. When
 * the connection becomes active, grpc-java has built its pipeline and has not written
 * anything yet.
 */
final class NettyConnectionGuardInstaller extends ChannelInboundHandlerAdapter {

	/**
	 * A live client needs no more than a round trip. A dead one must not delay the exit
	 * of the process by a second.
	 */
	private static final Duration LINGER = Duration.ofMillis(300);

	private final ConnectionLimits limits;

	private final Refusals refusals;

	private final AtomicReference<@Nullable Runnable> begun;

	NettyConnectionGuardInstaller(ConnectionLimits limits, Refusals refusals, Runnable begun) {
		this.limits = limits;
		this.refusals = refusals;
		this.begun = new AtomicReference<>(begun);
	}

	/**
	 * Reports, once, that the event loop of the connection handles it.
	 */
	void begin() {
		Runnable begun = this.begun.getAndSet(null);
		if (begun != null) {
			begun.run();
		}
	}

	@Override
	public void channelActive(ChannelHandlerContext ctx) {
		begin();
		NettyOutboundStreams streams = new NettyOutboundStreams();
		Duration handshakeTimeout = this.limits.handshakeTimeout();
		ControlFrameBudget controlFrames = new ControlFrameBudget(this.limits.controlFrames(), System::nanoTime);
		NettyConnectionGuard guard = new NettyConnectionGuard(streams, handshakeTimeout, controlFrames, this.refusals);
		ChannelPipeline pipeline = ctx.pipeline();
		pipeline.addFirst(new NettyLingeringClose(LINGER));
		ChannelHandlerContext tls = pipeline.context(SslHandler.class);
		String transport = (tls != null) ? tls.name() : ctx.name();
		pipeline.addAfter(transport, null, guard);
		pipeline.addAfter(transport, null, streams);
		pipeline.addAfter(transport, null, new NettyInboundBuffers(this.limits.inboundMemory()));
		pipeline.addAfter(transport, null,
				new NettyFrameHeaders(new NettyHeadersDeadline(handshakeTimeout, this.refusals),
						new NettyControlFrames(controlFrames, LINGER)));
		pipeline.addAfter(transport, null,
				(tls != null) ? new NettyHandshakeLog(this.refusals) : new NettyTlsDetector(this.refusals));
		ctx.fireChannelActive();
		pipeline.remove(this);
	}

}
