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

import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.zaxxer.hikari.HikariDataSource;
import io.github.lastcall.grpc.server.LocalGrpcInProcessName;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.test.annotation.DirtiesContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * What a client is told when a call fails: of a request that breaks the rules of the
 * {@code .proto} file, and of a database that is away.
 */
@SpringBootTest(webEnvironment = WebEnvironment.NONE,
		properties = { "grpc.server.port=-1", "grpc.server.in-process.enabled=true" })
class RouteGuideErrorsTests {

	private static final int SOUTH_POLE = -900_000_000;

	private final ManagedChannel channel;

	RouteGuideErrorsTests(@LocalGrpcInProcessName String server) {
		this.channel = InProcessChannelBuilder.forName(server).directExecutor().build();
	}

	@AfterEach
	void disconnect() {
		this.channel.shutdownNow();
	}

	@ParameterizedTest
	@CsvSource({ "900000001, 0, latitude", "-2147483648, 0, latitude", "0, 1800000001, longitude",
			"0, -2147483648, longitude" })
	void aPointThatIsNotOnEarthIsRefused(int latitude, int longitude, String field) {
		StatusRuntimeException refused = refused(() -> blocking().getFeature(point(latitude, longitude)));
		assertThat(refused.getStatus().getDescription()).startsWith(field + ": must be greater than or equal to -");
		assertThat(violations(refused)).extracting(BadRequest.FieldViolation::getField).containsExactly(field);
	}

	@Test
	void everyPointOnEarthIsServed() {
		Point pole = point(SOUTH_POLE, 1_800_000_000);
		assertThat(blocking().getFeature(pole).getLocation()).isEqualTo(pole);
	}

	@Test
	void eachWrongCornerOfARectangleIsNamed() {
		Rectangle rectangle = Rectangle.newBuilder().setHi(point(0, 1_800_000_001)).build();
		Iterator<?> features = blocking().listFeatures(rectangle);
		assertThat(violations(refused(features::hasNext))).extracting(BadRequest.FieldViolation::getField)
			.containsExactly("lo", "hi.longitude");
	}

	@Test
	void aRouteEndsAtTheFirstPointThatIsNotOnEarth() {
		End summary = new End();
		StreamObserver<Point> route = async().recordRoute(summary.observer());
		Stream.of(point(0, 0), point(0, Integer.MAX_VALUE), point(0, 0)).forEach(route::onNext);
		route.onCompleted();
		assertThat(summary.status().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
		assertThat(summary.received()).isFalse();
	}

	@Test
	void aNoteWithoutAPlaceAndOneThatIsTooLongAreRefused() {
		RouteNote placeless = RouteNote.newBuilder().setMessage("Where am I?").build();
		assertThat(chat(placeless).getDescription()).startsWith("location: ");
		RouteNote longest = RouteNote.newBuilder().setLocation(point(1, 1)).setMessage("x".repeat(500)).build();
		assertThat(chat(longest)).isEqualTo(Status.OK);
		assertThat(chat(longest.toBuilder().setMessage("x".repeat(501)).build()).getDescription())
			.startsWith("message: ");
	}

	@Test
	@DirtiesContext
	void whileTheDatabaseIsAwayClientsAreToldToTryAgainAndNoMore(@Autowired HikariDataSource database) {
		database.close();
		StatusRuntimeException ex = catchThrowableOfType(StatusRuntimeException.class,
				() -> blocking().getFeature(point(0, 0)));
		assertThat(ex).hasMessage("UNAVAILABLE: The features are not available, try again");
		assertThat(StatusProto.fromThrowable(ex).getDetailsList()).extracting(Any::getTypeUrl)
			.containsExactly("type.googleapis.com/google.rpc.ErrorInfo", "type.googleapis.com/google.rpc.RetryInfo");
	}

	private Status chat(RouteNote note) {
		End end = new End();
		StreamObserver<RouteNote> chat = async().routeChat(end.observer());
		chat.onNext(note);
		chat.onCompleted();
		return end.status();
	}

	private static StatusRuntimeException refused(Runnable call) {
		StatusRuntimeException ex = catchThrowableOfType(StatusRuntimeException.class, call::run);
		assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
		return ex;
	}

	private static List<BadRequest.FieldViolation> violations(StatusRuntimeException ex) {
		try {
			return StatusProto.fromThrowable(ex).getDetails(0).unpack(BadRequest.class).getFieldViolationsList();
		}
		catch (InvalidProtocolBufferException invalid) {
			throw new IllegalStateException(invalid);
		}
	}

	private RouteGuideGrpc.RouteGuideBlockingStub blocking() {
		return RouteGuideGrpc.newBlockingStub(this.channel);
	}

	private RouteGuideGrpc.RouteGuideStub async() {
		return RouteGuideGrpc.newStub(this.channel);
	}

	private static Point point(int latitude, int longitude) {
		return Point.newBuilder().setLatitude(latitude).setLongitude(longitude).build();
	}

	/**
	 * The end of a call.
	 */
	private static final class End {

		private final CompletableFuture<Status> ended = new CompletableFuture<>();

		private volatile boolean received;

		<R> StreamObserver<R> observer() {
			return new StreamObserver<>() {

				@Override
				public void onNext(R message) {
					End.this.received = true;
				}

				@Override
				public void onError(Throwable ex) {
					End.this.ended.complete(Status.fromThrowable(ex));
				}

				@Override
				public void onCompleted() {
					End.this.ended.complete(Status.OK);
				}

			};
		}

		Status status() {
			return this.ended.orTimeout(30, TimeUnit.SECONDS).join();
		}

		boolean received() {
			return this.received;
		}

	}

}
