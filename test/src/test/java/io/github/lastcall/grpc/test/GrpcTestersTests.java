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

package io.github.lastcall.grpc.test;

import java.time.Duration;

import io.github.lastcall.grpc.health.ServingStatusOverrides;
import io.github.lastcall.grpc.test.app.MapsApplication;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.parallel.Isolated;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;

import static io.github.lastcall.grpc.test.GrpcAssertions.assertThatCall;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Health, the drain signal and streams of a server.
 */
@SpringBootTest(classes = MapsApplication.class)
@Isolated("The drain signal reaches all calls of the context.")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class GrpcTestersTests {

	private static final RouteNote NOTE = RouteNote.newBuilder().setLocation(Points.OSLO).setMessage("Hello").build();

	@GrpcStub
	private RouteGuideGrpc.RouteGuideBlockingV2Stub blocking;

	@GrpcStub
	private RouteGuideGrpc.RouteGuideStub async;

	@Test
	@Order(1)
	void theHealthTesterWaitsForAStatus(@Autowired GrpcHealthTester health,
			@Autowired ServingStatusOverrides overrides) {
		health.awaitServing();
		health.awaitServing(RouteGuideGrpc.SERVICE_NAME);
		overrides.set(RouteGuideGrpc.SERVICE_NAME, ServingStatus.NOT_SERVING);
		try {
			health.awaitStatus(RouteGuideGrpc.SERVICE_NAME, ServingStatus.NOT_SERVING);
			assertThatExceptionOfType(AssertionError.class)
				.isThrownBy(() -> health.within(Duration.ofMillis(200)).awaitServing(RouteGuideGrpc.SERVICE_NAME))
				.withMessage("Expected routeguide.RouteGuide to become SERVING")
				.havingCause()
				.withMessageContainingAll("none came within 200 ms", "status: NOT_SERVING");
		}
		finally {
			overrides.clear(RouteGuideGrpc.SERVICE_NAME);
		}
		health.awaitServing(RouteGuideGrpc.SERVICE_NAME);
	}

	@Test
	@Order(1)
	void theDrainTesterSendsTheSignalAndTheServerKeepsServing(@Autowired GrpcDrainTester drain,
			@Autowired GrpcHealthTester health) {
		StreamRecorder<RouteNote> notes = StreamRecorder.create();
		this.async.routeChat(notes).onNext(NOTE);
		assertThat(notes.next().getMessage()).isEqualTo("Hello");
		drain.drain();
		assertThat(notes.next().getMessage()).isEqualTo("Goodbye");
		notes.awaitCompletion();
		StreamRecorder<RouteNote> later = StreamRecorder.create();
		this.async.routeChat(later);
		assertThat(later.awaitCompletion()).hasSize(1);
		health.awaitServing();
	}

	@Test
	@Order(2)
	void theSignalEndsWithTheTest() {
		StreamRecorder<RouteNote> notes = StreamRecorder.create();
		StreamObserver<RouteNote> chat = this.async.routeChat(notes);
		chat.onNext(NOTE);
		chat.onCompleted();
		assertThat(notes.awaitCompletion()).hasSize(1);
	}

	@Test
	void aStreamThatFailsAfterSomeResponses(@GrpcStub RouteGuideGrpc.RouteGuideBlockingStub iterating) {
		Rectangle rectangle = Rectangle.newBuilder().setLo(Points.OSLO).setHi(Points.OSLO).build();
		assertThatCall(() -> iterating.listFeatures(rectangle)).failsWith(Status.Code.DATA_LOSS)
			.hasDescription("The map ends here");
		assertThatCall(() -> this.blocking.listFeatures(rectangle)).failsWith(Status.Code.DATA_LOSS);
	}

	@Test
	void aSlowClientReadsWhatItAsksFor() {
		StreamRecorder<Feature> features = StreamRecorder.requesting(1);
		this.async.listFeatures(Rectangle.newBuilder().setLo(Points.OSLO).setHi(Points.OSLO).build(), features);
		assertThat(features.next().getName()).isEqualTo("Oslo");
		assertThat(features.getValues()).hasSize(1);
		features.request(1);
		features.next();
		features.cancel();
		assertThat(features.awaitEnd().getCode()).isIn(Status.Code.CANCELLED, Status.Code.DATA_LOSS);
	}

}
