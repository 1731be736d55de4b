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
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.GrpcServerState;
import io.github.lastcall.grpc.testing.HealthClient;
import io.github.lastcall.grpc.testing.HealthWatch;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.grpc.testing.TestHealthIndicator;
import io.github.lastcall.grpc.testing.TestsProperty;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.scheduling.annotation.EnableScheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * When and where health indicators are asked, and what becomes of those that fail.
 */
@Timeout(120)
@ExtendWith(OutputCaptureExtension.class)
class HealthSamplingTests {

	private static final String READINESS = "management.endpoint.health.group.readiness.include=readinessState,one";

	private static final String OTHERS = "management.endpoint.health.group.others.include=other";

	private static final String TIMES_OUT = "grpc.server.health.sample-timeout=2s";

	private static final Duration INTERVAL = Duration.ofSeconds(5);

	private static final Duration TIMEOUT = Duration.ofSeconds(2);

	@Test
	void onlyMembersOfGroupsAreAsked() {
		try (TestApplication app = run()) {
			HealthClient health = app.health();
			int before = app.indicator("one").asked();
			for (int round = 1; round <= 20; round++) {
				advanceOneInterval(app);
				assertThat(health.check("")).isEqualTo("SERVING");
				assertThat(health.list()).isNotEmpty();
			}
			assertThat(app.indicator("one").asked()).isEqualTo(before + 20);
			assertThat(app.indicator("outside").asked()).isZero();
		}
	}

	@Test
	@TestsProperty("grpc.server.health.sample-interval")
	void indicatorsAreAskedAtTheIntervalThatIsConfigured() {
		try (TestApplication app = run("grpc.server.health.sample-interval=7s")) {
			TestHealthIndicator one = app.indicator("one");
			int before = one.asked();
			for (int round = 1; round <= 10; round++) {
				app.healthTimer().advance(Duration.ofMillis(6999));
				app.awaitAnswers();
				assertThat(one.asked()).isEqualTo(before + round - 1);
				app.healthTimer().advance(Duration.ofMillis(1));
				int asked = before + round;
				eventually().until(() -> one.asked() == asked);
				app.awaitAnswers();
			}
			HealthClient health = app.health();
			one.answer(Status.DOWN);
			app.healthTimer().advance(Duration.ofMillis(6999));
			assertThat(health.check("")).isEqualTo("SERVING");
			app.healthTimer().advance(Duration.ofMillis(1));
			eventually().until(() -> health.check(""), "NOT_SERVING"::equals);
		}
	}

	@Test
	void aCallAsksNoIndicator() {
		try (TestApplication app = run()) {
			HealthClient health = app.health();
			int before = app.indicator("one").asked();
			for (int i = 0; i < 100; i++) {
				health.check("");
				health.firstOfWatch("readiness");
				health.list();
			}
			assertThat(app.indicator("one").asked()).isEqualTo(before);
		}
	}

	@Test
	void indicatorsAreAskedUntilTheLastServerHasStopped() {
		try (TestApplication app = run("grpc.server.in-process.enabled=true")) {
			app.holdCall();
			app.closeAsync();
			eventually().until(() -> states(app), List.of(GrpcServerState.DRAINING, GrpcServerState.STOPPED)::equals);
			int before = app.indicator("one").asked();
			app.healthTimer().advance(INTERVAL);
			eventually().until(() -> app.indicator("one").asked() > before);
		}
	}

	private static List<GrpcServerState> states(TestApplication app) {
		return app.context()
			.getBeanProvider(GrpcServerDrain.class)
			.stream()
			.map((drain) -> drain.getStatus().state())
			.toList();
	}

	@Test
	void indicatorsAreAskedOnThreadsOfThisLibraryOnly() {
		try (TestApplication app = TestApplication.of(Config.class, SchedulingConfiguration.class)
			.run(READINESS, OTHERS)) {
			for (int round = 0; round < 5; round++) {
				app.sample(app.indicator("one"));
			}
			app.sample(app.indicator("other"));
			assertThat(app.indicator("one").threads()).isNotEmpty()
				.allMatch((thread) -> thread.startsWith("grpc-health-"));
			assertThat(app.indicator("other").threads()).isNotEmpty()
				.allMatch((thread) -> thread.startsWith("grpc-health-"));
		}
	}

	@Test
	void theThreadsEndWithTheContext() {
		Set<Thread> before = healthThreads();
		TestApplication app = run();
		Runnable release = app.indicator("one").hang();
		int asked = app.indicator("one").asked();
		app.healthTimer().advance(INTERVAL);
		eventually().until(() -> app.indicator("one").asked() == asked + 1);
		Set<Thread> threads = healthThreads();
		threads.removeAll(before);
		assertThat(threads).isNotEmpty();
		app.close();
		eventually().until(() -> threads.stream().noneMatch(Thread::isAlive));
		release.run();
	}

	@Test
	@TestsProperty("grpc.server.health.sample-timeout")
	void anIndicatorThatHangsMakesItsGroupsNotServingAfterTheTimeoutAndNoOther() {
		try (TestApplication app = run()) {
			HealthClient health = app.health();
			HealthWatch watch = health.watch("");
			watch.awaitStatuses("SERVING");
			Runnable release = app.indicator("one").hang();
			app.healthTimer().advance(INTERVAL);
			eventually().until(() -> app.healthTimer().pending() == 2);

			app.healthTimer().advance(TIMEOUT.minusMillis(1));
			assertThat(health.check("")).isEqualTo("SERVING");
			app.healthTimer().advance(Duration.ofMillis(1));
			assertThat(health.check("")).isEqualTo("NOT_SERVING");
			assertThat(health.check("test.Other")).isEqualTo("NOT_SERVING");
			assertThat(health.check("others")).isEqualTo("SERVING");
			assertThat(health.check("liveness")).isEqualTo("SERVING");

			release.run();
			watch.awaitStatuses("SERVING", "NOT_SERVING", "SERVING");
		}
	}

	@Test
	void anIndicatorThatHangsDelaysNoOtherLeaksNoThreadAndIsNamedOnce(CapturedOutput output) {
		try (TestApplication app = run()) {
			HealthClient health = app.health();
			TestHealthIndicator other = app.indicator("other");
			TestHealthIndicator one = app.indicator("one");
			int asked = one.asked();
			Set<Thread> before = healthThreads();
			Runnable release = one.hang();
			app.healthTimer().advance(INTERVAL);
			// The next round, and the end of the one answer that is missing.
			eventually().until(() -> app.healthTimer().pending() == 2);
			app.healthTimer().advance(TIMEOUT);
			advance(app, "other", INTERVAL.minus(TIMEOUT));
			for (int round = 2; round < 100; round++) {
				advanceOneInterval(app, "other");
			}
			assertThat(one.asked()).isEqualTo(asked + 1);
			Set<Thread> more = new HashSet<>(healthThreads());
			more.removeAll(before);
			assertThat(more).hasSizeLessThan(5);
			assertThat(health.check("")).isEqualTo("NOT_SERVING");
			other.answer(Status.DOWN);
			advanceOneInterval(app, "other");
			eventually().until(() -> health.check("others").equals("NOT_SERVING"));
			assertThat(lines(output, "'one'")).singleElement()
				.asString()
				.contains("WARN", "did not answer within 2000 ms");

			release.run();
			eventually().until(() -> health.check("").equals("SERVING"));
			assertThat(lines(output, "'one'")).hasSize(2).last().asString().contains("INFO", "answers again");
			advanceOneInterval(app);
			assertThat(one.asked()).isEqualTo(asked + 2);
		}
	}

	@Test
	void anIndicatorThatThrowsMakesItsGroupsNotServingIsNamedOnceAndRecovers(CapturedOutput output) {
		try (TestApplication app = run()) {
			HealthWatch watch = app.health().watch("");
			watch.awaitStatuses("SERVING");
			app.indicator("one").fail(new IllegalStateException("the disk is on fire"));
			for (int round = 0; round < 10; round++) {
				advanceOneInterval(app);
			}
			watch.awaitStatuses("SERVING", "NOT_SERVING");
			assertThat(lines(output, "'one'")).singleElement()
				.asString()
				.contains("WARN", "IllegalStateException", "the disk is on fire");
			app.indicator("one").answer(Status.UP);
			advanceOneInterval(app);
			watch.awaitStatuses("SERVING", "NOT_SERVING", "SERVING");
			assertThat(app.health().check("others")).isEqualTo("SERVING");
		}
	}

	@Test
	void anIndicatorThatHangsFromTheBeginningKeepsTheServerNotServing() {
		HangingFromTheBeginning.release = () -> {
		};
		try (TestApplication app = TestApplication.of(Config.class, HangingFromTheBeginning.class)
			.run(READINESS + ",hanging", OTHERS)) {
			HealthClient health = app.health();
			HealthWatch watch = health.watch("");
			watch.awaitStatuses("NOT_SERVING");
			eventually().until(() -> health.check("others").equals("SERVING"));
			app.healthTimer().advance(Duration.ofMinutes(1));
			assertThat(health.check("")).isEqualTo("NOT_SERVING");
			HangingFromTheBeginning.release.run();
			watch.awaitStatuses("NOT_SERVING", "SERVING");
		}
	}

	private static void advanceOneInterval(TestApplication app) {
		advanceOneInterval(app, "one");
	}

	/**
	 * Begin a round and wait until an indicator has been asked and all have answered, but
	 * for one that has timed out.
	 */
	private static void advanceOneInterval(TestApplication app, String name) {
		advance(app, name, INTERVAL);
	}

	private static void advance(TestApplication app, String name, Duration time) {
		TestHealthIndicator indicator = app.indicator(name);
		int before = indicator.asked();
		app.healthTimer().advance(time);
		eventually().until(() -> indicator.asked() == before + 1);
		app.awaitAnswers();
	}

	private static TestApplication run(String... properties) {
		String[] all = Stream.concat(Stream.of(READINESS, OTHERS, TIMES_OUT), Stream.of(properties))
			.toArray(String[]::new);
		TestApplication app = TestApplication.of(Config.class).run(all);
		app.awaitAnswers();
		return app;
	}

	private static List<String> lines(CapturedOutput output, String text) {
		return output.toString().lines().filter((line) -> line.contains(text)).toList();
	}

	private static Set<Thread> healthThreads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().startsWith("grpc-health-"))
			.collect(Collectors.toSet());
	}

	private static ConditionFactory eventually() {
		return await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(1));
	}

	static class Config {

		@Bean
		TestHealthIndicator oneHealthIndicator() {
			return new TestHealthIndicator();
		}

		@Bean
		TestHealthIndicator otherHealthIndicator() {
			return new TestHealthIndicator();
		}

		@Bean
		TestHealthIndicator outsideHealthIndicator() {
			return new TestHealthIndicator();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableScheduling
	static class SchedulingConfiguration {

	}

	@Configuration(proxyBeanMethods = false)
	static class HangingFromTheBeginning {

		static volatile Runnable release = () -> {
		};

		@Bean
		TestHealthIndicator hangingHealthIndicator() {
			TestHealthIndicator indicator = new TestHealthIndicator();
			release = indicator.hang();
			return indicator;
		}

	}

}
