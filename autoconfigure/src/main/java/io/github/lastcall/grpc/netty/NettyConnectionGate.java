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

import java.net.SocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.limits.Refusals;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.ChannelException;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelInboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.channel.ServerChannel;
import io.grpc.netty.shaded.io.netty.channel.socket.SocketChannelConfig;
import org.jspecify.annotations.Nullable;

/**
 * Limits the connections of one server, in front of its listening sockets. Excess
 * connections are reset before Netty or grpc-java have done anything for them.
 */
final class NettyConnectionGate {

	/**
	 * Maximum number of connections of one listening socket that wait for their event
	 * loops. More would keep the loops from existing connections; they wait in the
	 * system's backlog.
	 */
	private static final int MAX_WAITING = 32;

	private final AtomicInteger listeners = new AtomicInteger();

	private final AtomicInteger open = new AtomicInteger();

	private final AtomicReference<@Nullable Runnable> whenUnused = new AtomicReference<>();

	private final ConnectionLimits limits;

	private final Refusals refusals;

	NettyConnectionGate(ConnectionLimits limits, Refusals refusals) {
		this.limits = limits;
		this.refusals = refusals;
	}

	/**
	 * Guards another listening socket.
	 * @param listener the socket, before it is bound
	 */
	void guard(ServerChannel listener) {
		this.listeners.incrementAndGet();
		listener.closeFuture().addListener((closed) -> ended(this.listeners));
		listener.pipeline().addLast(new NettyEntrance(listener));
	}

	/**
	 * Returns the client's address for logs.
	 * @return its address
	 */
	static String peer(Channel connection) {
		SocketAddress address = connection.remoteAddress();
		String text = (address != null) ? address.toString() : "";
		return text.isEmpty() ? "a local process" : text;
	}

	private boolean enter(Channel connection) {
		int max = this.limits.connections();
		if (this.open.incrementAndGet() > max && max != 0) {
			try {
				this.refusals.report(RefusalReason.CONNECTIONS,
						() -> "refused a connection from %s: %d connections are open".formatted(peer(connection), max));
			}
			finally {
				reset(connection);
				ended(this.open);
			}
			return false;
		}
		connection.closeFuture().addListener((closed) -> ended(this.open));
		return true;
	}

	/**
	 * Closes a connection by a TCP reset, which leaves no TIME_WAIT behind: refused
	 * connections would exhaust the system's memory for those.
	 */
	private static void reset(Channel connection) {
		try {
			if (connection.config() instanceof SocketChannelConfig socket) {
				socket.setSoLinger(0);
			}
		}
		catch (ChannelException ex) {
			// The client has reset it: some systems set no option then.
		}
		finally {
			connection.unsafe().closeForcibly();
		}
	}

	/**
	 * Runs an action when neither a listening socket nor a connection is open,
	 * immediately if none is.
	 * @param action the action, run at most once
	 */
	void whenUnused(Runnable action) {
		this.whenUnused.set(action);
		tellIfUnused();
	}

	private void ended(AtomicInteger sockets) {
		if (sockets.decrementAndGet() == 0) {
			tellIfUnused();
		}
	}

	private void tellIfUnused() {
		// A listener closes after it has handed over its last connection.
		if (this.listeners.get() == 0 && this.open.get() == 0) {
			Runnable action = this.whenUnused.getAndSet(null);
			if (action != null) {
				action.run();
			}
		}
	}

	/**
	 * Handler of one listening socket, which stops and resumes accepting by a count of
	 * its own, independent of other sockets.
	 */
	private final class NettyEntrance extends ChannelInboundHandlerAdapter {

		private final AtomicInteger waiting = new AtomicInteger();

		private final ServerChannel listener;

		NettyEntrance(ServerChannel listener) {
			this.listener = listener;
		}

		@Override
		public void channelRead(ChannelHandlerContext ctx, Object message) {
			Channel connection = (Channel) message;
			if (!enter(connection)) {
				return;
			}
			if (this.waiting.incrementAndGet() >= MAX_WAITING) {
				this.listener.config().setAutoRead(false);
			}
			NettyConnectionGuardInstaller installer = new NettyConnectionGuardInstaller(NettyConnectionGate.this.limits,
					NettyConnectionGate.this.refusals, this::begun);
			connection.closeFuture().addListener((closed) -> installer.begin());
			connection.pipeline().addLast(installer);
			ctx.fireChannelRead(message);
		}

		private void begun() {
			if (this.waiting.decrementAndGet() == MAX_WAITING / 2) {
				this.listener.eventLoop().execute(() -> this.listener.config().setAutoRead(true));
			}
		}

	}

}
