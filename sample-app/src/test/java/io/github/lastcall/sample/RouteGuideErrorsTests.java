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

package io.github.lastcall.sample;

import java.time.Duration;
import java.util.stream.Stream;

import com.zaxxer.hikari.HikariDataSource;
import io.github.lastcall.grpc.test.GrpcStub;
import io.github.lastcall.grpc.test.StreamRecorder;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.github.lastcall.sample.routeguide.RouteSummary;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.test.annotation.DirtiesContext;

import static io.github.lastcall.grpc.test.GrpcAssertions.assertThatCall;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a client is told when a call fails: of a request that breaks the rules of the
 * {@code .proto} file, and of a database that is away.
 */
@SpringBootTest(webEnvironment = WebEnvironment.NONE)
class RouteGuideErrorsTests {

	private static final int SOUTH_POLE = -900_000_000;

	@GrpcStub
	private RouteGuideGrpc.RouteGuideBlockingStub routeGuide;

	@GrpcStub
	private RouteGuideGrpc.RouteGuideStub async;

	@ParameterizedTest
	@CsvSource({ "900000001, 0, latitude", "-2147483648, 0, latitude", "0, 1800000001, longitude",
			"0, -2147483648, longitude" })
	void aPointThatIsNotOnEarthIsRefused(int latitude, int longitude, String field) {
		assertThatCall(() -> this.routeGuide.getFeature(point(latitude, longitude)))
			.failsWith(Status.Code.INVALID_ARGUMENT)
			.hasDescriptionContaining(field + ": must be greater than or equal to -")
			.hasOnlyViolations(field);
	}

	@Test
	void everyPointOnEarthIsServed() {
		Point pole = point(SOUTH_POLE, 1_800_000_000);
		assertThat(this.routeGuide.getFeature(pole).getLocation()).isEqualTo(pole);
	}

	@Test
	void eachWrongCornerOfARectangleIsNamed() {
		Rectangle rectangle = Rectangle.newBuilder().setHi(point(0, 1_800_000_001)).build();
		assertThatCall(() -> this.routeGuide.listFeatures(rectangle)).failsWith(Status.Code.INVALID_ARGUMENT)
			.hasOnlyViolations("lo", "hi.longitude");
	}

	@Test
	void aRouteEndsAtTheFirstPointThatIsNotOnEarth() {
		StreamRecorder<RouteSummary> summary = StreamRecorder.create();
		StreamObserver<Point> route = this.async.recordRoute(summary);
		Stream.of(point(0, 0), point(0, Integer.MAX_VALUE), point(0, 0)).forEach(route::onNext);
		route.onCompleted();
		assertThatCall(summary).failsWith(Status.Code.INVALID_ARGUMENT);
		assertThat(summary.getValues()).isEmpty();
	}

	@Test
	void aNoteWithoutAPlaceAndOneThatIsTooLongAreRefused() {
		RouteNote placeless = RouteNote.newBuilder().setMessage("Where am I?").build();
		assertThatCall(chat(placeless)).failsWith(Status.Code.INVALID_ARGUMENT).hasViolation("location");
		RouteNote longest = RouteNote.newBuilder().setLocation(point(1, 1)).setMessage("x".repeat(500)).build();
		assertThatCall(chat(longest)).succeeds();
		assertThatCall(chat(longest.toBuilder().setMessage("x".repeat(501)).build()))
			.failsWith(Status.Code.INVALID_ARGUMENT)
			.hasViolation("message");
	}

	@Test
	@DirtiesContext
	void whileTheDatabaseIsAwayClientsAreToldToTryAgainAndNoMore(@Autowired HikariDataSource database) {
		database.close();
		assertThatCall(() -> this.routeGuide.getFeature(point(0, 0))).failsWith(Status.Code.UNAVAILABLE)
			.hasDescription("The features are not available, try again")
			.hasReason("DATABASE_UNAVAILABLE")
			.hasRetryDelay(Duration.ofSeconds(1));
	}

	private StreamRecorder<RouteNote> chat(RouteNote note) {
		StreamRecorder<RouteNote> responses = StreamRecorder.create();
		StreamObserver<RouteNote> chat = this.async.routeChat(responses);
		chat.onNext(note);
		chat.onCompleted();
		return responses;
	}

	private static Point point(int latitude, int longitude) {
		return Point.newBuilder().setLatitude(latitude).setLongitude(longitude).build();
	}

}
