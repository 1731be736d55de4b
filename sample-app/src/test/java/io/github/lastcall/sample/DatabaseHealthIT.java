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

package io.github.lastcall.sample;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.sample.process.Tools;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Two replicas behind HAProxy lose their database, a real PostgreSQL, and get it back.
 * One has it in its readiness group; the other has not, which is the default.
 */
@Tag("full")
@EnabledIf(value = "io.github.lastcall.sample.PostgresServer#isInstalled",
		disabledReason = "PostgreSQL is not installed: no initdb and pg_ctl in /usr/lib/postgresql/*/bin or on the path")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class DatabaseHealthIT {

	private static final ServingStatus SERVING = ServingStatus.SERVING;

	private static final ServingStatus NOT_SERVING = ServingStatus.NOT_SERVING;

	@Test
	void aReplicaWithTheDatabaseInItsReadinessGoesAndComesBackAndOneWithoutItStays() throws Exception {
		Tools.haproxy();
		try (PostgresServer database = PostgresServer.start()) {
			List<String> without = List.of("--spring.datasource.url=" + database.url("postgres"),
					"--spring.datasource.hikari.connection-timeout=1000", "--grpc.server.health.sample-interval=500ms",
					"--grpc.server.health.sample-timeout=5s");
			List<String> with = new ArrayList<>(without);
			with.add("--management.endpoint.health.group.readiness.include=readinessState,db");
			List<SampleProcess> replicas = SampleProcess.startAll(List.of(with, without));
			try (SampleProcess a = replicas.get(0);
					SampleProcess b = replicas.get(1);
					HaProxy haproxy = HaProxy.start("haproxy.cfg", a, b)) {
				loseAndRegain(database, a, b, haproxy);
			}
		}
	}

	private static void loseAndRegain(PostgresServer database, SampleProcess a, SampleProcess b, HaProxy haproxy)
			throws Exception {
		ManagedChannel toA = a.channel();
		ManagedChannel toB = b.channel();
		Watch healthOfA = new Watch(toA, "");
		Watch livenessOfA = new Watch(toA, "liveness");
		Watch healthOfB = new Watch(toB, "");
		awaitThat(() -> healthOfA.saw(SERVING) && livenessOfA.saw(SERVING) && healthOfB.saw(SERVING));
		awaitThat(() -> haproxy.server("a").isUp() && haproxy.server("b").isUp());

		database.stop();
		long stopped = System.nanoTime();
		awaitThat(() -> check(toA, "") == NOT_SERVING);
		long notServing = System.nanoTime();
		assertThat(check(toA, "routeguide.RouteGuide")).isEqualTo(NOT_SERVING);
		awaitThat(() -> haproxy.server("a").isDown());
		long down = System.nanoTime();
		assertThat(haproxy.server("b").isUp()).isTrue();
		assertThat(check(toB, "")).isEqualTo(SERVING);

		database.startAgain();
		long started = System.nanoTime();
		awaitThat(() -> check(toA, "") == SERVING);
		long serving = System.nanoTime();
		awaitThat(() -> haproxy.server("a").isUp());
		long up = System.nanoTime();
		assertThat(haproxy.server("b").isUp()).isTrue();
		callBoth(haproxy);

		// Nothing flaps, and nothing else has changed.
		assertThat(healthOfA.statuses).containsExactly(SERVING, NOT_SERVING, SERVING);
		assertThat(livenessOfA.statuses).containsExactly(SERVING);
		assertThat(healthOfB.statuses).containsExactly(SERVING);
		System.out.printf(
				"Interval 500 ms, connection timeout 1 s: database stopped to Check NOT_SERVING %d ms, to DOWN in HAProxy %d ms; "
						+ "started again to SERVING %d ms, to UP %d ms%n",
				millis(stopped, notServing), millis(stopped, down), millis(started, serving), millis(started, up));
	}

	private static void callBoth(HaProxy haproxy) throws Exception {
		long callsOfA = haproxy.server("a").sessions();
		long callsOfB = haproxy.server("b").sessions();
		ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", haproxy.port())
			.usePlaintext()
			.disableRetry()
			.build();
		try {
			Point oslo = Point.newBuilder().setLatitude(599139000).setLongitude(107522000).build();
			for (int call = 0; call < 4; call++) {
				assertThat(RouteGuideGrpc.newBlockingStub(channel).getFeature(oslo).getName()).contains("Oslo");
			}
		}
		finally {
			channel.shutdownNow();
		}
		assertThat(haproxy.server("a").sessions()).isGreaterThan(callsOfA);
		assertThat(haproxy.server("b").sessions()).isGreaterThan(callsOfB);
	}

	private static ServingStatus check(ManagedChannel channel, String name) {
		return HealthGrpc.newBlockingStub(channel)
			.check(HealthCheckRequest.newBuilder().setService(name).build())
			.getStatus();
	}

	private static void awaitThat(Callable<Boolean> condition) {
		await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(20)).until(condition);
	}

	private static long millis(long from, long to) {
		return TimeUnit.NANOSECONDS.toMillis(to - from);
	}

	/**
	 * Every status that a client is told.
	 */
	private static final class Watch implements StreamObserver<HealthCheckResponse> {

		final List<ServingStatus> statuses = new CopyOnWriteArrayList<>();

		Watch(ManagedChannel channel, String name) {
			HealthGrpc.newStub(channel).watch(HealthCheckRequest.newBuilder().setService(name).build(), this);
		}

		boolean saw(ServingStatus status) {
			return this.statuses.contains(status);
		}

		@Override
		public void onNext(HealthCheckResponse response) {
			this.statuses.add(response.getStatus());
		}

		@Override
		public void onError(Throwable ex) {
		}

		@Override
		public void onCompleted() {
		}

	}

}
