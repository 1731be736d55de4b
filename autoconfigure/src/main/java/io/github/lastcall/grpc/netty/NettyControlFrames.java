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

import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Connection;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Error;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Exception;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2FrameTypes;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Stream;
import org.jspecify.annotations.Nullable;

/**
 * Closes a connection whose client sends too many frames without a call: SETTINGS,
 * PRIORITY, WINDOW_UPDATE, empty DATA, and any frames for calls that have been reset.
 * Each costs the server far more than the client.
 *
 * <p>
 * Honest clients send such frames in response to others: one or two WINDOW_UPDATE frames
 * for each DATA frame, one RST_STREAM for a call. Therefore each call and each frame of
 * the server permits some, and {@link ControlFrameBudget} limits the rest.
 */
final class NettyControlFrames implements NettyFrameListener {

	/**
	 * Explanation in GOAWAY.
	 */
	static final String EXPLANATION = "too_many_control_frames";

	/**
	 * Length of the shortest gRPC message, which is empty.
	 */
	private static final int EMPTY_MESSAGE = 5;

	/**
	 * Number of frames that each call permits.
	 */
	private static final int PER_CALL = 4;

	/**
	 * Cost of SETTINGS, which may change the windows of all streams.
	 */
	private static final int SETTINGS_COST = 10;

	private final ControlFrameBudget budget;

	private final Duration linger;

	private @Nullable ChannelHandlerContext ctx;

	private @Nullable Http2Connection http2;

	private int lastStream;

	private boolean exceeded;

	/**
	 * Creates a new handler.
	 * @param budget the budget of the connection
	 * @param linger how long the connection stays open for the client to read the reason
	 */
	NettyControlFrames(ControlFrameBudget budget, Duration linger) {
		this.budget = budget;
		this.linger = linger;
	}

	@Override
	public void added(ChannelHandlerContext ctx) {
		this.ctx = ctx;
	}

	@Override
	public boolean accepts() {
		if (this.exceeded && this.ctx != null) {
			refuse(this.ctx);
		}
		return !this.exceeded;
	}

	private void refuse(ChannelHandlerContext ctx) {
		// Answered with GOAWAY, which NettyConnectionGuard reports.
		ctx.fireExceptionCaught(Http2Exception.connectionError(Http2Error.ENHANCE_YOUR_CALM, EXPLANATION));
		// Bypasses TLS, which would wait for the client to read.
		ctx.executor()
			.schedule(() -> ctx.channel().unsafe().close(ctx.voidPromise()), this.linger.toNanos(),
					TimeUnit.NANOSECONDS);
	}

	@Override
	public void frameBegins(int type, int flags, int stream, int length) {
		if (type == Http2FrameTypes.HEADERS && stream > this.lastStream) {
			this.lastStream = stream;
			this.budget.allow(PER_CALL);
		}
		else if (!this.budget.spend(cost(type, flags, stream, length))) {
			this.exceeded = true;
		}
	}

	private int cost(int type, int flags, int stream, int length) {
		if (type == Http2FrameTypes.DATA) {
			boolean useful = length >= EMPTY_MESSAGE || (flags & NettyFrameHeaders.END_STREAM) != 0;
			return (useful && !isReset(stream)) ? 0 : 1;
		}
		return (type == Http2FrameTypes.SETTINGS && (flags & NettyFrameHeaders.ACK) == 0) ? SETTINGS_COST : 1;
	}

	/**
	 * Returns whether a stream has been reset. A stream that Netty does not know yet has
	 * not.
	 */
	private boolean isReset(int stream) {
		Http2Connection http2 = http2();
		if (http2 == null) {
			return false;
		}
		Http2Stream open = http2.stream(stream);
		return (open != null) ? open.isResetSent() : stream <= http2.remote().lastStreamCreated();
	}

	/**
	 * Returns the HTTP/2 connection, which TLS creates only after the handshake.
	 */
	private @Nullable Http2Connection http2() {
		if (this.http2 == null && this.ctx != null) {
			Http2ConnectionHandler handler = this.ctx.pipeline().get(Http2ConnectionHandler.class);
			this.http2 = (handler != null) ? handler.connection() : null;
		}
		return this.http2;
	}

}
