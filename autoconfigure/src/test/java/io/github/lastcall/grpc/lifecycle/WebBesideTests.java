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

package io.github.lastcall.grpc.lifecycle;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.grpc.testing.HeldRouteGuide;
import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * An application with Tomcat and Actuator beside its gRPC server.
 */
@Timeout(120)
@ExtendWith(OutputCaptureExtension.class)
class WebBesideTests {

	@Test
	void webAndActuatorAnswerWhileTheEndIsAnnouncedAndThenBothDrainSideBySide(CapturedOutput output) throws Exception {
		try (TestApplication app = TestApplication.ofEverything(SlowController.class)
			.web()
			.run("grpc.server.shutdown.propagation-delay=5s")) {
			SlowController controller = app.bean(SlowController.class);
			int webPort = app.context().getEnvironment().getRequiredProperty("local.server.port", Integer.class);
			Observer<Feature> call = new Observer<>();
			RouteGuideGrpc.newStub(app.channel()).getFeature(HeldRouteGuide.LATE, call);
			CompletableFuture<HttpResponse<String>> request = get(webPort, "/slow");
			app.awaitStarted("GetFeature");
			assertThat(controller.started.await(30, TimeUnit.SECONDS)).isTrue();

			CompletableFuture<Void> closed = app.closeAsync();
			app.awaitState(GrpcServerState.ANNOUNCING);
			assertThat(get(webPort, "/fast").get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
			assertThat(get(webPort, "/actuator/health/readiness").get(30, TimeUnit.SECONDS).statusCode())
				.isEqualTo(503);
			assertThat(get(webPort, "/actuator/health/liveness").get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
			assertThat(output).doesNotContain("Commencing graceful shutdown");

			app.drainTimer().advance(Duration.ofSeconds(5));
			await().until(() -> app.state() == GrpcServerState.DRAINING
					&& output.toString().contains("Commencing graceful shutdown"));
			assertThat(call.ended).isNotDone();
			assertThat(request).isNotDone();

			controller.release.countDown();
			assertThat(request.get(30, TimeUnit.SECONDS).body()).isEqualTo("slow");
			assertThat(app.state()).isEqualTo(GrpcServerState.DRAINING);
			assertThat(closed).isNotDone();
			app.routeGuide().release();
			assertThat(call.awaitEnd()).isEqualTo(Status.Code.OK);
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
		}
	}

	private static CompletableFuture<HttpResponse<String>> get(int port, String path) {
		return HttpClient.newHttpClient()
			.sendAsync(HttpRequest.newBuilder(URI.create("http://localhost:" + port + path)).build(),
					HttpResponse.BodyHandlers.ofString());
	}

	@RestController
	static class SlowController {

		final CountDownLatch started = new CountDownLatch(1);

		final CountDownLatch release = new CountDownLatch(1);

		@GetMapping("/slow")
		String slow() throws InterruptedException {
			this.started.countDown();
			this.release.await(60, TimeUnit.SECONDS);
			return "slow";
		}

		@GetMapping("/fast")
		String fast() {
			return "fast";
		}

	}

}
