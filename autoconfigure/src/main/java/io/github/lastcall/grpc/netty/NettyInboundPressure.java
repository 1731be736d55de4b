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

import io.github.lastcall.grpc.limits.InboundMemory;
import io.github.lastcall.grpc.limits.RefusalStatus;
import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Error;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Exception;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Stream;

/**
 * Handles the data of calls while the memory limit of inbound messages is exceeded. A
 * small piece is copied, so that it retains nothing else and an honest call is still
 * served. A large piece is refused: by {@link InboundMessages} if its call is being read,
 * otherwise here, because it would wait until the handler has a thread.
 */
final class NettyInboundPressure extends Http2FrameListenerDecorator {

	private final Http2ConnectionHandler http2;

	private final InboundMemory memory;

	NettyInboundPressure(Http2ConnectionHandler http2, InboundMemory memory) {
		super(http2.decoder().frameListener());
		this.http2 = http2;
		this.memory = memory;
	}

	@Override
	public int onDataRead(ChannelHandlerContext ctx, int streamId, ByteBuf data, int padding, boolean endOfStream)
			throws Http2Exception {
		if (!data.isReadable() || !this.memory.isExceeded()) {
			return super.onDataRead(ctx, streamId, data, padding, endOfStream);
		}
		if (this.memory.isExhausted()) {
			throw refused(streamId);
		}
		if (data.readableBytes() <= InboundMessages.ALWAYS_TAKEN) {
			return copied(ctx, streamId, data, padding, endOfStream);
		}
		int processed = super.onDataRead(ctx, streamId, data, padding, endOfStream);
		if (isUnread(streamId)) {
			throw refused(streamId);
		}
		return processed;
	}

	private int copied(ChannelHandlerContext ctx, int streamId, ByteBuf data, int padding, boolean endOfStream)
			throws Http2Exception {
		ByteBuf copy = new NettyCountedBuffer(ctx.alloc(), ctx.alloc().buffer(data.readableBytes()).writeBytes(data),
				this.memory);
		try {
			return super.onDataRead(ctx, streamId, copy, padding, endOfStream);
		}
		finally {
			copy.release();
		}
	}

	private boolean isUnread(int streamId) throws Http2Exception {
		Http2Stream stream = this.http2.connection().stream(streamId);
		return stream != null && this.http2.decoder().flowController().unconsumedBytes(stream) > 0;
	}

	private static Http2Exception refused(int streamId) {
		return Http2Exception.streamError(streamId, Http2Error.ENHANCE_YOUR_CALM, "%s",
				String.valueOf(RefusalStatus.INBOUND_MEMORY.getDescription()));
	}

}
