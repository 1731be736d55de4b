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

import io.github.lastcall.grpc.lifecycle.DrainControl;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.GrpcServerState;
import io.github.lastcall.grpc.lifecycle.GrpcServerStateChangedEvent;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.github.lastcall.grpc.testing.TestsProperty;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.event.EventListener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * An application that implements the health service itself.
 */
@ExtendWith(OutputCaptureExtension.class)
class OwnHealthServiceTests {

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withPropertyValues("grpc.server.health.enabled=false");

	@Test
	@TestsProperty("grpc.server.health.enabled")
	void isServedAndFollowsTheStateOfTheServer(CapturedOutput output) {
		this.runner.withBean(OwnHealth.class)
			.withPropertyValues("grpc.server.in-process.enabled=true")
			.run((context) -> {
				try (GrpcClient client = GrpcClient.of(context)) {
					assertThat(check(client)).isEqualTo(ServingStatus.NOT_SERVING);
					AvailabilityChangeEvent.publish(context.getSourceApplicationContext(),
							ReadinessState.ACCEPTING_TRAFFIC);
					assertThat(check(client)).isEqualTo(ServingStatus.SERVING);
					context.getBean(DrainControl.class).drain();
					assertThat(check(client)).isEqualTo(ServingStatus.NOT_SERVING);
				}
				assertThat(output.toString().lines().filter((line) -> line.contains("grpc.server.health.enabled")))
					.singleElement()
					.asString()
					.contains("WARN", "a drain is not announced over gRPC", "GrpcServerStateChangedEvent");
			});
	}

	@Test
	void withoutItThereIsNoHealthAndNoPortForProbes() {
		this.runner.withBean(Guide.class).withPropertyValues("grpc.server.health.port=0").run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				assertThat(client.featureName()).isEqualTo("guide");
				assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(() -> check(client))
					.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED));
			}
			assertThat(context).hasSingleBean(GrpcServerDrain.class);
			assertThat(context.getBean(ServingStatusTable.class).all()).containsKey("routeguide.RouteGuide");
		});
	}

	private static ServingStatus check(GrpcClient client) {
		return client.health().check(HealthCheckRequest.getDefaultInstance()).getStatus();
	}

	@GrpcService
	static class Guide extends TestRouteGuide {

		Guide() {
			super("guide");
		}

	}

	@GrpcService
	static class OwnHealth extends HealthGrpc.HealthImplBase {

		private volatile ServingStatus status = ServingStatus.NOT_SERVING;

		@Override
		public void check(HealthCheckRequest request, StreamObserver<HealthCheckResponse> responses) {
			responses.onNext(HealthCheckResponse.newBuilder().setStatus(this.status).build());
			responses.onCompleted();
		}

		@EventListener
		void changed(GrpcServerStateChangedEvent event) {
			this.status = (event.getTo() == GrpcServerState.SERVING) ? ServingStatus.SERVING
					: ServingStatus.NOT_SERVING;
		}

	}

}
