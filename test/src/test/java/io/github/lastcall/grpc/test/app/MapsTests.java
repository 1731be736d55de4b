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

package io.github.lastcall.grpc.test.app;

import io.github.lastcall.grpc.test.GrpcDrainTester;
import io.github.lastcall.grpc.test.GrpcHealthTester;
import io.github.lastcall.grpc.test.GrpcStub;
import io.github.lastcall.grpc.test.StreamRecorder;
import io.github.lastcall.grpc.test.WithGrpcMetadata;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;

import static io.github.lastcall.grpc.test.GrpcAssertions.assertThatCall;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Lines of {@code docs/testing.md}.
 */
@Isolated("The drain signal reaches all calls of the context.")
@SpringBootTest
class MapsTests {

	private static final Point OSLO = Point.newBuilder().setLatitude(599139000).build();

	private static final Point SEA = Point.getDefaultInstance();

	@GrpcStub
	private RouteGuideGrpc.RouteGuideBlockingStub maps;

	@Test
	void osloIsOnTheMap() {
		assertThat(this.maps.getFeature(OSLO).getName()).isEqualTo("Oslo");
	}

	@Test
	void theSeaIsNot() {
		assertThatCall(() -> this.maps.getFeature(SEA)).failsWith(Status.Code.NOT_FOUND)
			.hasDescriptionContaining("Nothing at")
			.hasReason("NO_FEATURE");
	}

	@Test
	void aPointBeyondThePoleIsRefused() {
		Point beyond = Point.newBuilder().setLatitude(900_000_001).build();
		assertThatCall(() -> this.maps.getFeature(beyond)).failsWith(Status.Code.INVALID_ARGUMENT)
			.hasViolation("latitude");
	}

	@Test
	@WithGrpcMetadata("user=ada")
	void aNoteHasItsAuthor(@GrpcStub RouteGuideGrpc.RouteGuideStub maps) {
		StreamRecorder<RouteNote> notes = StreamRecorder.create();
		StreamObserver<RouteNote> chat = maps.routeChat(notes);
		chat.onNext(note("Hello"));
		assertThat(notes.next().getMessage()).isEqualTo("Hello from ada");
		chat.onCompleted();
		notes.awaitCompletion();
	}

	@Test
	void theServiceIsServing(@Autowired GrpcHealthTester health) {
		health.awaitServing("routeguide.RouteGuide");
	}

	@Test
	void aChatEndsWithAGoodbyeWhenTheServerDrains(@GrpcStub RouteGuideGrpc.RouteGuideStub maps,
			@Autowired GrpcDrainTester drain) {
		StreamRecorder<RouteNote> notes = StreamRecorder.create();
		maps.routeChat(notes);
		drain.drain();
		assertThat(notes.next().getMessage()).isEqualTo("Goodbye");
		notes.awaitCompletion();
	}

	private static RouteNote note(String message) {
		return RouteNote.newBuilder().setLocation(OSLO).setMessage(message).build();
	}

}
