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
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

import io.github.lastcall.grpc.limits.InboundMemory;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.testing.ManualServerTimer;
import io.grpc.Server;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class NettyUnixDomainSocketServerFactoryTests {

	private final NettyGuardedTransport transport = new NettyGuardedTransport("test", 0,
			new ConnectionLimits(0, Duration.ofSeconds(10), 0, new InboundMemory(Long.MAX_VALUE)),
			new Refusals("test", new ManualServerTimer()));

	@AfterEach
	void endThreads() {
		this.transport.destroy();
	}

	@Test
	void withoutTheNativeTransportTheFailureSaysWhatToDo() {
		NettyUnixDomainSocketServerFactory factory = new NettyUnixDomainSocketServerFactory(Path.of("/run/grpc.sock"),
				"the.property", this.transport,
				() -> new IllegalStateException("no native", new UnsatisfiedLinkError("no library for this system")));
		assertThatExceptionOfType(GrpcServerStartException.class).isThrownBy(factory::newBuilder)
			.withMessageContainingAll("/run/grpc.sock", "epoll is not available", "no library for this system")
			.satisfies((ex) -> {
				assertThat(ex.getProperties()).containsExactly("the.property");
				assertThat(ex.getAction()).contains("Linux", "remove the.property");
			});
	}

	@Test
	void aPipeIsNoSocketAndIsLeftAlone(@TempDir Path directory) throws Exception {
		Path pipe = directory.resolve("grpc.sock");
		assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
		assertThatStartFails(pipe, "a file that is not a socket");
	}

	@Test
	@Timeout(60)
	void aServerThatIsTooBusyToAcceptAnybodyIsLive(@TempDir Path directory) throws Exception {
		Path socket = directory.resolve("grpc.sock");
		List<SocketChannel> waiting = new ArrayList<>();
		try (ServerSocketChannel busy = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
			busy.bind(UnixDomainSocketAddress.of(socket), 1);
			assertThatExceptionOfType(SocketException.class).isThrownBy(() -> {
				while (true) {
					SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX);
					waiting.add(client);
					client.configureBlocking(false);
					client.connect(UnixDomainSocketAddress.of(socket));
				}
			});
			assertThatStartFails(socket, "another process listens on it");
		}
		finally {
			for (SocketChannel client : waiting) {
				client.close();
			}
		}
	}

	@Test
	@Timeout(120)
	void ofSeveralThatStartTogetherOneReplacesAStaleSocket(@TempDir Path directory) throws Exception {
		Path socket = directory.resolve("grpc.sock");
		ExecutorService threads = Executors.newFixedThreadPool(4);
		try {
			for (int round = 0; round < 20; round++) {
				ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket)).close();
				List<NettyUnixDomainSocketServerFactory> factories = Stream.generate(() -> factory(socket))
					.limit(4)
					.toList();
				CyclicBarrier together = new CyclicBarrier(factories.size());
				List<Future<Server>> starts = factories.stream().map((factory) -> threads.submit(() -> {
					Server server = factory.newBuilder().build();
					together.await();
					return server.start();
				})).toList();
				List<Server> started = new ArrayList<>();
				for (int i = 0; i < starts.size(); i++) {
					try {
						started.add(starts.get(i).get());
					}
					catch (ExecutionException ex) {
						NettyUnixDomainSocketServerFactory factory = factories.get(i);
						assertThat(ex.getCause()).isInstanceOfSatisfying(IOException.class,
								(failure) -> assertThat(factory.bindFailure(failure))
									.hasMessageContaining("another process listens on it"));
					}
				}
				assertThat(started).hasSize(1);
				SocketChannel.open(UnixDomainSocketAddress.of(socket)).close();
				started.get(0).shutdownNow().awaitTermination();
				assertThat(directory).isEmptyDirectory();
			}
		}
		finally {
			threads.shutdownNow();
		}
	}

	private void assertThatStartFails(Path socket, String reason) {
		NettyUnixDomainSocketServerFactory factory = factory(socket);
		Server server = factory.newBuilder().build();
		try {
			assertThatExceptionOfType(IOException.class).isThrownBy(server::start)
				.satisfies((ex) -> assertThat(factory.bindFailure(ex)).hasMessageContaining(reason));
			assertThat(socket).exists();
		}
		finally {
			server.shutdownNow();
		}
	}

	private NettyUnixDomainSocketServerFactory factory(Path path) {
		return new NettyUnixDomainSocketServerFactory(path, "the.property", this.transport);
	}

}
