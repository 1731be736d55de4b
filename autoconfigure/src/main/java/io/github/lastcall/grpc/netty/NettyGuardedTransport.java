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
 * Netty's transport with a gate in front of it.
 *
 * <p>
 * grpc-java has no hook for a connection that is being accepted: a
 * {@link io.grpc.ServerTransportFilter} hears of it after the handshake and cannot refuse
 * it, and a protocol negotiator (internal, and it forbids an application to configure TLS
 * by a customizer) is asked when most of what a connection costs has been spent. What it
 * has is a public setter for the factory of the listening channel, to whose pipeline
 * anybody may add a handler. The price is that grpc-java wants the event loops from
 * whoever sets the factory; they are made here as grpc-java makes its own: epoll where
 * there is epoll, as many threads as Netty thinks right, all daemons. Unlike grpc-java's
 * they are not shared with the clients in the process.
 *
 * <p>
 * An application that sets a channel type and event loops by a
 * {@link GrpcServerBuilderCustomizer} replaces all that, and has no limit for its
 * connections.
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
	 * Create a new transport. No thread starts before there is a server.
	 * @param server the name of the server, which the threads are named after
	 * @param threads how many threads serve the connections, 0 for Netty's default
	 * @param limits what to limit
	 * @param refusals where to report what was refused
	 */
	public NettyGuardedTransport(String server, int threads, ConnectionLimits limits, Refusals refusals) {
		this.name = server;
		this.threads = threads;
		this.limits = limits;
		this.gate = new NettyConnectionGate(limits, refusals);
		NettyLoggers.install();
	}

	/**
	 * Let a server on TCP use this transport. Our own factories have done so; for a
	 * {@link GrpcServerFactory} of the application whose server shall have the same
	 * limits.
	 * @param builder the builder of the server
	 */
	public void applyTo(NettyServerBuilder builder) {
		applyTo(builder, () -> Epoll.isAvailable() ? new EpollServerSocketChannel() : new NioServerSocketChannel());
	}

	/**
	 * Let a server use this transport.
	 * @param builder the builder of the server
	 * @param listeners makes the listening sockets, of epoll where there is epoll
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
			// Should ours not be there, because a customizer has replaced the channel.
			.handshakeTimeout(this.limits.handshakeTimeout().multipliedBy(2).toMillis(), TimeUnit.MILLISECONDS);
	}

	/**
	 * Creates event loops of the classes that both Netty lines have: 4.1, which grpc-java
	 * shades up to 1.80, and 4.2, which has deprecated them.
	 */
	@SuppressWarnings("deprecation")
	private EventLoopGroup eventLoops(int threads, String role) {
		ThreadFactory factory = new DefaultThreadFactory("grpc-" + role + "-" + this.name, true);
		// Not one expression: the compiler would name the class that both extend, which
		// Netty 4.1 does not have.
		if (Epoll.isAvailable()) {
			return new EpollEventLoopGroup(threads, factory);
		}
		return new NioEventLoopGroup(threads, factory);
	}

	/**
	 * Ends the threads, as soon as no server and no connection needs them: a context that
	 * was not given the time to drain is closed around calls that still have to be told
	 * so. A server has to be shut down by whoever started it, as always; without its
	 * thread grpc-java would wait for ever to be told that it does not listen any more.
	 */
	@Override
	public synchronized void destroy() {
		EventLoopGroup boss = this.boss;
		EventLoopGroup workers = this.workers;
		if (boss != null && workers != null) {
			this.gate.whenUnused(() -> {
				// Whoever has closed the listener is about to ask this thread for it.
				boss.shutdownGracefully(1, 2, TimeUnit.SECONDS);
				// The end of a connection may be worth a stack trace to grpc-java too.
				workers.shutdownGracefully(0, 1, TimeUnit.SECONDS).addListener((ended) -> this.logFilter.uninstall());
			});
			this.boss = null;
			this.workers = null;
		}
	}

}
