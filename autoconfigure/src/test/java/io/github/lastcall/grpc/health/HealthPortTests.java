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

package io.github.lastcall.grpc.health;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

import io.github.lastcall.grpc.lifecycle.GrpcServerLifecycle;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.HealthClient;
import io.github.lastcall.grpc.testing.HealthWatch;
import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.grpc.testing.TestsProperty;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The second port, which serves health for probes and nothing else.
 */
@Timeout(120)
class HealthPortTests {

	private static final String ANY_PORT = "grpc.server.health.port=0";

	@Test
	void theStatusesAreThoseOfTheServerInPlaintext() {
		try (TestApplication app = TestApplication.of().run(ANY_PORT)) {
			HealthClient server = app.health();
			HealthClient probe = app.health(app.probePort());
			HealthWatch watch = probe.watch("test.Other");
			watch.awaitStatuses("SERVING");
			assertThat(app.probePort()).isNotEqualTo(app.port());
			assertThat(probe.list()).isEqualTo(server.list()).containsEntry("", "SERVING");
			app.overrides().set("test.Other", ServingStatus.NOT_SERVING);
			watch.awaitStatuses("SERVING", "NOT_SERVING");
			app.publish(ReadinessState.REFUSING_TRAFFIC);
			assertThat(probe.list()).isEqualTo(server.list()).containsEntry("", "NOT_SERVING");
			assertThat(probe.check("nobody")).isEqualTo("NOT_FOUND");
		}
	}

	@Test
	@TestsProperty("grpc.server.health.port")
	void itServesHealthOnly() {
		try (TestApplication app = TestApplication.of().run(ANY_PORT)) {
			ManagedChannel channel = app.health(app.probePort()).channel();
			Observer<Feature> call = new Observer<>();
			RouteGuideGrpc.newStub(channel).getFeature(Point.getDefaultInstance(), call);
			assertThat(call.awaitEnd()).isEqualTo(Status.Code.UNIMPLEMENTED);
			Observer<ServerReflectionResponse> reflection = new Observer<>();
			ServerReflectionGrpc.newStub(channel).serverReflectionInfo(reflection);
			assertThat(reflection.awaitEnd()).isEqualTo(Status.Code.UNIMPLEMENTED);
		}
	}

	@Test
	void itIsOffUnlessItIsSet() {
		try (TestApplication app = TestApplication.of().run()) {
			assertThat(app.context().getEnvironment().getProperty("local.grpc.health.port")).isNull();
			assertThat(app.context().getBeansOfType(GrpcServerLifecycle.class)).hasSize(1);
		}
	}

	@Test
	void itIsUpBeforeTheServerAndUntilAfterIt() {
		TestApplication app = TestApplication.of(Neighbours.class).run(ANY_PORT);
		Neighbour before = app.context().getBean("before", Neighbour.class);
		Neighbour after = app.context().getBean("after", Neighbour.class);
		int port = app.port();
		app.close();
		assertThat(before.seen).containsExactly("start: probe NOT_SERVING, server unbound",
				"stop: probe NOT_SERVING, server UNAVAILABLE");
		assertThat(after.seen).containsExactly("start: probe unbound, server unbound",
				"stop: probe UNAVAILABLE, server UNAVAILABLE");
		try (GrpcClient client = GrpcClient.of(port)) {
			assertThat(new HealthClient(client.channel()).check("")).isEqualTo("UNAVAILABLE");
		}
	}

	@Test
	void aWatchThereIsToldOfTheDrainAndEndsWhenThePortIsClosed() {
		try (TestApplication app = TestApplication.of().run(ANY_PORT, "grpc.server.shutdown.propagation-delay=1h")) {
			HealthWatch watch = app.health(app.probePort()).watch("");
			HealthWatch liveness = app.health(app.probePort()).watch("liveness");
			watch.awaitStatuses("SERVING");
			liveness.awaitStatuses("SERVING");
			app.holdStopped();
			watch.awaitStatuses("SERVING", "NOT_SERVING");
			assertThat(watch.ended()).isNotDone();
			app.finishClosing();
			assertThat(watch.ended()).succeedsWithin(Duration.ofSeconds(30))
				.extracting(Status::getCode)
				.isEqualTo(Status.Code.OK);
			assertThat(watch.statuses()).containsExactly("SERVING", "NOT_SERVING");
			assertThat(liveness.statuses()).containsExactly("SERVING");
		}
	}

	@Test
	@TestsProperty("grpc.server.health.not-serving-as")
	void notServingCanBeAnErrorOfCheckAlone() {
		try (TestApplication app = TestApplication.of().run(ANY_PORT, "grpc.server.health.not-serving-as=error")) {
			for (HealthClient client : List.of(app.health(), app.health(app.probePort()))) {
				assertThat(client.check("")).isEqualTo("SERVING");
				app.publish(ReadinessState.REFUSING_TRAFFIC);
				app.overrides().set("test.Other", ServingStatus.UNKNOWN);
				assertThat(client.check("")).isEqualTo("UNAVAILABLE");
				assertThat(client.check("routeguide.RouteGuide")).isEqualTo("UNAVAILABLE");
				assertThat(client.check("liveness")).isEqualTo("SERVING");
				assertThat(client.check("nobody")).isEqualTo("NOT_FOUND");
				assertThat(client.firstOfWatch("")).isEqualTo("NOT_SERVING");
				assertThat(client.firstOfWatch("nobody")).isEqualTo("SERVICE_UNKNOWN");
				assertThat(client.list()).containsAllEntriesOf(
						Map.of("", "NOT_SERVING", "routeguide.RouteGuide", "NOT_SERVING", "liveness", "SERVING"));
				app.publish(ReadinessState.ACCEPTING_TRAFFIC);
				assertThat(client.check("test.Other")).isEqualTo("UNKNOWN");
				app.overrides().clear("test.Other");
			}
		}
	}

	static class Neighbours {

		/**
		 * Between the two servers.
		 */
		@Bean
		Neighbour before(Environment environment) {
			return new Neighbour(environment, GrpcServerLifecycle.PHASE - 255);
		}

		/**
		 * Below both.
		 */
		@Bean
		Neighbour after(Environment environment) {
			return new Neighbour(environment, GrpcServerLifecycle.PHASE - 1023);
		}

	}

	/**
	 * Looks at both ports when it is its turn to start and to stop.
	 */
	static class Neighbour implements SmartLifecycle {

		private final List<String> seen = new CopyOnWriteArrayList<>();

		private final Environment environment;

		private final int phase;

		private volatile boolean running;

		Neighbour(Environment environment, int phase) {
			this.environment = environment;
			this.phase = phase;
		}

		@Override
		public void start() {
			this.seen.add("start: " + look());
			this.running = true;
		}

		@Override
		public void stop() {
			this.seen.add("stop: " + look());
			this.running = false;
		}

		private String look() {
			return "probe %s, server %s".formatted(check("local.grpc.health.port"), check("local.grpc.server.port"));
		}

		private String check(String property) {
			Integer port = this.environment.getProperty(property, Integer.class);
			if (port == null) {
				return "unbound";
			}
			try (GrpcClient client = GrpcClient.of(port)) {
				return new HealthClient(client.channel()).check("");
			}
		}

		@Override
		public boolean isRunning() {
			return this.running;
		}

		@Override
		public int getPhase() {
			return this.phase;
		}

	}

}
