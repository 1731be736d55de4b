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
package io.github.lastcall.grpc.server;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandler.Sharable;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;

/**
 * Stands in front of the listening sockets of one server and lets in as many connections
 * as the server bears. What is too much is closed before Netty or grpc-java have done
 * anything for it.
 */
@Sharable
final class NettyConnectionGate extends ChannelInboundHandlerAdapter {

	/**
	 * How many connections may wait for their event loops. More of them would keep the
	 * loops from the connections that there are: they wait in the backlog of the system.
	 */
	private static final int MAX_WAITING = 32;

	private final AtomicInteger open = new AtomicInteger();

	private final AtomicReference<@Nullable Runnable> whenEmpty = new AtomicReference<>();

	private final AtomicInteger waiting = new AtomicInteger();

	private final ConnectionLimits limits;

	private final Refusals refusals;

	NettyConnectionGate(ConnectionLimits limits, Refusals refusals) {
		this.limits = limits;
		this.refusals = refusals;
	}

	@Override
	public void channelRead(ChannelHandlerContext ctx, Object message) {
		Channel connection = (Channel) message;
		int max = this.limits.connections();
		if (this.open.incrementAndGet() > max && max != 0) {
			left();
			this.refusals.report(RefusalReason.CONNECTIONS,
					"refused a connection from %s: %d are open".formatted(connection.remoteAddress(), max),
					ctx.executor());
			connection.unsafe().closeForcibly();
			return;
		}
		connection.closeFuture().addListener((closed) -> left());
		if (this.waiting.incrementAndGet() >= MAX_WAITING) {
			ctx.channel().config().setAutoRead(false);
		}
		NettyConnectionGuardInstaller installer = new NettyConnectionGuardInstaller(this.limits.handshakeTimeout(),
				this.refusals, () -> begun(ctx.channel()));
		connection.closeFuture().addListener((closed) -> installer.begin());
		connection.pipeline().addLast(installer);
		ctx.fireChannelRead(message);
	}

	private void begun(Channel listener) {
		if (this.waiting.decrementAndGet() == MAX_WAITING / 2) {
			listener.eventLoop().execute(() -> listener.config().setAutoRead(true));
		}
	}

	/**
	 * Do something when no connection is open, at once if none is.
	 * @param action what to do, at most once
	 */
	void whenEmpty(Runnable action) {
		this.whenEmpty.set(action);
		if (this.open.get() == 0) {
			empty();
		}
	}

	private void left() {
		if (this.open.decrementAndGet() == 0) {
			empty();
		}
	}

	private void empty() {
		Runnable action = this.whenEmpty.getAndSet(null);
		if (action != null) {
			action.run();
		}
	}

}
