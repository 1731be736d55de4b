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

import java.io.IOException;
import java.net.ConnectException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import io.grpc.ServerBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.Epoll;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollIoHandler;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.util.Assert;

/**
 * Servers on a Unix domain socket, by the Netty that grpc-java ships shaded. Netty
 * removes the file when it closes the listener; one that a process has left behind that
 * died otherwise is replaced.
 */
public final class NettyUnixDomainSocketServerFactory implements GrpcServerFactory, DisposableBean {

	private final Path path;

	private final String pathProperty;

	private final Supplier<@Nullable Throwable> unavailability;

	private @Nullable EventLoopGroup eventLoops;

	/**
	 * Create a new factory.
	 * @param path the file of the socket
	 * @param pathProperty the property that the path comes from, for error messages
	 */
	public NettyUnixDomainSocketServerFactory(Path path, String pathProperty) {
		this(path, pathProperty, Epoll::unavailabilityCause);
	}

	NettyUnixDomainSocketServerFactory(Path path, String pathProperty, Supplier<@Nullable Throwable> unavailability) {
		Assert.notNull(path, "'path' must not be null");
		this.path = path.toAbsolutePath();
		this.pathProperty = pathProperty;
		this.unavailability = unavailability;
	}

	@Override
	public ServerBuilder<?> newBuilder() {
		Throwable unavailability = this.unavailability.get();
		if (unavailability != null) {
			throw failure("Netty's native transport epoll is not available here (%s)".formatted(root(unavailability)),
					"Run the application on Linux (x86_64 or aarch64), or remove %s.".formatted(this.pathProperty),
					unavailability);
		}
		replaceStaleSocket();
		EventLoopGroup eventLoops = eventLoops();
		return withoutOption(NettyServerBuilder.forAddress(new DomainSocketAddress(this.path.toFile())),
				ChannelOption.SO_KEEPALIVE)
			.channelType(EpollServerDomainSocketChannel.class)
			.bossEventLoopGroup(eventLoops)
			.workerEventLoopGroup(eventLoops);
	}

	/**
	 * grpc-java sets the option and Netty warns on each connection that a domain socket
	 * has none.
	 */
	@SuppressWarnings("NullAway")
	private static NettyServerBuilder withoutOption(NettyServerBuilder builder, ChannelOption<?> option) {
		return builder.withChildOption(option, null);
	}

	private synchronized EventLoopGroup eventLoops() {
		if (this.eventLoops == null) {
			// grpc-java shares its own only with servers on TCP.
			this.eventLoops = new MultiThreadIoEventLoopGroup(0,
					new DefaultThreadFactory("grpc-unix-domain-socket", true), EpollIoHandler.newFactory());
		}
		return this.eventLoops;
	}

	private void replaceStaleSocket() {
		try {
			if (!Files.exists(this.path, LinkOption.NOFOLLOW_LINKS)) {
				return;
			}
			BasicFileAttributes attributes = Files.readAttributes(this.path, BasicFileAttributes.class,
					LinkOption.NOFOLLOW_LINKS);
			if (!attributes.isOther()) {
				throw failure("there is a file that is no socket",
						"Remove the file, or let %s be another path.".formatted(this.pathProperty), null);
			}
			if (isLive()) {
				throw inUse(null);
			}
			Files.delete(this.path);
		}
		catch (IOException ex) {
			throw bindFailure(ex);
		}
	}

	private boolean isLive() throws IOException {
		try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(this.path))) {
			return true;
		}
		catch (ConnectException ex) {
			return false;
		}
	}

	@Override
	public GrpcServerStartException bindFailure(IOException failure) {
		String reason = root(failure);
		if (NettyGrpcServerFactory.isInUse(reason)) {
			return inUse(failure);
		}
		return failure(reason,
				"Let %s be a path of at most 100 bytes in a directory that exists and that the process may write to."
					.formatted(this.pathProperty),
				failure);
	}

	private GrpcServerStartException inUse(@Nullable Throwable cause) {
		return failure("another process listens there",
				"Stop that process, or let %s be another path.".formatted(this.pathProperty), cause);
	}

	private GrpcServerStartException failure(String reason, String action, @Nullable Throwable cause) {
		return new GrpcServerStartException(
				"The gRPC server cannot listen on the Unix domain socket %s: %s.".formatted(this.path, reason), action,
				List.of(this.pathProperty), cause);
	}

	private static String root(Throwable failure) {
		Throwable root = failure;
		while (root.getCause() != null) {
			root = root.getCause();
		}
		return root.toString();
	}

	/**
	 * Ends the threads a second later: they close what is still open as soon as they are
	 * told, and after a shutdown that was interrupted the last statuses may be on their
	 * way.
	 */
	@Override
	public synchronized void destroy() {
		EventLoopGroup eventLoops = this.eventLoops;
		if (eventLoops != null) {
			eventLoops.schedule(() -> eventLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS), 1, TimeUnit.SECONDS);
			this.eventLoops = null;
		}
	}

}
