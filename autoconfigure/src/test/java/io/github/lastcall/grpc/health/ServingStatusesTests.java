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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import io.github.lastcall.grpc.lifecycle.GrpcServerState;
import io.github.lastcall.grpc.testing.HealthClient;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.grpc.testing.TestHealthIndicator;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.boot.health.contributor.Status;
import org.springframework.context.annotation.Bean;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The whole truth: what Check, Watch and List say in every state of the server, for every
 * status of a health group, with every override, of every kind of name.
 * <p>
 * The three health groups have the indicator {@code test} as a member; the states in
 * which the server listens no more are looked at through the port for probes.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class ServingStatusesTests {

	private static final String OVERALL = "";

	private static final String FOLLOWS_OVERALL = "routeguide.RouteGuide";

	private static final String FOLLOWS_OWN_GROUP = "test.Other";

	private static final String READINESS = "readiness";

	private static final String LIVENESS = "liveness";

	private static final String OWN_GROUP = "own";

	private static final String UNKNOWN_NAME = "nobody.Knows";

	private static final List<String> NAMES = List.of(OVERALL, FOLLOWS_OVERALL, FOLLOWS_OWN_GROUP, READINESS, LIVENESS,
			OWN_GROUP, UNKNOWN_NAME);

	private static final List<String> INFRASTRUCTURE = List.of("grpc.health.v1.Health",
			"grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection");

	private @Nullable TestApplication application;

	private @Nullable Object key;

	private @Nullable HealthClient client;

	private @Nullable HealthClient probe;

	private @Nullable GroupStatus sampled;

	static List<Cell> cells() {
		List<Cell> cells = new ArrayList<>();
		for (GrpcServerState state : GrpcServerState.values()) {
			for (GroupStatus group : GroupStatus.values()) {
				for (Override override : Override.values()) {
					NAMES.forEach((name) -> cells.add(new Cell(state, group, override, name)));
				}
			}
		}
		return cells;
	}

	@ParameterizedTest
	@MethodSource("cells")
	void checkWatchAndListTellTheTruth(Cell cell) {
		TestApplication application = application(cell);
		Map<String, String> expected = new TreeMap<>();
		for (String name : NAMES) {
			String status = expected(cell, name, name.equals(cell.name()) ? cell.override() : Override.NONE);
			if (status != null) {
				expected.put(name, status);
			}
		}
		INFRASTRUCTURE.forEach((name) -> expected.put(name, String.valueOf(expected(cell, OVERALL, Override.NONE))));
		ServingStatus override = cell.override().status;
		if (override != null) {
			application.overrides().set(cell.name(), override);
		}
		try {
			for (HealthClient client : clients()) {
				assertThat(client.check(cell.name())).as("Check")
					.isEqualTo(expected.getOrDefault(cell.name(), "NOT_FOUND"));
				assertThat(client.firstOfWatch(cell.name())).as("Watch")
					.isEqualTo(expected.getOrDefault(cell.name(), "SERVICE_UNKNOWN"));
				assertThat(client.list()).as("List").isEqualTo(expected);
			}
		}
		finally {
			application.overrides().clear(cell.name());
		}
	}

	/**
	 * What has to be told, as the design says it.
	 * @return the status, or nothing if the name is not known
	 */
	private static @Nullable String expected(Cell cell, String name, Override override) {
		boolean known = !name.equals(UNKNOWN_NAME);
		if (!known && override == Override.NONE) {
			return null;
		}
		if (cell.state() != GrpcServerState.SERVING && !name.equals(LIVENESS)) {
			return "NOT_SERVING";
		}
		boolean onlyTheIndicator = name.equals(OWN_GROUP) || name.equals(FOLLOWS_OWN_GROUP);
		String group = switch (cell.group()) {
			case UP, MAPPED_TO_SUCCESS, NOT_MAPPED -> "SERVING";
			case DOWN, OUT_OF_SERVICE, MAPPED_TO_ERROR -> "NOT_SERVING";
			case UNKNOWN -> "UNKNOWN";
			// Actuator does not take into account what the order of the group leaves out:
			// what remains is the availability of the application, or nothing.
			case NOT_ORDERED -> onlyTheIndicator ? "UNKNOWN" : "SERVING";
		};
		List<String> worstFirst = List.of("NOT_SERVING", "UNKNOWN", "SERVING");
		String overridden = (override != Override.NONE) ? override.name() : "SERVING";
		return worstFirst.stream()
			.filter((status) -> (known && status.equals(group)) || status.equals(overridden))
			.findFirst()
			.orElseThrow();
	}

	private List<HealthClient> clients() {
		List<HealthClient> clients = new ArrayList<>();
		if (this.probe != null) {
			clients.add(this.probe);
		}
		if (this.client != null) {
			clients.add(this.client);
		}
		return clients;
	}

	private TestApplication application(Cell cell) {
		boolean stopped = cell.state() == GrpcServerState.STOPPED;
		// Nobody is asked any more when the server has stopped.
		Object key = stopped ? cell.group() : cell.state();
		TestApplication application = this.application;
		if (application == null || !key.equals(this.key)) {
			close();
			application = start(cell.state() == GrpcServerState.STARTING);
			this.application = application;
			this.probe = application.health(application.probePort());
			this.client = application.health();
			if (stopped) {
				sample(application, cell.group());
			}
			lead(application, cell.state());
			this.key = key;
		}
		if (!stopped) {
			sample(application, cell.group());
		}
		return application;
	}

	private void sample(TestApplication application, GroupStatus group) {
		if (this.sampled != group) {
			TestHealthIndicator indicator = application.indicator("test");
			indicator.answer(group.status);
			application.sample(indicator);
			this.sampled = group;
		}
	}

	private static TestApplication start(boolean starting) {
		String[] properties = { "grpc.server.health.port=0", "grpc.server.shutdown.propagation-delay=1h",
				"grpc.server.shutdown.grace-period=1h", "grpc.server.shutdown.force-timeout=1h",
				"grpc.server.health.services.test.Other=own",
				"management.endpoint.health.group.readiness.include=readinessState,test",
				"management.endpoint.health.group.liveness.include=livenessState,test",
				"management.endpoint.health.group.own.include=test",
				"management.endpoint.health.status.order=down,out-of-service,fatal,degraded,odd,unknown,up",
				// Replaces Actuator's own mapping, in which DOWN is 503.
				"management.endpoint.health.status.http-mapping.degraded=207",
				"management.endpoint.health.status.http-mapping.fatal=500" };
		TestApplication.Builder application = TestApplication.of(Config.class);
		return starting ? application.starting(properties) : application.run(properties);
	}

	private void lead(TestApplication application, GrpcServerState state) {
		if (state.compareTo(GrpcServerState.SERVING) <= 0) {
			application.awaitState(state);
			return;
		}
		if (state.compareTo(GrpcServerState.DRAINING) >= 0) {
			this.client = null;
		}
		if (state == GrpcServerState.STOPPED) {
			application.holdStopped();
			application.awaitState(GrpcServerState.STOPPED);
			return;
		}
		application.holdCall();
		application.closeAsync();
		application.awaitState(GrpcServerState.ANNOUNCING);
		if (state != GrpcServerState.ANNOUNCING) {
			application.drainTimer().advance(Duration.ofHours(1));
			application.awaitState(GrpcServerState.DRAINING);
		}
		if (state == GrpcServerState.FORCING) {
			application.drainTimer().advance(Duration.ofHours(1));
			application.awaitState(GrpcServerState.FORCING);
		}
	}

	@AfterAll
	void close() {
		TestApplication application = this.application;
		this.application = null;
		this.sampled = null;
		if (application != null) {
			application.close();
		}
	}

	record Cell(GrpcServerState state, GroupStatus group, Override override, String name) {

		@java.lang.Override
		public String toString() {
			return "%s, group %s, override %s, name '%s'".formatted(this.state, this.group, this.override, this.name);
		}

	}

	enum GroupStatus {

		UP(Status.UP), DOWN(Status.DOWN), OUT_OF_SERVICE(Status.OUT_OF_SERVICE), UNKNOWN(Status.UNKNOWN),
		MAPPED_TO_SUCCESS(new Status("DEGRADED")), MAPPED_TO_ERROR(new Status("FATAL")), NOT_MAPPED(new Status("ODD")),
		NOT_ORDERED(new Status("UNHEARD_OF"));

		private final Status status;

		GroupStatus(Status status) {
			this.status = status;
		}

	}

	enum Override {

		NONE(null), SERVING(ServingStatus.SERVING), UNKNOWN(ServingStatus.UNKNOWN),
		NOT_SERVING(ServingStatus.NOT_SERVING);

		private final @Nullable ServingStatus status;

		Override(@Nullable ServingStatus status) {
			this.status = status;
		}

	}

	static class Config {

		@Bean
		TestHealthIndicator testHealthIndicator() {
			return new TestHealthIndicator();
		}

	}

}
