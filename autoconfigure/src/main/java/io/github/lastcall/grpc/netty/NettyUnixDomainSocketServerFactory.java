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

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.Supplier;

import io.github.lastcall.grpc.server.GrpcServerFactory;
import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.grpc.ServerBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.ChannelHandlerContext;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.netty.shaded.io.netty.channel.ChannelOutboundHandlerAdapter;
import io.grpc.netty.shaded.io.netty.channel.ChannelPromise;
import io.grpc.netty.shaded.io.netty.channel.epoll.Epoll;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.util.Assert;

/**
 * Factory for servers on a Unix domain socket, based on the Netty shaded into grpc-java.
 * Netty removes the file when it closes the listener; a stale file, left behind by a
 * process that was killed, is replaced.
 */
public final class NettyUnixDomainSocketServerFactory implements AopInfrastructureBean, GrpcServerFactory {

	/**
	 * Bits of a file's mode that contain its type.
	 */
	private static final int FILE_TYPE = 0170000;

	private static final int SOCKET = 0140000;

	private final Path path;

	private final String pathProperty;

	private final Supplier<@Nullable Throwable> unavailability;

	private final NettyGuardedTransport transport;

	/**
	 * Creates a new factory.
	 * @param path the file of the socket
	 * @param pathProperty the property of the path, for error messages
	 * @param transport guards the connections
	 */
	public NettyUnixDomainSocketServerFactory(Path path, String pathProperty, NettyGuardedTransport transport) {
		this(path, pathProperty, transport, Epoll::unavailabilityCause);
	}

	NettyUnixDomainSocketServerFactory(Path path, String pathProperty, NettyGuardedTransport transport,
			Supplier<@Nullable Throwable> unavailability) {
		Assert.notNull(path, "'path' must not be null");
		this.path = path.toAbsolutePath();
		this.pathProperty = pathProperty;
		this.transport = transport;
		this.unavailability = unavailability;
	}

	@Override
	public ServerBuilder<?> newBuilder() {
		Throwable unavailability = this.unavailability.get();
		if (unavailability != null) {
			throw failure("Netty's native transport epoll is not available (%s)".formatted(root(unavailability)),
					"Run the application on Linux (x86_64 or aarch64), or remove %s.".formatted(this.pathProperty),
					unavailability);
		}
		NettyServerBuilder builder = withoutOption(
				NettyServerBuilder.forAddress(new DomainSocketAddress(this.path.toFile())), ChannelOption.SO_KEEPALIVE);
		this.transport.applyTo(builder, () -> {
			EpollServerDomainSocketChannel channel = new EpollServerDomainSocketChannel();
			channel.pipeline().addLast(new NettyBinding());
			return channel;
		});
		return builder;
	}

	/**
	 * Removes an option that grpc-java sets. Netty would warn on each connection that a
	 * domain socket does not support it.
	 */
	@SuppressWarnings("NullAway")
	private static NettyServerBuilder withoutOption(NettyServerBuilder builder, ChannelOption<?> option) {
		return builder.withChildOption(option, null);
	}

	@Override
	public GrpcServerStartException bindFailure(IOException failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (cause instanceof GrpcServerStartException analyzed) {
				return analyzed;
			}
		}
		String reason = root(failure);
		if (NettyGrpcServerFactory.isInUse(reason)) {
			return inUse(failure);
		}
		return failure(reason,
				"Set %s to a path of at most 100 bytes in an existing directory that the process may write to."
					.formatted(this.pathProperty),
				failure);
	}

	private GrpcServerStartException inUse(@Nullable Throwable cause) {
		return failure("another process listens on it",
				"Stop that process, or set %s to a different path.".formatted(this.pathProperty), cause);
	}

	private GrpcServerStartException failure(String reason, String action, @Nullable Throwable cause) {
		return new GrpcServerStartException(
				"The gRPC server cannot listen on the Unix domain socket %s: %s.".formatted(this.path, reason), action,
				List.of(this.pathProperty), cause);
	}

	private static String root(Throwable failure) {
		return NestedExceptionUtils.getMostSpecificCause(failure).toString();
	}

	/**
	 * Replaces a stale socket when the channel is bound. A file is locked meanwhile,
	 * which the system unlocks if the process dies. Otherwise two processes that start
	 * together might both find the socket stale, and one would delete the new socket of
	 * the other.
	 */
	private final class NettyBinding extends ChannelOutboundHandlerAdapter {

		private final Path path = NettyUnixDomainSocketServerFactory.this.path;

		private final Path lock = this.path.resolveSibling(this.path.getFileName() + ".lock");

		@Override
		public void bind(ChannelHandlerContext ctx, SocketAddress address, ChannelPromise promise) throws IOException {
			try (FileChannel channel = FileChannel.open(this.lock, StandardOpenOption.CREATE,
					StandardOpenOption.WRITE)) {
				if (!isLocked(channel)) {
					throw inUse(null);
				}
				try {
					removeStale();
					ctx.bind(address, promise);
				}
				finally {
					// A process that has already opened the file finds a live socket.
					Files.deleteIfExists(this.lock);
				}
			}
		}

		private static boolean isLocked(FileChannel channel) throws IOException {
			try {
				return channel.tryLock() != null;
			}
			catch (OverlappingFileLockException ex) {
				return false;
			}
		}

		private void removeStale() throws IOException {
			if (!Files.exists(this.path, LinkOption.NOFOLLOW_LINKS)) {
				return;
			}
			int mode = (int) Files.getAttribute(this.path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
			if ((mode & FILE_TYPE) != SOCKET) {
				throw failure("the path is a file that is not a socket",
						"Remove the file, or set %s to a different path."
							.formatted(NettyUnixDomainSocketServerFactory.this.pathProperty),
						null);
			}
			if (isLive()) {
				throw inUse(null);
			}
			Files.delete(this.path);
		}

		/**
		 * Returns whether a server listens: unless the connection is refused. Does not
		 * wait for a server that is too busy to accept it.
		 */
		private boolean isLive() throws IOException {
			try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
				channel.configureBlocking(false);
				channel.connect(UnixDomainSocketAddress.of(this.path));
				return true;
			}
			catch (SocketException ex) {
				return !(ex instanceof ConnectException);
			}
		}

	}

}
