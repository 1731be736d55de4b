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

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.grpc.testing.TestHealthIndicator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.health.actuate.endpoint.HealthEndpoint;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * What keeps a replica out of service does not depend on what HTTP exposes.
 */
@Timeout(120)
@ExtendWith(OutputCaptureExtension.class)
class HealthExposureTests {

	private static final String GRPC_ONLY = "management.endpoints.web.exposure.include=grpc";

	private static final String GROUP = "management.endpoint.health.group.";

	private static final String MAPPED = "grpc.server.health.services.test.Other=own";

	private static final String NOT_AVAILABLE = "management.endpoint.health.access=none";

	@Test
	void aGroupThatHttpDoesNotExposeKeepsTheReplicaOut() throws Exception {
		try (TestApplication app = run(GRPC_ONLY, GROUP + "readiness.include=readinessState,one",
				GROUP + "own.include=one", MAPPED)) {
			TestHealthIndicator one = app.indicator("one");
			one.answer(Status.DOWN);
			app.sample(one);
			assertThat(app.health().list()).containsEntry("", "NOT_SERVING")
				.containsEntry("routeguide.RouteGuide", "NOT_SERVING")
				.containsEntry("test.Other", "NOT_SERVING")
				.containsEntry("own", "NOT_SERVING")
				.containsEntry("liveness", "SERVING");
			assertThat(get(app, "/actuator/grpc").body()).contains("\"source\":\"group\"")
				.doesNotContain("\"source\":\"availability\"");
			assertThat(get(app, "/actuator/health").statusCode()).isEqualTo(404);
			assertThat(get(app, "/actuator/health/readiness").statusCode()).isEqualTo(404);
		}
	}

	@Test
	void withoutTheHealthEndpointTheStartSaysWhatIsIgnoredAndTheSourceIsTheAvailability(CapturedOutput output)
			throws Exception {
		try (TestApplication app = run(GRPC_ONLY, NOT_AVAILABLE, GROUP + "readiness.include=readinessState,one",
				GROUP + "own.include=one")) {
			assertThat(output.toString().lines().filter((line) -> line.contains("are not evaluated"))).singleElement()
				.asString()
				.contains("WARN", "[own, readiness]", "management.endpoint.health.access");
			assertThat(app.health().list()).containsEntry("", "SERVING").doesNotContainKey("own");
			assertThat(get(app, "/actuator/grpc").body()).contains("\"source\":\"availability\"")
				.doesNotContain("\"source\":\"group\"");
			app.publish(ReadinessState.REFUSING_TRAFFIC);
			assertThat(app.health().check("")).isEqualTo("NOT_SERVING");
		}
	}

	@Test
	void withoutTheHealthEndpointAMappedGroupIsNotSaidToBeUndefined() {
		assertThatThrownBy(() -> run(NOT_AVAILABLE, GROUP + "own.include=one", MAPPED))
			.hasRootCauseInstanceOf(GrpcServerStartException.class)
			.rootCause()
			.hasMessageContainingAll("'own'", "health endpoint is not available");
	}

	@Test
	void withoutTheServerNothingIsEvaluatedThatHttpDoesNotExpose() {
		new ApplicationContextRunner().withUserConfiguration(Application.class)
			.withPropertyValues(GRPC_ONLY, "grpc.server.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(HealthEndpoint.class));
		new ApplicationContextRunner().withUserConfiguration(Application.class)
			.withPropertyValues(GRPC_ONLY)
			.run((context) -> assertThat(context).hasNotFailed().hasSingleBean(HealthEndpoint.class));
	}

	private static TestApplication run(String... properties) {
		return TestApplication.ofEverything(Config.class).web().run(properties);
	}

	private static HttpResponse<String> get(TestApplication app, String path) throws IOException, InterruptedException {
		int port = app.context().getEnvironment().getRequiredProperty("local.server.port", Integer.class);
		URI uri = URI.create("http://127.0.0.1:" + port + path);
		return HttpClient.newHttpClient()
			.send(HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(30)).build(), BodyHandlers.ofString());
	}

	static class Config {

		@Bean
		TestHealthIndicator oneHealthIndicator() {
			return new TestHealthIndicator();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

	}

}
