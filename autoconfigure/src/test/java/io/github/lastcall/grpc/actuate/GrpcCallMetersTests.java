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

package io.github.lastcall.grpc.actuate;

import java.util.List;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.HealthClient;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

class GrpcCallMetersTests {

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withUserConfiguration(ServiceConfiguration.class);

	@Test
	void callsAreTimedByMethodAndStatus() {
		this.runner.run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				OneMethodService.call(client.channel(), "a.Service");
				OneMethodService.call(client.channel(), "a.Service");
				awaitCalls(context, "OK", 2);
				Timer timer = timer(context, "OK");
				assertThat(timer.getId().getTags()).extracting((tag) -> tag.getKey() + "=" + tag.getValue())
					.containsExactlyInAnyOrder("rpc.service=a.Service", "rpc.method=Call", "rpc.type=UNARY",
							"grpc.status_code=OK", "error=none");
				assertThat(timer.totalTime(TimeUnit.NANOSECONDS)).isPositive();
				assertThat(counter(context, "grpc.server.received")).isEqualTo(2);
				assertThat(counter(context, "grpc.server.sent")).isEqualTo(2);
			}
		});
	}

	@Test
	void theStatusIsTheOneThatTheClientGot() {
		this.runner.run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				assertThatExceptionOfType(StatusRuntimeException.class)
					.isThrownBy(() -> OneMethodService.call(client.channel(), "a.Failing"))
					.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.UNKNOWN));
				await().until(() -> context.getBean(MeterRegistry.class)
					.find("grpc.server")
					.tags("rpc.service", "a.Failing", "grpc.status_code", "UNKNOWN")
					.timer() != null);
			}
		});
	}

	@Test
	void whatIsNotServedAndWhatIsNotTheApplicationsHasNoMeters() {
		this.runner.run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				List<Meter> before = meters(context);
				for (int i = 0; i < 100; i++) {
					String service = "unknown.Service" + i;
					assertThatExceptionOfType(StatusRuntimeException.class)
						.isThrownBy(() -> OneMethodService.call(client.channel(), service));
				}
				new HealthClient(client.channel()).check("");
				assertThat(meters(context)).isEqualTo(before);
			}
		});
	}

	@Test
	void aServerThatStartsAgainGoesOnCounting() {
		this.runner.run((context) -> {
			for (int i = 1; i <= 2; i++) {
				try (GrpcClient client = GrpcClient.of(context)) {
					OneMethodService.call(client.channel(), "a.Service");
					awaitCalls(context, "OK", i);
					assertThat(counter(context, "grpc.server.received")).isEqualTo(i);
				}
				context.getSourceApplicationContext().stop();
				context.getSourceApplicationContext().start();
			}
		});
	}

	private static void awaitCalls(ApplicationContext context, String status, long calls) {
		await().until(() -> context.getBean(MeterRegistry.class)
			.find("grpc.server")
			.tags("rpc.service", "a.Service", "grpc.status_code", status)
			.timers()
			.stream()
			.anyMatch((timer) -> timer.count() == calls));
	}

	private static Timer timer(ApplicationContext context, String status) {
		return context.getBean(MeterRegistry.class)
			.get("grpc.server")
			.tags("rpc.service", "a.Service", "grpc.status_code", status)
			.timer();
	}

	private static double counter(ApplicationContext context, String name) {
		return context.getBean(MeterRegistry.class).get(name).tag("rpc.service", "a.Service").functionCounter().count();
	}

	private static List<Meter> meters(ApplicationContext context) {
		return context.getBean(MeterRegistry.class).getMeters();
	}

	@Configuration(proxyBeanMethods = false)
	static class ServiceConfiguration {

		@Bean
		SimpleMeterRegistry meterRegistry() {
			return new SimpleMeterRegistry();
		}

		@Bean
		@GrpcService
		OneMethodService service() {
			return new OneMethodService("a.Service");
		}

		@Bean
		@GrpcService
		OneMethodService failing() {
			return new OneMethodService("a.Failing", () -> {
				throw new IllegalStateException("on purpose");
			});
		}

	}

}
