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

import io.github.lastcall.grpc.limits.CurrentConnection;
import io.github.lastcall.grpc.limits.OutboundConnection;
import io.grpc.Status;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Connection;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Error;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Exception;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Stream;
import org.jspecify.annotations.Nullable;

/**
 * Maps the streams of a connection to their calls, and reports to each call what has been
 * written. grpc-java creates the tracer of a call while the headers of its stream are
 * being read, so the stream is the newest one then.
 */
final class NettyOutboundStreams extends ChannelInboundHandlerAdapter implements OutboundConnection {

	private final CurrentConnection current = CurrentConnection.ofThread();

	private @Nullable ChannelHandlerContext self;

	private @Nullable Http2Connection connection;

	private Http2Connection.@Nullable PropertyKey sender;

	/**
	 * Stream that is being reset by this class.
	 */
	private int resetting;

	@Override
	public void handlerAdded(ChannelHandlerContext ctx) {
		this.self = ctx;
	}

	@Override
	public void channelRead(ChannelHandlerContext ctx, Object message) {
		this.current.set(this);
		try {
			ctx.fireChannelRead(message);
		}
		finally {
			this.current.set(null);
		}
	}

	@Override
	public int opened(Sender sender) {
		ChannelHandlerContext self = this.self;
		if (this.connection == null && self != null) {
			Http2ConnectionHandler http2 = self.pipeline().get(Http2ConnectionHandler.class);
			if (http2 != null) {
				this.connection = http2.connection();
				this.sender = this.connection.newKey();
			}
		}
		Http2Connection connection = this.connection;
		if (connection == null) {
			return 0;
		}
		Http2Stream stream = connection.stream(connection.remote().lastStreamCreated());
		// These may be the headers that end a stream.
		if (stream == null || stream.getProperty(this.sender) != null) {
			return 0;
		}
		stream.setProperty(this.sender, sender);
		return stream.id();
	}

	/**
	 * Called when a DATA frame is passed to the socket.
	 */
	void written(int streamId, int bytes) {
		Http2Connection connection = this.connection;
		Http2Stream stream = (connection != null) ? connection.stream(streamId) : null;
		if (stream != null) {
			Sender sender = stream.getProperty(this.sender);
			if (sender != null) {
				sender.written(bytes);
			}
		}
	}

	/**
	 * Returns whether a stream is being reset because of what its call holds, which has
	 * been reported.
	 */
	boolean isResetting(int streamId) {
		return this.resetting == streamId;
	}

	/**
	 * Uses ENHANCE_YOUR_CALM, which gRPC clients report as RESOURCE_EXHAUSTED and which
	 * flow control does not delay.
	 */
	@Override
	public void reset(int stream, Status status) {
		ChannelHandlerContext self = this.self;
		if (self != null) {
			self.executor().execute(() -> reset(self, stream, status));
		}
	}

	@Override
	public void afterSent(Runnable action) {
		ChannelHandlerContext self = this.self;
		if (self != null) {
			self.executor().execute(action);
		}
		else {
			action.run();
		}
	}

	private void reset(ChannelHandlerContext self, int stream, Status status) {
		ChannelHandlerContext http2 = self.pipeline().context(Http2ConnectionHandler.class);
		if (http2 == null || this.connection == null || this.connection.stream(stream) == null) {
			return;
		}
		this.resetting = stream;
		try {
			// grpc-java ends the call with the status that is the cause.
			((Http2ConnectionHandler) http2.handler()).onError(http2, true,
					Http2Exception.streamError(stream, Http2Error.ENHANCE_YOUR_CALM, status.asRuntimeException(), "%s",
							String.valueOf(status.getDescription())));
		}
		finally {
			this.resetting = 0;
		}
	}

}
