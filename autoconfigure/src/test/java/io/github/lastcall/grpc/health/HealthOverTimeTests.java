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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.lastcall.grpc.lifecycle.GrpcServerState;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.HealthClient;
import io.github.lastcall.grpc.testing.HealthWatch;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.grpc.testing.TestHealthIndicator;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.availability.LivenessState;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.health.contributor.Status;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What one watcher sees of the life of an application: never SERVING when it should not
 * be, and no status that comes and goes.
 */
@Timeout(120)
class HealthOverTimeTests {

	private static final String READINESS = "management.endpoint.health.group.readiness.include=readinessState,one,two";

	/**
	 * A runner that is held until the test lets it go stands for one of 8 s: what counts
	 * is that health is asked all the while, that more than one interval passes and that
	 * the indicators change their minds meanwhile.
	 */
	@Test
	void whileARunnerRunsHealthIsNotServingAndThenServingOnce() {
		try (TestApplication app = TestApplication.of(Config.class).starting(READINESS)) {
			HealthClient health = app.health();
			HealthWatch overall = health.watch("");
			HealthWatch service = health.watch("routeguide.RouteGuide");
			HealthWatch liveness = health.watch("liveness");
			liveness.awaitStatuses("SERVING");
			for (Status status : List.of(Status.UP, Status.DOWN, Status.UNKNOWN, Status.UP)) {
				app.indicator("one").answer(status);
				app.sample(app.indicator("one"), app.indicator("two"));
				assertThat(health.check("")).isEqualTo("NOT_SERVING");
				assertThat(health.check("readiness")).isEqualTo("NOT_SERVING");
				assertThat(health.check("routeguide.RouteGuide")).isEqualTo("NOT_SERVING");
			}
			assertThat(app.state()).isEqualTo(GrpcServerState.STARTING);

			app.endStart();

			overall.awaitLast("SERVING");
			app.sample(app.indicator("one"), app.indicator("two"));
			assertThat(health.check("")).isEqualTo("SERVING");
			overall.awaitStatuses("NOT_SERVING", "SERVING");
			service.awaitStatuses("NOT_SERVING", "SERVING");
			liveness.awaitStatuses("SERVING");
		}
	}

	@Test
	void anAnswerThatIsAskedForDuringTheStartIsAskedForAgainAfterwards() {
		try (TestApplication app = TestApplication.of(Config.class).starting(READINESS)) {
			TestHealthIndicator one = app.indicator("one");
			app.sample(one, app.indicator("two"));
			app.awaitAnswers();
			HealthWatch watch = app.health().watch("");
			watch.awaitStatuses("NOT_SERVING");
			one.answer(Status.DOWN);
			app.sample(one);
			app.awaitAnswers();
			Runnable release = one.hang();
			int asked = one.asked();
			app.healthTimer().advance(Duration.ofSeconds(5));
			await().atMost(Duration.ofSeconds(30)).until(() -> one.asked() == asked + 1);
			app.endStart();
			one.answer(Status.UP);
			release.run();
			// Without any time passing, and never more than one at a time.
			await().atMost(Duration.ofSeconds(30)).until(() -> one.asked() == asked + 2);
			watch.awaitStatuses("NOT_SERVING", "SERVING");
			app.awaitAnswers();
			assertThat(one.asked()).isEqualTo(asked + 2);
		}
	}

	@Test
	void aChangeOfTheAvailabilityIsToldWithoutAnyTimePassing() {
		try (TestApplication app = TestApplication.of(Config.class).run(READINESS)) {
			app.awaitAnswers();
			HealthClient health = app.health();
			HealthWatch overall = health.watch("");
			HealthWatch liveness = health.watch("liveness");
			overall.awaitStatuses("SERVING");
			liveness.awaitStatuses("SERVING");
			int asked = app.indicator("one").asked();

			app.publish(ReadinessState.REFUSING_TRAFFIC);
			overall.awaitStatuses("SERVING", "NOT_SERVING");
			app.publish(ReadinessState.ACCEPTING_TRAFFIC);
			overall.awaitStatuses("SERVING", "NOT_SERVING", "SERVING");
			app.publish(LivenessState.BROKEN);
			liveness.awaitStatuses("SERVING", "NOT_SERVING");
			app.publish(LivenessState.CORRECT);
			liveness.awaitStatuses("SERVING", "NOT_SERVING", "SERVING");

			assertThat(overall.statuses()).hasSize(3);
			assertThat(app.indicator("one").asked()).isEqualTo(asked);
		}
	}

	@Test
	void anAnswerThatComesWhileTheServerDrainsDoesNotUndoTheDrain() {
		try (TestApplication app = TestApplication.of(Config.class)
			.run(READINESS, "grpc.server.shutdown.propagation-delay=1h")) {
			HealthClient health = app.health();
			HealthWatch watch = health.watch("");
			watch.awaitStatuses("SERVING");
			app.indicator("one").answer(Status.DOWN);
			app.sample(app.indicator("one"), app.indicator("two"));
			watch.awaitStatuses("SERVING", "NOT_SERVING");
			app.awaitAnswers();
			Runnable release = app.indicator("one").hang();
			int asked = app.indicator("one").asked();
			app.healthTimer().advance(Duration.ofSeconds(5));
			await().atMost(Duration.ofSeconds(30)).until(() -> app.indicator("one").asked() == asked + 1);
			app.closeAsync();
			app.awaitState(GrpcServerState.ANNOUNCING);

			app.indicator("one").answer(Status.UP);
			release.run();
			app.sample(app.indicator("one"), app.indicator("two"));
			app.publish(ReadinessState.ACCEPTING_TRAFFIC);

			assertThat(health.list()).containsEntry("", "NOT_SERVING")
				.containsEntry("readiness", "NOT_SERVING")
				.containsEntry("routeguide.RouteGuide", "NOT_SERVING")
				.containsEntry("liveness", "SERVING");
			assertThat(watch.statuses()).containsExactly("SERVING", "NOT_SERVING");
		}
	}

	@Test
	void aContextThatIsRestartedServesAgain() {
		try (TestApplication app = TestApplication.of(Config.class)
			.run(READINESS, "grpc.server.shutdown.propagation-delay=0")) {
			app.awaitAnswers();
			app.context().stop();
			app.context().start();
			app.awaitState(GrpcServerState.SERVING);
			HealthClient health = app.health();
			app.sample(app.indicator("one"), app.indicator("two"));
			assertThat(health.check("")).isEqualTo("SERVING");
			app.indicator("two").answer(Status.DOWN);
			app.sample(app.indicator("one"), app.indicator("two"));
			assertThat(health.check("")).isEqualTo("NOT_SERVING");
		}
	}

	/**
	 * With real timers: what must not matter is the application's own scheduler.
	 */
	@Test
	void aStuckScheduledMethodDoesNotFreezeHealth() throws Exception {
		try (ConfigurableApplicationContext context = new SpringApplicationBuilder(StuckConfig.class)
			.web(WebApplicationType.NONE)
			.registerShutdownHook(false)
			.properties("grpc.server.port=0", "grpc.server.health.sample-interval=20ms", READINESS)
			.run(); GrpcClient client = GrpcClient.of(context)) {
			Stuck stuck = context.getBean(Stuck.class);
			assertThat(stuck.entered.await(30, TimeUnit.SECONDS)).isTrue();
			int ticks = stuck.ticks.get();
			HealthWatch watch = new HealthClient(client.channel()).watch("");
			TestHealthIndicator one = context.getBean("oneHealthIndicator", TestHealthIndicator.class);
			watch.awaitLast("SERVING");
			for (int i = 0; i < 3; i++) {
				one.answer(Status.DOWN);
				watch.awaitLast("NOT_SERVING");
				one.answer(Status.UP);
				watch.awaitLast("SERVING");
			}
			assertThat(stuck.ticks).as("the scheduler of the application is stuck").hasValue(ticks);
			stuck.release.countDown();
		}
	}

	static class Config {

		@Bean
		TestHealthIndicator oneHealthIndicator() {
			return new TestHealthIndicator();
		}

		@Bean
		TestHealthIndicator twoHealthIndicator() {
			return new TestHealthIndicator();
		}

	}

	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableScheduling
	static class StuckConfig extends Config {

		@Bean
		@GrpcService
		TestRouteGuide routeGuide() {
			return new TestRouteGuide();
		}

		@Bean
		Stuck stuck() {
			return new Stuck();
		}

	}

	static class Stuck {

		private final CountDownLatch entered = new CountDownLatch(1);

		private final CountDownLatch release = new CountDownLatch(1);

		private final AtomicInteger ticks = new AtomicInteger();

		@Scheduled(fixedRate = 1)
		void tick() {
			this.ticks.incrementAndGet();
		}

		@Scheduled(fixedRate = 1000)
		void stuck() throws InterruptedException {
			this.entered.countDown();
			this.release.await();
		}

	}

}
