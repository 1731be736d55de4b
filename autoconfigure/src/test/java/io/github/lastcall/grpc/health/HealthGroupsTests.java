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

import java.util.Map;
import java.util.stream.Stream;

import io.github.lastcall.grpc.lifecycle.GrpcServerState;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.HealthClient;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.grpc.testing.TestHealthIndicator;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.github.lastcall.grpc.testing.TestsProperty;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.LivenessState;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.health.actuate.endpoint.HealthEndpoint;
import org.springframework.boot.health.contributor.CompositeHealthContributor;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.health.registry.HealthContributorRegistry;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The health groups are Actuator's own, and services follow them.
 */
@Timeout(120)
class HealthGroupsTests {

	private static final String OWN = "management.endpoint.health.group.own.";

	private static final String OTHER = "management.endpoint.health.group.other.";

	@Test
	void aGroupHasTheMembersThatItIncludesAndDoesNotExclude() {
		try (TestApplication app = run(OWN + "include=a,b", OTHER + "include=*", OTHER + "exclude=a")) {
			HealthClient health = app.health();
			answer(app, "a", Status.DOWN);
			assertThat(health.check("own")).isEqualTo("NOT_SERVING");
			assertThat(health.check("other")).isEqualTo("SERVING");

			answer(app, "a", Status.UP);
			answer(app, "b", Status.DOWN);
			assertThat(health.check("own")).isEqualTo("NOT_SERVING");
			assertThat(health.check("other")).isEqualTo("NOT_SERVING");

			answer(app, "b", Status.UP);
			answer(app, "nested", Status.DOWN);
			assertThat(health.check("own")).isEqualTo("SERVING");
			assertThat(health.check("other")).isEqualTo("NOT_SERVING");
			assertThat(health.check("")).as("nobody put them into the readiness group").isEqualTo("SERVING");
		}
	}

	@Test
	void theServerAndItsServicesFollowTheReadinessGroupThatTheUserDefines() {
		try (TestApplication app = run("management.endpoint.health.group.readiness.include=readinessState,a",
				"management.endpoint.health.group.liveness.include=livenessState,b")) {
			HealthClient health = app.health();
			answer(app, "a", Status.OUT_OF_SERVICE);
			assertThat(health.list()).containsEntry("", "NOT_SERVING")
				.containsEntry("routeguide.RouteGuide", "NOT_SERVING")
				.containsEntry("readiness", "NOT_SERVING")
				.containsEntry("liveness", "SERVING");
			answer(app, "a", Status.UP);
			answer(app, "b", Status.DOWN);
			assertThat(health.list()).containsEntry("", "SERVING")
				.containsEntry("routeguide.RouteGuide", "SERVING")
				.containsEntry("readiness", "SERVING")
				.containsEntry("liveness", "NOT_SERVING");
		}
	}

	@Test
	void theOrderOfTheGroupSaysWhichStatusCounts() {
		try (TestApplication app = run(OWN + "include=a,b", OWN + "status.order=up,down", OTHER + "include=a,b",
				OTHER + "status.order=down,up")) {
			HealthClient health = app.health();
			answer(app, "a", Status.DOWN);
			assertThat(health.check("own")).isEqualTo("SERVING");
			assertThat(health.check("other")).isEqualTo("NOT_SERVING");
			answer(app, "b", Status.DOWN);
			assertThat(health.check("own")).isEqualTo("NOT_SERVING");
		}
	}

	@Test
	void theHttpMappingOfTheGroupJudgesOtherStatuses() {
		try (TestApplication app = run("management.endpoint.health.status.order=degraded,down,up",
				"management.endpoint.health.status.http-mapping.degraded=500", OWN + "include=a",
				OWN + "status.http-mapping.degraded=299", OTHER + "include=a")) {
			HealthClient health = app.health();
			answer(app, "a", new Status("DEGRADED"));
			assertThat(health.check("own")).isEqualTo("SERVING");
			assertThat(health.check("other")).isEqualTo("NOT_SERVING");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "100", "199", "300", "404", "429", "503" })
	void onlyASuccessfulHttpStatusIsServing(String code) {
		try (TestApplication app = run(OWN + "include=a", OWN + "status.order=degraded,up",
				OWN + "status.http-mapping.degraded=" + code)) {
			answer(app, "a", new Status("DEGRADED"));
			assertThat(app.health().check("own")).isEqualTo("NOT_SERVING");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "down", "Down", "DOWN", "out-of-service", "OutOfService" })
	void aPartialHttpMappingDoesNotTurnDownIntoServing(String code) {
		try (TestApplication app = run(OWN + "include=a", OWN + "status.http-mapping.fatal=500")) {
			// Actuator's mapping takes all of them for the same.
			answer(app, "a", new Status(code));
			assertThat(app.health().check("own")).isEqualTo("NOT_SERVING");
		}
	}

	@Test
	void membersInsideOfCompositesAreMembers() {
		try (TestApplication app = run(OWN + "include=composite", OTHER + "include=composite/flat,b")) {
			HealthClient health = app.health();
			answer(app, "nested", Status.DOWN);
			assertThat(health.check("own")).isEqualTo("NOT_SERVING");
			assertThat(health.check("other")).isEqualTo("SERVING");
			answer(app, "nested", Status.UP);
			answer(app, "flat", Status.DOWN);
			assertThat(health.check("own")).isEqualTo("NOT_SERVING");
			assertThat(health.check("other")).isEqualTo("NOT_SERVING");
			answer(app, "flat", Status.UP);
			assertThat(health.check("own")).isEqualTo("SERVING");
			assertThat(health.check("other")).isEqualTo("SERVING");
		}
	}

	@Test
	void aPartOfACompositeCanBeExcluded() {
		try (TestApplication app = run(OWN + "include=composite", OWN + "exclude=composite/inner/nested")) {
			answer(app, "flat", Status.UP);
			indicator(app, "nested").answer(Status.DOWN);
			app.sample(indicator(app, "flat"));
			assertThat(app.health().check("own")).isEqualTo("SERVING");
			assertThat(indicator(app, "nested").asked()).isZero();
		}
	}

	@Test
	void aCompositeIsAggregatedOnItsOwnAsActuatorDoes() {
		try (TestApplication app = run(OWN + "include=composite/inner,b", OWN + "status.order=down,unknown,up")) {
			HealthEndpoint endpoint = app.bean(HealthEndpoint.class);
			HealthClient health = app.health();
			// The order does not know it: alone in its composite it makes that UNKNOWN.
			answer(app, "nested", new Status("UNHEARD_OF"));
			assertThat(endpoint.healthForPath("own")).extracting("status").isEqualTo(Status.UNKNOWN);
			assertThat(health.check("own")).isEqualTo("UNKNOWN");
			// Beside others it does not count.
			answer(app, "nested", Status.UP);
			answer(app, "b", new Status("UNHEARD_OF"));
			assertThat(endpoint.healthForPath("own")).extracting("status").isEqualTo(Status.UP);
			assertThat(health.check("own")).isEqualTo("SERVING");
		}
	}

	@Test
	void anIndicatorThatIsRegisteredLaterIsAskedFromTheNextRoundOn() {
		try (TestApplication app = run(OWN + "include=*", "management.health.diskspace.enabled=false")) {
			answer(app, "a", Status.UP);
			HealthClient health = app.health();
			assertThat(health.check("own")).isEqualTo("SERVING");
			TestHealthIndicator late = new TestHealthIndicator();
			late.answer(Status.DOWN);
			app.bean(HealthContributorRegistry.class).registerContributor("late", late);
			app.sample(late);
			assertThat(health.check("own")).isEqualTo("NOT_SERVING");
			app.bean(HealthContributorRegistry.class).unregisterContributor("late");
			answer(app, "a", Status.UP);
			assertThat(health.check("own")).isEqualTo("SERVING");
		}
	}

	@Test
	@TestsProperty("grpc.server.health.services")
	void aServiceFollowsTheGroupOfItsPropertyThenOfItsAnnotationThenTheServer() {
		try (TestApplication app = TestApplication.of(Config.class, MappedServices.class)
			.run(OWN + "include=a", OTHER + "include=b", "grpc.server.health.services.test.Both=other",
					"grpc.server.health.services.test.Property=other",
					"grpc.server.health.services.grpc.health.v1.Health=own")) {
			HealthClient health = app.health();
			answer(app, "a", Status.DOWN);
			assertThat(health.list()).containsAllEntriesOf(
					Map.of("", "SERVING", "test.Annotation", "NOT_SERVING", "test.Both", "SERVING", "test.Property",
							"SERVING", "routeguide.RouteGuide", "SERVING", "grpc.health.v1.Health", "NOT_SERVING"));
			answer(app, "a", Status.UP);
			answer(app, "b", Status.DOWN);
			assertThat(health.list()).containsAllEntriesOf(
					Map.of("", "SERVING", "test.Annotation", "SERVING", "test.Both", "NOT_SERVING", "test.Property",
							"NOT_SERVING", "routeguide.RouteGuide", "SERVING", "grpc.health.v1.Health", "SERVING"));
		}
	}

	@Test
	void aServiceThatFollowsLivenessIsAnnouncedAsAnyOther() {
		try (TestApplication app = run("grpc.server.health.services.test.Other=liveness",
				"grpc.server.shutdown.propagation-delay=1h")) {
			HealthClient health = app.health();
			app.publish(ReadinessState.REFUSING_TRAFFIC);
			assertThat(health.check("test.Other")).isEqualTo("SERVING");
			app.publish(LivenessState.BROKEN);
			assertThat(health.check("test.Other")).isEqualTo("NOT_SERVING");
			app.publish(LivenessState.CORRECT);
			app.closeAsync();
			app.awaitState(GrpcServerState.ANNOUNCING);
			assertThat(health.check("test.Other")).isEqualTo("NOT_SERVING");
			assertThat(health.check("liveness")).isEqualTo("SERVING");
		}
	}

	@Test
	void withoutTheProbesOfActuatorBothGroupsFollowTheAvailability() {
		try (TestApplication app = run("management.endpoint.health.probes.enabled=false", OWN + "include=a")) {
			HealthClient health = app.health();
			assertThat(health.list())
				.containsAllEntriesOf(Map.of("", "SERVING", "readiness", "SERVING", "liveness", "SERVING"));
			app.publish(ReadinessState.REFUSING_TRAFFIC);
			assertThat(health.list()).containsAllEntriesOf(Map.of("", "NOT_SERVING", "readiness", "NOT_SERVING",
					"liveness", "SERVING", "routeguide.RouteGuide", "NOT_SERVING"));
			app.publish(ReadinessState.ACCEPTING_TRAFFIC);
			app.publish(LivenessState.BROKEN);
			assertThat(health.list()).containsAllEntriesOf(Map.of("", "SERVING", "readiness", "SERVING", "liveness",
					"NOT_SERVING", "routeguide.RouteGuide", "SERVING"));
			answer(app, "a", Status.DOWN);
			assertThat(health.check("own")).isEqualTo("NOT_SERVING");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "org.springframework.boot.health", "org.springframework.boot.health.autoconfigure" })
	void withoutActuatorHealthFollowsTheAvailability(String missing) {
		GrpcServerContextRunner.create()
			.withClassLoader(new FilteredClassLoader(missing, "org.springframework.boot.actuate"))
			.withUserConfiguration(RouteGuideConfiguration.class)
			.run((context) -> {
				ApplicationContext source = context.getSourceApplicationContext();
				try (GrpcClient client = GrpcClient.of(context)) {
					HealthClient health = new HealthClient(client.channel());
					assertThat(health.list()).containsAllEntriesOf(
							Map.of("", "NOT_SERVING", "readiness", "NOT_SERVING", "liveness", "NOT_SERVING"));
					AvailabilityChangeEvent.publish(source, LivenessState.CORRECT);
					assertThat(health.list()).containsAllEntriesOf(
							Map.of("", "NOT_SERVING", "readiness", "NOT_SERVING", "liveness", "SERVING"));
					AvailabilityChangeEvent.publish(source, ReadinessState.ACCEPTING_TRAFFIC);
					assertThat(health.list()).containsAllEntriesOf(Map.of("", "SERVING", "readiness", "SERVING",
							"liveness", "SERVING", "routeguide.RouteGuide", "SERVING"));
					AvailabilityChangeEvent.publish(source, ReadinessState.REFUSING_TRAFFIC);
					assertThat(health.list()).containsAllEntriesOf(Map.of("", "NOT_SERVING", "readiness", "NOT_SERVING",
							"liveness", "SERVING", "routeguide.RouteGuide", "NOT_SERVING"));
				}
			});
	}

	private static TestApplication run(String... properties) {
		TestApplication app = TestApplication.of(Config.class).run(properties);
		app.awaitAnswers();
		return app;
	}

	private static void answer(TestApplication app, String name, Status status) {
		indicator(app, name).answer(status);
		app.sample(Stream.of("a", "b", "flat", "nested")
			.map((member) -> indicator(app, member))
			.filter((member) -> member.asked() > 0)
			.toArray(TestHealthIndicator[]::new));
	}

	private static TestHealthIndicator indicator(TestApplication app, String name) {
		return switch (name) {
			case "flat" -> app.bean(Members.class).flat();
			case "nested" -> app.bean(Members.class).nested();
			default -> app.indicator(name);
		};
	}

	static class Config {

		@Bean
		TestHealthIndicator aHealthIndicator() {
			return new TestHealthIndicator();
		}

		@Bean
		TestHealthIndicator bHealthIndicator() {
			return new TestHealthIndicator();
		}

		@Bean
		Members members() {
			return new Members(new TestHealthIndicator(), new TestHealthIndicator());
		}

		@Bean
		CompositeHealthContributor compositeHealthContributor(Members members) {
			return CompositeHealthContributor.fromMap(Map.of("flat", members.flat(), "inner",
					CompositeHealthContributor.fromMap(Map.of("nested", members.nested()))));
		}

	}

	/**
	 * Members of a composite, which are no beans of their own.
	 */
	record Members(TestHealthIndicator flat, TestHealthIndicator nested) {

	}

	static class MappedServices {

		@Bean
		@GrpcService(healthGroup = "own")
		OneMethodService annotation() {
			return new OneMethodService("test.Annotation");
		}

		@Bean
		@GrpcService(healthGroup = "own")
		OneMethodService both() {
			return new OneMethodService("test.Both");
		}

		@Bean
		@GrpcService
		OneMethodService property() {
			return new OneMethodService("test.Property");
		}

	}

	static class RouteGuideConfiguration {

		@Bean
		@GrpcService
		TestRouteGuide routeGuide() {
			return new TestRouteGuide();
		}

	}

}
