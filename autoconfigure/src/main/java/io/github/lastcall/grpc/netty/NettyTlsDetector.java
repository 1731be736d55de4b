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

import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.limits.Refusals;
import io.grpc.netty.shaded.io.netty.buffer.ByteBuf;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2ConnectionHandler;

/**
 * Detects clients that use TLS on a plaintext port, by their first byte, with which
 * HTTP/2 cannot begin.
 */
final class NettyTlsDetector extends ChannelInboundHandlerAdapter {

	private static final int TLS_HANDSHAKE = 22;

	private final Refusals refusals;

	NettyTlsDetector(Refusals refusals) {
		this.refusals = refusals;
	}

	@Override
	public void channelRead(ChannelHandlerContext ctx, Object message) {
		if (message instanceof ByteBuf bytes && bytes.isReadable()) {
			// A custom negotiator may accept both on one port.
			boolean plaintext = ctx.pipeline().context(Http2ConnectionHandler.class) != null;
			if (plaintext && bytes.getUnsignedByte(bytes.readerIndex()) == TLS_HANDSHAKE) {
				bytes.release();
				this.refusals.report(RefusalReason.PROTOCOL,
						() -> "refused the connection from %s: the client uses TLS, but this port is plaintext"
							.formatted(NettyConnectionGate.peer(ctx.channel())));
				ctx.close();
				return;
			}
			ctx.pipeline().remove(this);
		}
		ctx.fireChannelRead(message);
	}

}
