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
 * Closes a connection in two steps, so that the client receives everything sent to it:
 * first the server's direction, then the rest when the client has closed its own
 * direction or a timeout has passed.
 *
 * <p>
 * A socket that is closed at once answers anything that the client still sends with a
 * reset (RFC 9293, section 3.6.1), even a WINDOW_UPDATE. A client that receives the reset
 * may never read the end of its last call, although it is in its buffer: HAProxy treats a
 * failed write as the end of the connection, so a call that was served has failed.
 *
 * <p>
 * This handler is next to the socket, so TLS has sent its close_notify before. A second
 * close takes effect immediately, unless TLS is in use, which passes on only the first.
 */
final class NettyLingeringClose extends ChannelDuplexHandler {

	private final Duration maxWait;

	private @Nullable Future<?> timeout;

	/**
	 * Creates a new handler.
	 * @param maxWait maximum time for the client to close its direction
	 */
	NettyLingeringClose(Duration maxWait) {
		this.maxWait = maxWait;
	}

	@Override
	public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
		if (this.timeout == null && ctx.channel() instanceof DuplexChannel channel && channel.isActive()
				&& !channel.isInputShutdown()) {
			this.timeout = ctx.executor().schedule(() -> ctx.close(), this.maxWait.toNanos(), TimeUnit.NANOSECONDS);
			channel.shutdownOutput().addListener((shut) -> {
				if (!shut.isSuccess()) {
					ctx.close();
				}
			});
			channel.closeFuture().addListener((closed) -> promise.trySuccess());
			// Detects when the client closes its direction.
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
