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

package io.github.lastcall.grpc.autoconfigure;

import io.github.lastcall.grpc.metrics.GrpcServerMetrics;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.availability.ApplicationAvailabilityAutoConfiguration;
import org.springframework.boot.autoconfigure.context.LifecycleAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Services that come from the auto-configuration of a library: Spring Boot sorts those by
 * the names of their classes.
 */
@ExtendWith(OutputCaptureExtension.class)
class ServiceOfAnAutoConfigurationTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withPropertyValues("grpc.server.port=0")
		.withConfiguration(AutoConfigurations.of(ApplicationAvailabilityAutoConfiguration.class,
				LifecycleAutoConfiguration.class, GrpcEndpointAutoConfiguration.class,
				GrpcServerAutoConfiguration.class, GrpcServerHealthContributorAutoConfiguration.class,
				GrpcServerMetricsAutoConfiguration.class, GrpcServerObservationAutoConfiguration.class));

	@Test
	void isServedWhateverTheNameOfTheLibrary() {
		this.runner.withConfiguration(AutoConfigurations.of(ZuluAutoConfiguration.class)).run((context) -> {
			assertThat(context).hasSingleBean(GrpcServerMetrics.class).hasBean("grpcHealthIndicator");
			try (GrpcClient client = GrpcClient.of(context)) {
				assertThat(client.featureName()).isEqualTo("zulu");
			}
		});
	}

	@Test
	void isNamedInAWarningIfItAsksToComeTooLate(CapturedOutput output) {
		this.runner.withConfiguration(AutoConfigurations.of(LateAutoConfiguration.class)).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(output.toString().lines().filter((line) -> line.contains("@GrpcService"))).singleElement()
				.asString()
				.contains("WARN", "[routeGuide]", "GrpcServerAutoConfiguration");
		});
	}

	@AutoConfiguration
	static class ZuluAutoConfiguration {

		@Bean
		@GrpcService
		TestRouteGuide routeGuide() {
			return new TestRouteGuide("zulu");
		}

	}

	@AutoConfiguration(after = GrpcServerAutoConfiguration.class)
	static class LateAutoConfiguration {

		@Bean
		@GrpcService
		TestRouteGuide routeGuide() {
			return new TestRouteGuide("late");
		}

	}

}
