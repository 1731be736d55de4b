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

import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2FrameTypes;
import io.grpc.netty.shaded.io.netty.util.ReferenceCountUtil;

/**
 * Reads the nine-byte headers of the client's frames, however they are split, for all
 * {@linkplain NettyFrameListener listeners}, and skips the preface and the payloads.
 */
final class NettyFrameHeaders extends ChannelInboundHandlerAdapter {

	static final int END_STREAM = 1;

	static final int ACK = 1;

	static final int END_HEADERS = 4;

	private static final int PADDED = 8;

	private static final int PREFACE_LENGTH = 24;

	private static final int HEADER_LENGTH = 9;

	private static final int TYPE = 3;

	private static final int FLAGS = 4;

	/**
	 * Number of bytes of the preface that have not arrived yet.
	 */
	private int preface = PREFACE_LENGTH;

	/**
	 * Number of bytes of the payload that have not arrived yet.
	 */
	private int payload;

	/**
	 * Number of bytes of the header that have been read.
	 */
	private int position;

	private int length;

	private int type;

	private int flags;

	private int stream;

	/**
	 * Whether the next byte of the payload is the length of its padding.
	 */
	private boolean padded;

	private final NettyFrameListener[] listeners;

	/**
	 * Whether a listener accepts no more data from the connection.
	 */
	private boolean refused;

	NettyFrameHeaders(NettyFrameListener... listeners) {
		this.listeners = listeners.clone();
	}

	@Override
	public void handlerAdded(ChannelHandlerContext ctx) {
		for (NettyFrameListener listener : this.listeners) {
			listener.added(ctx);
		}
	}

	@Override
	public void handlerRemoved(ChannelHandlerContext ctx) {
		for (NettyFrameListener listener : this.listeners) {
			listener.removed();
		}
	}

	@Override
	public void channelRead(ChannelHandlerContext ctx, Object message) {
		if (!this.refused && message instanceof ByteBuf bytes) {
			read(bytes);
			for (NettyFrameListener listener : this.listeners) {
				this.refused |= !listener.accepts();
			}
		}
		if (this.refused) {
			ReferenceCountUtil.release(message);
		}
		else {
			ctx.fireChannelRead(message);
		}
	}

	private void read(ByteBuf bytes) {
		int index = bytes.readerIndex();
		int end = bytes.writerIndex();
		int skipped = Math.min(this.preface, end - index);
		this.preface -= skipped;
		index += skipped;
		while (index < end) {
			if (this.payload == 0) {
				header(bytes.getUnsignedByte(index++));
				continue;
			}
			if (this.padded) {
				this.padded = false;
				frameBegins(Math.max(this.length - 1 - bytes.getUnsignedByte(index), 0));
			}
			skipped = Math.min(this.payload, end - index);
			this.payload -= skipped;
			index += skipped;
			if (this.payload == 0) {
				frameEnds();
			}
		}
	}

	private void header(int value) {
		if (this.position < TYPE) {
			this.length = (this.length << Byte.SIZE | value) & 0xFFFFFF;
		}
		else if (this.position == TYPE) {
			this.type = value;
		}
		else if (this.position == FLAGS) {
			this.flags = value;
		}
		else {
			this.stream = (this.stream << Byte.SIZE | value) & Integer.MAX_VALUE;
		}
		this.position++;
		if (this.position == HEADER_LENGTH) {
			begin();
		}
	}

	private void begin() {
		this.position = 0;
		this.payload = this.length;
		this.padded = this.type == Http2FrameTypes.DATA && (this.flags & PADDED) != 0 && this.length > 0;
		if (!this.padded) {
			frameBegins(this.length);
		}
		if (this.payload == 0) {
			frameEnds();
		}
	}

	private void frameBegins(int length) {
		for (NettyFrameListener listener : this.listeners) {
			listener.frameBegins(this.type, this.flags, this.stream, length);
		}
	}

	private void frameEnds() {
		for (NettyFrameListener listener : this.listeners) {
			listener.frameEnds();
		}
	}

}
