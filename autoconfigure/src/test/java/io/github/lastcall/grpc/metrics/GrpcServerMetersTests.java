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

package io.github.lastcall.grpc.metrics;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.grpc.lifecycle.DrainControl;
import io.github.lastcall.grpc.lifecycle.GrpcServerState;
import io.github.lastcall.grpc.lifecycle.GrpcServerStateChangedEvent;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.grpc.testing.TestApplication;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.GenericApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The meters of a server from its start to its end.
 */
@Timeout(120)
@ExtendWith(OutputCaptureExtension.class)
class GrpcServerMetersTests {

	@Test
	void aServerIsMeteredUntilItHasStopped() {
		try (TestApplication app = run("grpc.server.shutdown.propagation-delay=5s",
				"grpc.server.shutdown.grace-period=20s", "grpc.server.shutdown.force-timeout=2s")) {
			MeterRegistry registry = app.bean(PrometheusMeterRegistry.class);
			assertThat(state(registry)).isEqualTo("serving");
			assertThat(gauge(registry, "grpc.server.calls.active")).isZero();
			assertThat(gauge(registry, "grpc.server.connections.active")).isZero();
			app.holdCall();
			assertThat(gauge(registry, "grpc.server.calls.active")).isOne();
			assertThat(gauge(registry, "grpc.server.connections.active")).isOne();
			assertThat(drains(registry, "announcing").count()).isZero();

			app.closeAsync();
			app.awaitState(GrpcServerState.ANNOUNCING);
			assertThat(state(registry)).isEqualTo("announcing");
			assertThat(status(registry, "")).isZero();
			assertThat(status(registry, "test.Other")).isZero();
			app.drainTimer().advance(Duration.ofSeconds(5));
			app.awaitState(GrpcServerState.DRAINING);
			await().until(() -> drains(registry, "announcing").count() == 1);
			assertThat(drains(registry, "announcing").totalTime(TimeUnit.MILLISECONDS)).isEqualTo(5000);
			assertThat(forced(registry)).isZero();
			app.drainTimer().advance(Duration.ofSeconds(20));
			app.awaitState(GrpcServerState.FORCING);
			await().until(() -> drains(registry, "draining").count() == 1);
			assertThat(drains(registry, "draining").totalTime(TimeUnit.MILLISECONDS)).isEqualTo(20_000);
			assertThat(state(registry)).isEqualTo("forcing");
			await().until(() -> forced(registry) == 1);
			app.drainTimer().advance(Duration.ofSeconds(2));
			await().until(() -> drains(registry, "forcing").count() == 1);
			assertThat(drains(registry, "forcing").totalTime(TimeUnit.MILLISECONDS)).isEqualTo(2000);
		}
	}

	@Test
	void anAnnouncementThatIsTakenBackIsTimedToo() {
		try (TestApplication app = run()) {
			MeterRegistry registry = app.bean(PrometheusMeterRegistry.class);
			DrainControl control = app.bean(DrainControl.class);
			control.drain();
			app.awaitState(GrpcServerState.ANNOUNCING);
			app.drainTimer().advance(Duration.ofSeconds(7));
			control.resume();
			app.awaitState(GrpcServerState.SERVING);
			await().until(() -> drains(registry, "announcing").totalTime(TimeUnit.SECONDS) == 7);
			assertThat(drains(registry, "draining").count()).isZero();
		}
	}

	@Test
	void theServingStatusOfEachServiceIsAGauge() {
		try (TestApplication app = run()) {
			MeterRegistry registry = app.bean(PrometheusMeterRegistry.class);
			assertThat(status(registry, "")).isOne();
			assertThat(status(registry, "routeguide.RouteGuide")).isOne();
			assertThat(status(registry, "test.Other")).isOne();
			app.overrides().set("test.Other", ServingStatus.NOT_SERVING);
			assertThat(status(registry, "test.Other")).isZero();
			app.overrides().set("test.Other", ServingStatus.UNKNOWN);
			assertThat(status(registry, "test.Other")).isEqualTo(-1);
			app.overrides().clear("test.Other");
			assertThat(status(registry, "test.Other")).isOne();
			assertThat(status(registry, "")).isOne();
		}
	}

	@Test
	void whatClientsAskForMakesNoMeters() {
		try (TestApplication app = run(); GrpcClient client = GrpcClient.of(app.port())) {
			MeterRegistry registry = app.bean(PrometheusMeterRegistry.class);
			OneMethodService.call(client.channel(), "test.Other");
			await().until(() -> registry.find("grpc.server").timer() != null);
			List<Meter> before = ours(registry);
			for (int i = 0; i < 10; i++) {
				app.health().watch("no.Service" + i).awaitStatuses("SERVICE_UNKNOWN");
				app.health().check("");
			}
			assertThat(ours(registry)).isEqualTo(before);
			assertThat(registry.find("grpc.server.health.status").gauges())
				.extracting((gauge) -> gauge.getId().getTag("service"))
				.containsExactlyInAnyOrder("", "liveness", "readiness", "routeguide.RouteGuide", "test.Other",
						"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
						"grpc.reflection.v1alpha.ServerReflection");
		}
	}

	@Test
	void theServingStatusOfANameThatTheApplicationMakesUpIsAGaugeAndNotANumberWithoutIt() {
		try (TestApplication app = run()) {
			MeterRegistry registry = app.bean(PrometheusMeterRegistry.class);
			app.overrides().set("my.Own", ServingStatus.NOT_SERVING);
			assertThat(status(registry, "my.Own")).isZero();
			app.overrides().set("my.Own", ServingStatus.SERVING);
			assertThat(status(registry, "my.Own")).isOne();
			app.overrides().clear("my.Own");
			assertThat(status(registry, "my.Own")).isNaN();
			for (int i = 0; i < 2000; i++) {
				app.overrides().set("my.Own" + i, ServingStatus.SERVING);
			}
			assertThat(registry.find("grpc.server.health.status").gauges()).hasSize(1000);
		}
	}

	@Test
	void aFilterThatRefusesTheMetersOfHealthFailsNothingAndIsReportedOnce(CapturedOutput output) {
		try (TestApplication app = TestApplication.ofEverything(RefusingFilterConfiguration.class).run()) {
			app.overrides().set("my.Own", ServingStatus.SERVING);
			assertThat(app.health().check("my.Own")).isEqualTo("SERVING");
			assertThat(app.bean(PrometheusMeterRegistry.class).find("grpc.server.health.status").gauges()).isEmpty();
			assertThat(output).containsOnlyOnce("Could not register the meter of a serving status");
		}
	}

	/**
	 * Spring hands the events of a context to the listeners of its parent too.
	 */
	@Test
	void theServerOfAChildContextIsNotInTheMetersOfItsParent() {
		GrpcServerContextRunner.create()
			.withBean(SimpleMeterRegistry.class)
			.withUserConfiguration(ParentConfiguration.class)
			.run((parent) -> {
				MeterRegistry registry = parent.getBean(MeterRegistry.class);
				try (GenericApplicationContext child = new GenericApplicationContext(parent)) {
					child.refresh();
					child.publishEvent(new GrpcServerStateChangedEvent(this, "network", GrpcServerState.DRAINING,
							GrpcServerState.STOPPED, Duration.ofSeconds(1), 0, Instant.EPOCH));
				}
				assertThat(drains(registry, "draining").count()).isZero();
				parent.getSourceApplicationContext().stop();
				assertThat(drains(registry, "draining").count()).isOne();
			});
	}

	@Configuration(proxyBeanMethods = false)
	static class RefusingFilterConfiguration {

		@Bean
		static BeanPostProcessor refusingFilter() {
			return GrpcCallMetersTests.RefusingFilterConfiguration.filter((id) -> {
				if (id.getName().equals("grpc.server.health.status")) {
					throw new IllegalArgumentException("on purpose");
				}
			});
		}

	}

	private static TestApplication run(String... properties) {
		return TestApplication.ofEverything().run(properties);
	}

	private static List<Meter> ours(MeterRegistry registry) {
		return registry.getMeters().stream().filter((meter) -> meter.getId().getName().startsWith("grpc.")).toList();
	}

	private static String state(MeterRegistry registry) {
		List<String> states = registry.get("grpc.server.state")
			.tag("server", "network")
			.gauges()
			.stream()
			.filter((gauge) -> gauge.value() == 1)
			.map((gauge) -> String.valueOf(gauge.getId().getTag("state")))
			.toList();
		assertThat(states).hasSize(1);
		return states.get(0);
	}

	private static double gauge(MeterRegistry registry, String name) {
		return registry.get(name).tag("server", "network").gauge().value();
	}

	private static double status(MeterRegistry registry, String service) {
		Gauge gauge = registry.get("grpc.server.health.status").tag("service", service).gauge();
		return gauge.value();
	}

	private static Timer drains(MeterRegistry registry, String state) {
		return registry.get("grpc.server.drain").tags("server", "network", "state", state).timer();
	}

	private static double forced(MeterRegistry registry) {
		return registry.get("grpc.server.calls.forced").tag("server", "network").functionCounter().count();
	}

	@Configuration(proxyBeanMethods = false)
	static class ParentConfiguration {

		@Bean
		@GrpcService
		OneMethodService ofTheParent() {
			return new OneMethodService("a.Parent");
		}

	}

}
