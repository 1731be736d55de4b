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

package io.github.lastcall.grpc.tls;

import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import java.util.stream.Stream;

import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.grpc.testing.TestAuthority;
import io.netty.pkitesting.X509Bundle;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.boot.ssl.SslBundle;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A rotation in each second, under load.
 */
@Tag("full")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class TlsRotationIT {

	private final List<TestAuthority> authorities = List.of(new TestAuthority("authority"),
			new TestAuthority("successor"));

	static Stream<Arguments> executors() {
		Stream<Arguments> all = Stream.of(Arguments.of("platform", 30), Arguments.of("direct", 5));
		return (JRE.currentVersionNumber() >= 21) ? Stream.concat(all, Stream.of(Arguments.of("virtual", 5))) : all;
	}

	/**
	 * Of both authorities there are clients all the time, as while one replaces the
	 * other.
	 */
	@ParameterizedTest
	@MethodSource("executors")
	void rotationUnderLoadLosesNoCall(String executor, int rotations) throws Exception {
		try (TestApplication app = TestApplication.of()
			.tls(bundle(0))
			.run("grpc.server.ssl.client-auth=required", "grpc.server.executor.type=" + executor);
				Load load = new Load(app)) {
			eachSecond(rotations, (rotation) -> app.update(bundle(rotation)));
			load.close();
			assertThat(load.failures).isEmpty();
			assertThat(app.tlsStatus().updates()).isEqualTo(rotations);
			assertThat(app.tlsStatus().failedUpdates()).isZero();
			assertThat(load.calls).hasPositiveValue();
			assertThat(load.connections).hasValueGreaterThan(rotations);
			System.out.printf("%s: %d rotations, %d calls, %d of them on new connections, none failed%n", executor,
					rotations, load.calls.get(), load.connections.get());
		}
	}

	/**
	 * A certificate of one authority and then of the other, and a trust store that is
	 * another one each time and always has both.
	 */
	private SslBundle bundle(int rotation) {
		X509Bundle server = this.authorities.get(rotation % 2).server("server-" + rotation);
		String trust = this.authorities.get(0).pem() + this.authorities.get(1).pem()
				+ new TestAuthority("authority-" + rotation).pem();
		return TestAuthority.bundle(server.getCertificatePathPEM(), server.getPrivateKeyPEM(), trust);
	}

	private static void eachSecond(int times, IntConsumer task) throws Exception {
		ScheduledExecutorService schedule = Executors.newSingleThreadScheduledExecutor();
		try {
			CompletableFuture<Void> done = new CompletableFuture<>();
			AtomicInteger time = new AtomicInteger();
			schedule.scheduleAtFixedRate(() -> {
				try {
					if (time.incrementAndGet() <= times) {
						task.accept(time.get());
					}
					else {
						done.complete(null);
					}
				}
				catch (Throwable ex) {
					done.completeExceptionally(ex);
				}
			}, 1, 1, TimeUnit.SECONDS);
			done.get(5, TimeUnit.MINUTES);
		}
		finally {
			schedule.shutdownNow();
		}
	}

	/**
	 * Of each authority, a client that keeps its connection, and one that makes a new one
	 * for every call.
	 */
	private final class Load implements AutoCloseable {

		private final AtomicBoolean ended = new AtomicBoolean();

		private final AtomicLong calls = new AtomicLong();

		private final AtomicLong connections = new AtomicLong();

		private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

		private final ExecutorService executor = Executors.newCachedThreadPool();

		private final List<Future<?>> running = new ArrayList<>();

		Load(TestApplication app) {
			for (TestAuthority authority : TlsRotationIT.this.authorities) {
				X509Bundle certificate = authority.client("friend");
				this.running.add(this.executor.submit(() -> {
					try (GrpcClient client = connect(app, authority, certificate)) {
						while (!this.ended.get()) {
							call(client);
						}
					}
				}));
				this.running.add(this.executor.submit(() -> {
					while (!this.ended.get()) {
						try (GrpcClient client = connect(app, authority, certificate)) {
							call(client);
							this.connections.incrementAndGet();
						}
					}
				}));
			}
		}

		private GrpcClient connect(TestApplication app, TestAuthority authority, X509Bundle certificate) {
			return GrpcClient.of(app.port(),
					authority.transport(certificate,
							(context) -> context.trustManager(TlsRotationIT.this.authorities.stream()
								.map(TestAuthority::certificate)
								.toArray(X509Certificate[]::new))));
		}

		private void call(GrpcClient client) {
			try {
				client.featureName();
				this.calls.incrementAndGet();
			}
			catch (RuntimeException ex) {
				this.failures.add(ex);
			}
		}

		@Override
		public void close() throws Exception {
			this.ended.set(true);
			for (Future<?> client : this.running) {
				client.get(60, TimeUnit.SECONDS);
			}
			this.executor.shutdown();
		}

	}

}
