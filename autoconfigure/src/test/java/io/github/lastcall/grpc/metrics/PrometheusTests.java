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

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.TestApplication;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.core.env.Environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What Prometheus gets when it scrapes a server.
 */
@Timeout(120)
class PrometheusTests {

	private static final String EXPOSED = "management.endpoints.web.exposure.include=prometheus";

	private static final String CALLS = "grpc_server_seconds_%s{error=\"none\",grpc_status_code=\"OK\",%s"
			+ "rpc_method=\"GetFeature\",rpc_service=\"routeguide.RouteGuide\",rpc_type=\"UNARY\"} ";

	@Test
	void callsHaveNoHistogramUnlessAskedFor() throws Exception {
		try (TestApplication app = run(EXPOSED)) {
			call(app);
			assertThat(scrape(app)).contains(CALLS.formatted("count", "") + "1")
				.doesNotContain("grpc_server_seconds_bucket");
		}
	}

	@Test
	void theHistogramOfCallsIsSpringBootsProperty() throws Exception {
		try (TestApplication app = run(EXPOSED,
				"management.metrics.distribution.percentiles-histogram.grpc.server=true")) {
			call(app);
			String scrape = scrape(app);
			assertThat(scrape).contains(CALLS.formatted("bucket", "").replace("} ", ",le=\"+Inf\"} ") + "1");
			assertThat(scrape.lines().filter((line) -> line.startsWith("grpc_server_seconds_bucket")))
				.hasSizeGreaterThan(50);
		}
	}

	@Test
	void theObjectivesOfCallsAreSpringBootsProperty() throws Exception {
		try (TestApplication app = run(EXPOSED, "management.metrics.distribution.slo.grpc.server=50ms,10h")) {
			call(app);
			assertThat(scrape(app).lines()
				.filter((line) -> line.startsWith("grpc_server_seconds_bucket"))
				.map((line) -> line.replaceAll(".*le=\"([^\"]*)\".*", "$1")))
				.containsExactly("0.05", "36000.0", "+Inf");
		}
	}

	/**
	 * On a port of its own: the web server of the application takes no connection any
	 * more when the drain begins.
	 */
	@Test
	void theLastScrapeHasTheDrain() throws Exception {
		try (TestApplication app = run(EXPOSED, "management.server.port=0")) {
			assertThat(scrape(app)).contains("grpc_server_drain_seconds_count{server=\"network\",state=\"draining\"} 0",
					"grpc_server_health_status{service=\"\"} 1.0");
			app.holdStopped();
			assertThat(scrape(app)).contains(
					"grpc_server_drain_seconds_count{server=\"network\",state=\"announcing\"} 1",
					"grpc_server_drain_seconds_count{server=\"network\",state=\"draining\"} 1",
					"grpc_server_state{server=\"network\",state=\"stopped\"} 1.0",
					"grpc_server_health_status{service=\"\"} 0.0",
					"grpc_server_health_status{service=\"routeguide.RouteGuide\"} 0.0");
		}
	}

	private static TestApplication run(String... properties) {
		return TestApplication.ofEverything().web().run(properties);
	}

	private static void call(TestApplication app) throws Exception {
		try (GrpcClient client = GrpcClient.of(app.port())) {
			client.featureName();
		}
		await().until(() -> scrape(app).contains("grpc_server_seconds_count"));
	}

	private static String scrape(TestApplication app) throws Exception {
		Environment environment = app.context().getEnvironment();
		int port = environment.getProperty("local.management.port", Integer.class,
				environment.getRequiredProperty("local.server.port", Integer.class));
		HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/actuator/prometheus"))
			.timeout(Duration.ofSeconds(30))
			.build();
		return HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
	}

}
