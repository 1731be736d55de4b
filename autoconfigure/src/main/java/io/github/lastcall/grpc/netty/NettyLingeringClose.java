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
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import io.grpc.netty.shaded.io.netty.channel.ChannelDuplexHandler;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelPromise;
import io.grpc.netty.shaded.io.netty.channel.socket.DuplexChannel;
import io.grpc.netty.shaded.io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/**
 * Closes a connection in two steps, so that the client gets all that it was sent: first
 * the server's direction, and the rest when the client has closed its own, or after some
 * time.
 *
 * <p>
 * A socket that is closed at once answers whatever the client still sends, and be it the
 * acknowledgement of what it has read, with a reset (RFC 9293, section 3.6.1: data that
 * nobody will read). A client that runs into it while the end of its last call waits in
 * its buffer may never read that: HAProxy takes a failed write for the end of the
 * connection, and a call that was served has failed.
 *
 * <p>
 * Stands next to the socket, so that TLS has said its goodbye before. Whoever closes a
 * second time does not wait, unless TLS is in between, which passes on only the first.
 */
final class NettyLingeringClose extends ChannelDuplexHandler {

	private final Duration most;

	private @Nullable Future<?> timeout;

	/**
	 * Create a new handler.
	 * @param most how long the client may take to close its direction
	 */
	NettyLingeringClose(Duration most) {
		this.most = most;
	}

	@Override
	public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
		if (this.timeout == null && ctx.channel() instanceof DuplexChannel channel && channel.isActive()
				&& !channel.isInputShutdown()) {
			this.timeout = ctx.executor().schedule(() -> ctx.close(), this.most.toNanos(), TimeUnit.NANOSECONDS);
			channel.shutdownOutput().addListener((shut) -> {
				if (!shut.isSuccess()) {
					ctx.close();
				}
			});
			channel.closeFuture().addListener((closed) -> promise.trySuccess());
			// No other close can be requested any more.
			ctx.read();
		}
		else {
			ctx.close(promise);
		}
	}

	@Override
	public void channelRead(ChannelHandlerContext ctx, Object message) {
		if (this.timeout != null) {
			ReferenceCountUtil.release(message);
		}
		else {
			ctx.fireChannelRead(message);
		}
	}

	@Override
	public void channelReadComplete(ChannelHandlerContext ctx) {
		if (this.timeout != null) {
			ctx.read();
		}
		else {
			ctx.fireChannelReadComplete();
		}
	}

	@Override
	public void channelInactive(ChannelHandlerContext ctx) {
		if (this.timeout != null) {
			this.timeout.cancel(false);
		}
		ctx.fireChannelInactive();
	}

}
