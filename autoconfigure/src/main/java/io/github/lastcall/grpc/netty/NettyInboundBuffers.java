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
import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.buffer.ByteBufAllocator;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.handler.codec.ByteToMessageDecoder.Cumulator;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2ConnectionHandler;

/**
 * Accounts for the buffers of inbound frames, and keeps them small: they hold at most a
 * frame (16 KiB) and one read (64 KiB). Netty's own buffer for the rest of a frame grows
 * up to a mebibyte if a client sends without a pause, and an incomplete message can
 * retain all of it with a single byte.
 */
final class NettyInboundBuffers extends ChannelInboundHandlerAdapter implements Cumulator {

	private final InboundMemory memory;

	private boolean installed;

	NettyInboundBuffers(InboundMemory memory) {
		this.memory = memory;
	}

	@Override
	public void channelRead(ChannelHandlerContext ctx, Object message) {
		if (!this.installed) {
			install(ctx);
		}
		ctx.fireChannelRead(message);
	}

	/**
	 * Replaces the buffer handling of HTTP/2, which TLS adds only after the handshake.
	 */
	private void install(ChannelHandlerContext ctx) {
		Http2ConnectionHandler http2 = ctx.pipeline().get(Http2ConnectionHandler.class);
		if (http2 != null) {
			http2.setCumulator(this);
			http2.decoder().frameListener(new NettyInboundPressure(http2, this.memory));
			this.installed = true;
		}
	}

	@Override
	public ByteBuf cumulate(ByteBufAllocator allocator, ByteBuf left, ByteBuf read) {
		if (!left.isReadable()) {
			left.release();
			return counted(allocator, read);
		}
		try {
			int length = read.readableBytes();
			if (length <= left.capacity() - left.writerIndex()) {
				return left.writeBytes(read);
			}
			// Messages may still retain what has been read of the left buffer.
			ByteBuf both = allocator.buffer(left.readableBytes() + length);
			both.writeBytes(left).writeBytes(read);
			left.release();
			return counted(allocator, both);
		}
		finally {
			read.release();
		}
	}

	private ByteBuf counted(ByteBufAllocator allocator, ByteBuf buffer) {
		return new NettyCountedBuffer(allocator, buffer, this.memory);
	}

}
