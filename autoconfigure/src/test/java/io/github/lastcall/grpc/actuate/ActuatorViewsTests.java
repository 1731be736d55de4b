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

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;

import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.GrpcServerState;
import io.github.lastcall.grpc.lifecycle.ServerDeath;
import io.github.lastcall.grpc.testing.HealthClient;
import io.github.lastcall.grpc.testing.HealthWatch;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.grpc.testing.TestHealthIndicator;
import io.github.lastcall.grpc.testing.TestsProperty;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import org.json.JSONException;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.skyscreamer.jsonassert.JSONAssert;
import org.skyscreamer.jsonassert.JSONCompareMode;

import org.springframework.boot.health.contributor.Status;
import org.springframework.context.annotation.Bean;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What an operator sees of the server by HTTP.
 */
@Timeout(120)
class ActuatorViewsTests {

	private static final String EXPOSED = "management.endpoints.web.exposure.include=health,grpc";

	private static final String DETAILS = "management.endpoint.health.show-details=always";

	@Test
	void theEndpointShowsServersServicesAndHealth() throws Exception {
		try (TestApplication app = run(EXPOSED, "grpc.server.health.port=0", "grpc.server.health.sample-interval=7s",
				"grpc.server.health.sample-timeout=1500ms", "grpc.server.health.services.test.Other=own",
				"grpc.server.executor.threads=300", "management.endpoint.health.group.own.include=one")) {
			app.awaitAnswers();
			HealthClient health = app.health();
			List<HealthWatch> watches = List.of(health.watch(""), health.watch(""), health.watch("test.Other"));
			watches.forEach((watch) -> watch.awaitStatuses("SERVING"));
			app.overrides().set("routeguide.RouteGuide", ServingStatus.NOT_SERVING);
			app.overrides().set("an.Own.Name", ServingStatus.SERVING);

			HttpResponse<String> response = get(app, "/actuator/grpc");

			assertThat(response.statusCode()).isEqualTo(200);
			JSONAssert.assertEquals("""
					{
					  "servers": [
					    {
					      "name": "network",
					      "address": "127.0.0.1",
					      "port": %d,
					      "state": "SERVING",
					      "failed": false,
					      "connections": 1,
					      "callsInFlight": 0
					    },
					    {
					      "name": "health",
					      "address": "127.0.0.1",
					      "port": %d,
					      "state": "SERVING",
					      "failed": false,
					      "connections": 0,
					      "callsInFlight": 0
					    }
					  ],
					  "services": {
					    "routeguide.RouteGuide": {
					      "infrastructure": false,
					      "methods": {
					        "GetFeature": {
					          "type": "unary",
					          "request": "routeguide.Point",
					          "response": "routeguide.Feature"
					        },
					        "ListFeatures": {
					          "type": "server streaming",
					          "request": "routeguide.Rectangle",
					          "response": "routeguide.Feature"
					        },
					        "RecordRoute": {
					          "type": "client streaming",
					          "request": "routeguide.Point",
					          "response": "routeguide.RouteSummary"
					        },
					        "RouteChat": {
					          "type": "bidirectional streaming",
					          "request": "routeguide.RouteNote",
					          "response": "routeguide.RouteNote"
					        }
					      }
					    },
					    "test.Other": {
					      "infrastructure": false,
					      "methods": {
					        "Call": {
					          "type": "unary"
					        }
					      }
					    },
					    "grpc.health.v1.Health": {
					      "infrastructure": true,
					      "methods": {
					        "Check": {
					          "type": "unary",
					          "request": "grpc.health.v1.HealthCheckRequest",
					          "response": "grpc.health.v1.HealthCheckResponse"
					        },
					        "List": {
					          "type": "unary"
					        },
					        "Watch": {
					          "type": "server streaming"
					        }
					      }
					    },
					    "grpc.reflection.v1.ServerReflection": {
					      "infrastructure": true
					    },
					    "grpc.reflection.v1alpha.ServerReflection": {
					      "infrastructure": true
					    }
					  },
					  "executor": {
					    "maxThreads": 330,
					    "active": 0,
					    "waiting": 0
					  },
					  "health": {
					    "sampleInterval": "PT7S",
					    "sampleTimeout": "PT1.5S",
					    "notServingAs": "status",
					    "statuses": {
					      "": {
					        "status": "SERVING",
					        "source": "group",
					        "group": "readiness",
					        "watchers": 2
					      },
					      "routeguide.RouteGuide": {
					        "status": "NOT_SERVING",
					        "source": "override",
					        "group": "readiness",
					        "override": "NOT_SERVING",
					        "watchers": 0
					      },
					      "test.Other": {
					        "status": "SERVING",
					        "source": "group",
					        "group": "own",
					        "watchers": 1
					      },
					      "an.Own.Name": {
					        "status": "SERVING",
					        "source": "override",
					        "override": "SERVING",
					        "watchers": 0
					      },
					      "own": {
					        "status": "SERVING",
					        "source": "group",
					        "group": "own",
					        "watchers": 0
					      },
					      "liveness": {
					        "status": "SERVING",
					        "source": "group",
					        "group": "liveness",
					        "watchers": 0
					      },
					      "readiness": {
					        "status": "SERVING",
					        "source": "group",
					        "group": "readiness",
					        "watchers": 0
					      }
					    }
					  }
					}
					""".formatted(app.port(), app.probePort()), response.body(), JSONCompareMode.LENIENT);
			JSONObject body = new JSONObject(response.body());
			Instant since = Instant.parse(body.getJSONArray("servers").getJSONObject(0).getString("since"));
			assertThat(since).isBetween(Instant.now().minus(Duration.ofMinutes(2)), Instant.now());
			assertThat(status(body, "")).doesNotContain("override");
			assertThat(body.getJSONObject("services").getJSONObject("test.Other").toString()).doesNotContain("request");
		}
	}

	@Test
	void theEndpointShowsADrainAndWhatDoesNotFollowIt() throws Exception {
		try (TestApplication app = run(EXPOSED, "grpc.server.shutdown.propagation-delay=1h")) {
			HealthWatch watch = app.health().watch("test.Other");
			watch.awaitStatuses("SERVING");
			app.overrides().set("test.Other", ServingStatus.SERVING);
			app.closeAsync();
			watch.awaitStatuses("SERVING", "NOT_SERVING");

			JSONObject body = new JSONObject(get(app, "/actuator/grpc").body());

			JSONAssert.assertEquals("""
					{
					  "servers": [ { "name": "network", "state": "ANNOUNCING" } ],
					  "health": {
					    "statuses": {
					      "": { "status": "NOT_SERVING", "source": "drain", "group": "readiness" },
					      "test.Other": {
					        "status": "NOT_SERVING",
					        "source": "drain",
					        "group": "readiness",
					        "override": "SERVING",
					        "watchers": 1
					      },
					      "liveness": { "status": "SERVING", "source": "group", "group": "liveness" }
					    }
					  }
					}
					""", body, JSONCompareMode.LENIENT);
		}
	}

	@Test
	void theEndpointIsNotExposedUnlessAskedFor() throws Exception {
		try (TestApplication app = run()) {
			assertThat(get(app, "/actuator/health").statusCode()).isEqualTo(200);
			assertThat(get(app, "/actuator/grpc").statusCode()).isEqualTo(404);
			assertThat(app.context().getBeansOfType(GrpcEndpoint.class)).isEmpty();
		}
	}

	@Test
	@TestsProperty("management.endpoint.grpc.access")
	void theEndpointDrainsForThoseOnlyWhoMayWrite() throws Exception {
		try (TestApplication app = run(EXPOSED)) {
			assertThat(get(app, "/actuator/grpc").statusCode()).isEqualTo(200);
			assertThat(post(app, "/actuator/grpc/drain").statusCode()).isEqualTo(404);
			assertThat(app.health().check("")).isEqualTo("SERVING");
		}
		try (TestApplication app = run(EXPOSED, "management.endpoint.grpc.access=unrestricted")) {
			assertThat(post(app, "/actuator/grpc/drain").statusCode()).isEqualTo(200);
			assertThat(app.health().check("")).isEqualTo("NOT_SERVING");
		}
		try (TestApplication app = run(EXPOSED, "management.endpoint.grpc.access=none")) {
			assertThat(get(app, "/actuator/grpc").statusCode()).isEqualTo(404);
		}
	}

	@Test
	@TestsProperty("management.endpoint.grpc.cache.time-to-live")
	void theEndpointIsAskedAgainWhenItsAnswerIsTooOld() throws Exception {
		String shown = "\"override\":\"NOT_SERVING\"";
		try (TestApplication app = run(EXPOSED)) {
			assertThat(get(app, "/actuator/grpc").body()).doesNotContain(shown);
			app.overrides().set("test.Other", ServingStatus.NOT_SERVING);
			assertThat(get(app, "/actuator/grpc").body()).contains(shown);
		}
		try (TestApplication app = run(EXPOSED, "management.endpoint.grpc.cache.time-to-live=1h")) {
			assertThat(get(app, "/actuator/grpc").body()).doesNotContain(shown);
			app.overrides().set("test.Other", ServingStatus.NOT_SERVING);
			assertThat(get(app, "/actuator/grpc").body()).doesNotContain(shown);
		}
	}

	@Test
	@TestsProperty("management.health.grpc.enabled")
	void theIndicatorCanBeTakenAway() throws Exception {
		try (TestApplication app = run(DETAILS, "management.health.grpc.enabled=false")) {
			assertThat(get(app, "/actuator/health").body()).doesNotContain("\"grpc\"");
			assertThat(get(app, "/actuator/health/grpc").statusCode()).isEqualTo(404);
		}
	}

	@Test
	void theIndicatorShowsTheServingStatusOfEachServiceOfTheApplication() throws Exception {
		try (TestApplication app = run(DETAILS)) {
			app.overrides().set("test.Other", ServingStatus.NOT_SERVING);
			HttpResponse<String> response = get(app, "/actuator/health/grpc");
			assertThat(response.statusCode()).isEqualTo(200);
			JSONAssert.assertEquals("""
					{
					  "status": "UP",
					  "details": {
					    "state": "SERVING",
					    "address": "127.0.0.1",
					    "port": %d,
					    "services": { "routeguide.RouteGuide": "SERVING", "test.Other": "NOT_SERVING" }
					  }
					}
					""".formatted(app.port()), response.body(), JSONCompareMode.LENIENT);
		}
	}

	@Test
	void theIndicatorInTheReadinessGroupDoesNotFeedBack() throws Exception {
		try (TestApplication app = run(DETAILS,
				"management.endpoint.health.group.readiness.include=readinessState,grpc,one",
				"grpc.server.shutdown.propagation-delay=1h")) {
			HealthWatch watch = app.health().watch("");
			watch.awaitLast("SERVING");
			TestHealthIndicator one = app.indicator("one");
			for (int round = 0; round < 5; round++) {
				app.sample(one);
				assertThat(app.health().check("")).isEqualTo("SERVING");
			}
			assertThat(watch.statuses().stream().filter("SERVING"::equals)).hasSize(1);
			// Neither does it stay down for ever once it has been.
			one.answer(Status.DOWN);
			app.sample(one);
			assertThat(app.health().check("")).isEqualTo("NOT_SERVING");
			assertThat(get(app, "/actuator/health/readiness").statusCode()).isEqualTo(503);
			one.answer(Status.UP);
			app.sample(one);
			assertThat(app.health().check("")).isEqualTo("SERVING");
			assertThat(get(app, "/actuator/health/readiness").statusCode()).isEqualTo(200);

			app.closeAsync();
			app.awaitState(GrpcServerState.ANNOUNCING);
			HttpResponse<String> announcing = get(app, "/actuator/health/grpc");
			assertThat(announcing.statusCode()).isEqualTo(503);
			JSONAssert.assertEquals("""
					{
					  "status": "OUT_OF_SERVICE",
					  "details": { "state": "ANNOUNCING", "services": { "test.Other": "NOT_SERVING" } }
					}
					""", announcing.body(), JSONCompareMode.LENIENT);
		}
	}

	@Test
	void aServerThatHasDiedIsDown() throws Exception {
		try (TestApplication app = run(EXPOSED, DETAILS)) {
			ServerDeath.of(Objects.requireNonNull(app.bean(GrpcServerDrain.class).getStatus().server()));
			await().atMost(Duration.ofSeconds(30))
				.untilAsserted(
						() -> assertThat(get(app, "/actuator/health/grpc").body()).contains("\"status\":\"DOWN\""));
			await().until(() -> get(app, "/actuator/health/readiness").statusCode() == 503);
			assertThat(get(app, "/actuator/health/liveness").statusCode()).isEqualTo(200);
			JSONAssert.assertEquals("""
					{
					  "servers": [ { "name": "network", "state": "STOPPED", "failed": true } ],
					  "health": { "statuses": { "": { "status": "NOT_SERVING", "source": "drain" } } }
					}
					""", get(app, "/actuator/grpc").body(), JSONCompareMode.LENIENT);
		}
	}

	private static TestApplication run(String... properties) {
		return TestApplication.ofEverything(Config.class).web().run(properties);
	}

	private static String status(JSONObject body, String name) throws JSONException {
		return body.getJSONObject("health").getJSONObject("statuses").getJSONObject(name).toString();
	}

	private static HttpResponse<String> get(TestApplication app, String path) throws IOException, InterruptedException {
		return send(app, path, HttpRequest.newBuilder());
	}

	private static HttpResponse<String> post(TestApplication app, String path)
			throws IOException, InterruptedException {
		return send(app, path, HttpRequest.newBuilder().POST(BodyPublishers.noBody()));
	}

	private static HttpResponse<String> send(TestApplication app, String path, HttpRequest.Builder request)
			throws IOException, InterruptedException {
		int port = app.context().getEnvironment().getRequiredProperty("local.server.port", Integer.class);
		return HttpClient.newHttpClient()
			.send(request.uri(URI.create("http://127.0.0.1:" + port + path)).timeout(Duration.ofSeconds(30)).build(),
					BodyHandlers.ofString());
	}

	static class Config {

		@Bean
		TestHealthIndicator oneHealthIndicator() {
			return new TestHealthIndicator();
		}

	}

}
