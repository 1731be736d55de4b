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

package io.github.lastcall.strangers;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

import io.github.lastcall.strangers.greeter.Greeting;
import io.github.lastcall.strangers.greeter.GreeterGrpc;
import io.github.lastcall.strangers.greeter.Guest;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * An application that has Spring Boot's own gRPC, too: its server is left out, and its
 * client loses no call while replicas are replaced.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class BootGrpcIT {

	private static final String APPLICATION = "boot-grpc";

	private static final String A = "127.0.0.1";

	private static final String B = "127.0.0.2";

	@Test
	void thereIsOneServer() throws Exception {
		try (Stranger stranger = Stranger.start(APPLICATION)) {
			assertThat(Stranger.greet(stranger.channel(), "Ada")).startsWith("Hello Ada");
			assertThat(stranger.http("/actuator/env/spring.grpc.server.enabled").body())
				.contains("\"property\":{\"source\":\"lastCallDefaults\",\"value\":false}");
			assertThat(stranger.http("/actuator/beans").body()).contains("lastCallServerAssembler")
				.doesNotContain("\"type\":\"org.springframework.grpc.server.");
			assertThat(stranger.log())
				.containsOnlyOnce("Spring Boot's own gRPC server is disabled (spring.grpc.server.enabled=false)")
				.containsOnlyOnce("gRPC server 'network' listens on port")
				.doesNotContain("have no effect");
		}
	}

	@Test
	void twoServersFailTheStart() throws Exception {
		List<String> jar = List.of("-jar", Stranger.jar(APPLICATION).toString());
		try (Stranger stranger = Stranger.launch(jar, "--spring.grpc.server.enabled=true")) {
			stranger.awaitExit();
			assertThat(stranger.exitValue()).isOne();
			assertThat(stranger.log()).contains("APPLICATION FAILED TO START",
					"Spring Boot's own gRPC server is enabled in addition to Last Call's",
					"Remove spring.grpc.server.enabled");
		}
	}

	@Test
	void theClientOfSpringBootLosesNoCallInARoll(@TempDir Path directory) throws Exception {
		Path hosts = Files.writeString(directory.resolve("hosts"), "%s replicas%n%s replicas%n".formatted(A, B));
		int port = freePort();
		try (Stranger a = launch(hosts, A, port); Stranger b = launch(hosts, B, port)) {
			a.awaitServing();
			b.awaitServing();
			try (Traffic throughA = new Traffic(A, port)) {
				throughA.awaitGreetings(A, B);
				b.signal("TERM");
				b.awaitExit();
				try (Stranger nextB = launch(hosts, B, port)) {
					nextB.awaitServing();
					throughA.awaitGreetings(A, B);
					throughA.close();
					try (Traffic throughB = new Traffic(B, port)) {
						throughB.awaitGreetings(A, B);
						aCallInFlightReachesTheOtherReplica(a);
						throughB.awaitGreetings(B);
						assertThat(throughB.failures).isEmpty();
					}
				}
				assertThat(throughA.failures).isEmpty();
			}
		}
	}

	/**
	 * It calls a replica when its own server drains already.
	 */
	private static void aCallInFlightReachesTheOtherReplica(Stranger replica) throws Exception {
		Received<Greeting> greetings = new Received<>();
		GreeterGrpc.newStub(replica.channel())
			.greet(byReplica("Edsger").toBuilder().setUntilDrain(true).build(), greetings);
		replica.awaitLog("Edsger waits");
		replica.signal("TERM");
		assertThat(greetings.end()).satisfies((end) -> {
			assertThat(end.status()).isEqualTo(Status.Code.OK);
			assertThat(end.rest()).extracting(Greeting::getText).containsExactly("Hello Edsger from " + B);
		});
		replica.awaitExit();
	}

	private static Stranger launch(Path hosts, String address, int port) throws IOException {
		return Stranger.launch(List.of("-Djdk.net.hosts.file=" + hosts, "-jar", Stranger.jar(APPLICATION).toString()),
				"--grpc.server.address=" + address, "--grpc.server.port=" + port,
				"--grpc.server.shutdown.propagation-delay=1s");
	}

	private static Guest byReplica(String name) {
		return Guest.newBuilder().setName(name).setByReplica(true).build();
	}

	private static int freePort() throws IOException {
		try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(A))) {
			return socket.getLocalPort();
		}
	}

	/**
	 * Calls to one replica, each of which it passes on to one of both.
	 */
	private static final class Traffic implements AutoCloseable {

		private static final Duration PAUSE = Duration.ofMillis(5);

		private final Set<String> greetings = ConcurrentHashMap.newKeySet();

		private final Queue<Status> failures = new ConcurrentLinkedQueue<>();

		private final ManagedChannel channel;

		private final Thread client;

		private volatile boolean closed;

		Traffic(String address, int port) {
			this.channel = NettyChannelBuilder.forAddress(address, port).usePlaintext().disableRetry().build();
			this.client = new Thread(this::callUntilClosed, "traffic");
			this.client.start();
		}

		private void callUntilClosed() {
			while (!this.closed) {
				try {
					this.greetings.add(Stranger.blocking(this.channel).greet(byReplica("Ada")).getText());
				}
				catch (StatusRuntimeException ex) {
					this.failures.add(ex.getStatus());
				}
				LockSupport.parkNanos(PAUSE.toNanos());
			}
		}

		/**
		 * Wait until all of them have greeted again.
		 */
		void awaitGreetings(String... addresses) {
			List<String> expected = Stream.of(addresses).map((address) -> "Hello Ada from " + address).toList();
			this.greetings.clear();
			await().atMost(Duration.ofMinutes(1))
				.until(() -> this.greetings.containsAll(expected) || !this.failures.isEmpty());
		}

		@Override
		public void close() throws InterruptedException {
			this.closed = true;
			this.client.join();
			this.channel.shutdownNow();
		}

	}

}
