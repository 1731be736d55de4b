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

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.server.GrpcServerFactory;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.ServerChannel;
import io.grpc.netty.shaded.io.netty.channel.epoll.Epoll;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollServerSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.nio.NioEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.DisposableBean;

/**
 * Netty transport with a {@linkplain NettyConnectionGate gate} in front of it.
 *
 * <p>
 * grpc-java has no hook for accepting a connection: a
 * {@link io.grpc.ServerTransportFilter} is called after the handshake and cannot refuse
 * it, and a protocol negotiator (internal, and incompatible with TLS configured by a
 * customizer) is called when most of the cost of a connection has been spent. It has a
 * public setter for the factory of the listening channel, to whose pipeline handlers can
 * be added; the event loops must then be set too. They are created as grpc-java creates
 * its own, on epoll if available and with Netty's default number of daemon threads, but
 * are not shared with clients in the process.
 *
 * <p>
 * If a {@link GrpcServerBuilderCustomizer} of the application sets a channel type and
 * event loops, connections are not limited.
 */
public final class NettyGuardedTransport implements AopInfrastructureBean, DisposableBean {

	private final String name;

	private final int threads;

	private final ConnectionLimits limits;

	private final NettyConnectionGate gate;

	private final NettyLogFilter logFilter = new NettyLogFilter(System::nanoTime);

	private @Nullable EventLoopGroup boss;

	private @Nullable EventLoopGroup workers;

	/**
	 * Creates a new transport. No thread is started before the first server.
	 * @param server the name of the server, used in the names of threads
	 * @param threads the number of threads for connections, 0 for Netty's default
	 * @param limits the limits of connections
	 * @param refusals reports what is refused
	 */
	public NettyGuardedTransport(String server, int threads, ConnectionLimits limits, Refusals refusals) {
		this.name = server;
		this.threads = threads;
		this.limits = limits;
		this.gate = new NettyConnectionGate(limits, refusals);
		NettyLoggers.install();
	}

	/**
	 * Makes a server on TCP use this transport. For a {@link GrpcServerFactory} of the
	 * application whose server needs the same limits.
	 * @param builder the builder of the server
	 */
	public void applyTo(NettyServerBuilder builder) {
		applyTo(builder, () -> Epoll.isAvailable() ? new EpollServerSocketChannel() : new NioServerSocketChannel());
	}

	/**
	 * Makes a server use this transport.
	 * @param builder the builder of the server
	 * @param listeners creates the listening sockets, based on epoll if available
	 */
	synchronized void applyTo(NettyServerBuilder builder, Supplier<ServerChannel> listeners) {
		if (this.boss == null || this.workers == null) {
			this.boss = eventLoops(1, "boss");
			this.workers = eventLoops(this.threads, "worker");
		}
		this.logFilter.install();
		builder.channelFactory(() -> {
			ServerChannel listener = listeners.get();
			this.gate.guard(listener);
			return listener;
		})
			.bossEventLoopGroup(this.boss)
			.workerEventLoopGroup(this.workers)
			// Used if a customizer has replaced the channel.
			.handshakeTimeout(this.limits.handshakeTimeout().multipliedBy(2).toMillis(), TimeUnit.MILLISECONDS);
	}

	/**
	 * Creates event loops of classes that exist in Netty 4.1, which grpc-java shades up
	 * to 1.80, and, deprecated, in 4.2.
	 */
	@SuppressWarnings("deprecation")
	private EventLoopGroup eventLoops(int threads, String role) {
		ThreadFactory factory = new DefaultThreadFactory("grpc-" + role + "-" + this.name, true);
		// Not one expression: the compiler would refer to the common superclass, which
		// Netty 4.1 does not have.
		if (Epoll.isAvailable()) {
			return new EpollEventLoopGroup(threads, factory);
		}
		return new NioEventLoopGroup(threads, factory);
	}

	/**
	 * Ends the threads as soon as no server or connection needs them. If a context is
	 * closed without time to drain, calls still have to be closed. The server must be
	 * shut down by its owner: without these threads grpc-java would wait forever for its
	 * listener to close.
	 */
	@Override
	public synchronized void destroy() {
		EventLoopGroup boss = this.boss;
		EventLoopGroup workers = this.workers;
		if (boss != null && workers != null) {
			this.gate.whenUnused(() -> {
				// grpc-java is about to use this thread to close the listener.
				boss.shutdownGracefully(1, 2, TimeUnit.SECONDS);
				// grpc-java may log a stack trace when a connection ends.
				workers.shutdownGracefully(0, 1, TimeUnit.SECONDS).addListener((ended) -> this.logFilter.uninstall());
			});
			this.boss = null;
			this.workers = null;
		}
	}

}
