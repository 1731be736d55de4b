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

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

import io.github.lastcall.grpc.call.SimulatedDrain;
import io.github.lastcall.grpc.test.StreamRecorder;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.github.lastcall.sample.routeguide.RouteSummary;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.context.ConfigurableApplicationContext;

import static io.github.lastcall.grpc.test.GrpcAssertions.assertThatCall;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * The service over gRPC's in-process transport. Client and server run in the test's own
 * thread, so whatever a client causes has happened when its method returns.
 */
class RouteGuideServiceTests {

	private static final ConfigurableApplicationContext DATABASE = FeatureDatabase.start();

	private static final Point EIFFEL_TOWER = point(488584000, 22945000);

	private static final Point NOWHERE = point(0, 0);

	private static final Rectangle WORLD = rectangle(point(-900_000_000, -1_800_000_000),
			point(900_000_000, 1_800_000_000));

	private final AtomicLong nanoTime = new AtomicLong();

	private final AtomicInteger sent = new AtomicInteger();

	private final SimulatedDrain drain = new SimulatedDrain(Runnable::run);

	private final Server server = start(DATABASE.getBean(FeatureRepository.class));

	private final ManagedChannel channel = connect();

	@AfterEach
	void stop() {
		this.channel.shutdownNow();
		this.server.shutdownNow();
	}

	@AfterAll
	static void closeDatabase() {
		DATABASE.close();
	}

	@Test
	void getFeatureTellsWhatIsAtThePoint() {
		Feature feature = blocking().getFeature(EIFFEL_TOWER);
		assertThat(feature.getName()).isEqualTo("Eiffel Tower, France");
		assertThat(feature.getLocation()).isEqualTo(EIFFEL_TOWER);
	}

	@Test
	void getFeatureHasNoNameForAPointWhereNothingIs() {
		Point point = point(-1, 1);
		Feature feature = blocking().getFeature(point);
		assertThat(feature.getName()).isEmpty();
		assertThat(feature.getLocation()).isEqualTo(point);
	}

	@Test
	void listFeaturesSendsEverythingInTheRectangle() {
		List<Feature> features = list(WORLD);
		assertThat(features).hasSizeGreaterThanOrEqualTo(150);
		assertThat(features).extracting(Feature::getName)
			.doesNotHaveDuplicates()
			.contains("Geographic South Pole, Antarctica", "Reykjavik, Iceland", "São Paulo, Brazil");
	}

	@Test
	void listFeaturesTakesOppositeCornersInAnyOrder() {
		Point southEast = point(630_000_000, -130_000_000);
		Point northWest = point(670_000_000, -250_000_000);
		assertThat(list(rectangle(southEast, northWest))).extracting(Feature::getName)
			.containsExactly("Reykjavik, Iceland");
		assertThat(list(rectangle(northWest, southEast))).extracting(Feature::getName)
			.containsExactly("Reykjavik, Iceland");
	}

	@Test
	void listFeaturesSendsNothingWhereNothingIs() {
		assertThat(list(rectangle(point(1, 1), point(2, 2)))).isEmpty();
	}

	@Test
	void listFeaturesSendsNoMoreThanTheClientAskedFor() {
		int total = list(WORLD).size();
		this.sent.set(0);
		StreamRecorder<Feature> client = listSlowly();
		assertThat(this.sent).hasValue(0);
		for (int i = 1; i <= total; i++) {
			client.request(1);
			assertThat(this.sent).hasValue(i);
			assertThat(client.getValues()).hasSize(i);
			assertThat(client.hasEnded()).isFalse();
		}
		client.request(1);
		assertThat(client.hasEnded()).isTrue();
		assertThat(client.awaitCompletion()).hasSize(total);
	}

	@Test
	void listFeaturesStopsWhenTheCallIsCancelled() {
		StreamRecorder<Feature> client = listSlowly();
		client.request(2);
		client.cancel();
		client.request(1000);
		assertThat(this.sent).hasValue(2);
		assertThatCall(client).failsWith(Status.Code.CANCELLED);
	}

	@Test
	void recordRouteSumsTheTripUp() {
		StreamRecorder<RouteSummary> response = StreamRecorder.create();
		StreamObserver<Point> route = async().recordRoute(response);
		pass(Duration.ofSeconds(100));
		route.onNext(EIFFEL_TOWER);
		pass(Duration.ofMillis(1500));
		route.onNext(point(488584000, 22945001));
		pass(Duration.ofMillis(1600));
		route.onNext(point(406892000, -740445000));
		pass(Duration.ofSeconds(100));
		route.onCompleted();
		assertThat(response.awaitCompletion()).singleElement().satisfies((summary) -> {
			assertThat(summary.getPointCount()).isEqualTo(3);
			assertThat(summary.getFeatureCount()).isEqualTo(2);
			assertThat(summary.getDistance()).isBetween(5_830_000, 5_850_000);
			assertThat(summary.getElapsedTime()).isEqualTo(3);
		});
	}

	@Test
	void recordRouteOfATripWithoutPointsIsAllZero() {
		StreamRecorder<RouteSummary> response = StreamRecorder.create();
		async().recordRoute(response).onCompleted();
		assertThat(response.getValues()).containsExactly(RouteSummary.getDefaultInstance());
	}

	@Test
	void recordRouteSaturatesWhatDoesNotFit() {
		StreamRecorder<RouteSummary> response = StreamRecorder.create();
		StreamObserver<Point> route = async().recordRoute(response);
		route.onNext(point(900_000_000, 0));
		// From pole to pole is 20 000 km; 2^31 metres are 107 of these.
		for (int i = 0; i < 60; i++) {
			route.onNext(point(-900_000_000, 0));
			route.onNext(point(900_000_000, 0));
		}
		pass(Duration.ofSeconds(Integer.MAX_VALUE).plusSeconds(1));
		route.onNext(point(900_000_000, 0));
		route.onCompleted();
		assertThat(response.getValues()).singleElement().satisfies((summary) -> {
			assertThat(summary.getDistance()).isEqualTo(Integer.MAX_VALUE);
			assertThat(summary.getElapsedTime()).isEqualTo(Integer.MAX_VALUE);
		});
	}

	@Test
	void routeChatSendsTheEarlierNotesOfTheSamePlace() {
		StreamRecorder<RouteNote> responses = StreamRecorder.create();
		StreamObserver<RouteNote> chat = async().routeChat(responses);
		chat.onNext(note(EIFFEL_TOWER, "First"));
		chat.onNext(note(NOWHERE, "Elsewhere"));
		assertThat(responses.getValues()).isEmpty();
		chat.onNext(note(EIFFEL_TOWER, "Second"));
		assertThat(responses.getValues()).containsExactly(note(EIFFEL_TOWER, "First"));
		chat.onNext(note(EIFFEL_TOWER, "Third"));
		assertThat(responses.getValues()).containsExactly(note(EIFFEL_TOWER, "First"), note(EIFFEL_TOWER, "First"),
				note(EIFFEL_TOWER, "Second"));
		chat.onCompleted();
		responses.awaitCompletion();
	}

	@Test
	void routeChatSendsWhatOtherTravellersLeft() {
		StreamRecorder<RouteNote> ofOne = StreamRecorder.create();
		StreamRecorder<RouteNote> ofTwo = StreamRecorder.create();
		StreamObserver<RouteNote> one = async().routeChat(ofOne);
		StreamObserver<RouteNote> two = async().routeChat(ofTwo);
		one.onNext(note(NOWHERE, "From one"));
		two.onNext(note(NOWHERE, "From two"));
		assertThat(ofTwo.getValues()).containsExactly(note(NOWHERE, "From one"));
		assertThat(ofOne.getValues()).isEmpty();
		one.onNext(note(NOWHERE, "From one again"));
		assertThat(ofOne.getValues()).containsExactly(note(NOWHERE, "From one"), note(NOWHERE, "From two"));
	}

	@Test
	void routeChatReadsNoFurtherThanTheClientDoes() {
		StreamRecorder<RouteNote> responses = StreamRecorder.requesting(1);
		StreamObserver<RouteNote> chat = async().routeChat(responses);
		for (int i = 0; i < 20; i++) {
			chat.onNext(note(NOWHERE, "Note " + i));
		}
		// The second note has one answer, which is all that the client wants to read.
		assertThat(this.sent).hasValue(1);
		// The third note has two.
		responses.request(1);
		assertThat(this.sent).hasValue(3);
		responses.request(1000);
		assertThat(responses.getValues()).hasSize(IntStream.range(0, 20).sum());
		responses.cancel();
	}

	@Test
	void listFeaturesDoesNotWaitForASlowClientWhenTheServerDrains() {
		int total = list(WORLD).size();
		this.sent.set(0);
		StreamRecorder<Feature> client = listSlowly();
		client.request(1);
		assertThat(this.sent).hasValue(1);
		this.drain.drain();
		assertThat(this.sent).hasValue(total);
		client.request(total);
		assertThat(client.awaitCompletion()).hasSize(total);
	}

	@Test
	void routeChatEndsWhenTheServerDrains() {
		StreamRecorder<RouteNote> responses = StreamRecorder.create();
		StreamObserver<RouteNote> chat = async().routeChat(responses);
		chat.onNext(note(EIFFEL_TOWER, "Hello"));
		assertThat(responses.hasEnded()).isFalse();
		this.drain.drain();
		responses.awaitCompletion();
	}

	private Server start(FeatureRepository features) {
		RouteGuideService service = new RouteGuideService(features, new RouteNotes(), this.nanoTime::get);
		try {
			return InProcessServerBuilder.forName(UUID.randomUUID().toString())
				.directExecutor()
				.addService(ServerInterceptors.intercept(service, new MessageCounter(this.sent), this.drain))
				.build()
				.start();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private ManagedChannel connect() {
		String name = this.server.getListenSockets().get(0).toString();
		return InProcessChannelBuilder.forName(name).directExecutor().build();
	}

	private RouteGuideGrpc.RouteGuideBlockingStub blocking() {
		return RouteGuideGrpc.newBlockingStub(this.channel);
	}

	private RouteGuideGrpc.RouteGuideStub async() {
		return RouteGuideGrpc.newStub(this.channel);
	}

	private List<Feature> list(Rectangle rectangle) {
		List<Feature> features = new ArrayList<>();
		blocking().listFeatures(rectangle).forEachRemaining(features::add);
		return features;
	}

	private StreamRecorder<Feature> listSlowly() {
		StreamRecorder<Feature> features = StreamRecorder.requesting(0);
		async().listFeatures(WORLD, features);
		return features;
	}

	private void pass(Duration time) {
		this.nanoTime.addAndGet(time.toNanos());
	}

	private static Point point(int latitude, int longitude) {
		return Point.newBuilder().setLatitude(latitude).setLongitude(longitude).build();
	}

	private static Rectangle rectangle(Point lo, Point hi) {
		return Rectangle.newBuilder().setLo(lo).setHi(hi).build();
	}

	private static RouteNote note(Point location, String message) {
		return RouteNote.newBuilder().setLocation(location).setMessage(message).build();
	}

	/**
	 * Counts the messages that the server sends.
	 */
	private record MessageCounter(AtomicInteger sent) implements ServerInterceptor {

		@Override
		public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
				ServerCallHandler<Q, R> next) {
			return next.startCall(new SimpleForwardingServerCall<>(call) {

				@Override
				public void sendMessage(R message) {
					MessageCounter.this.sent.incrementAndGet();
					super.sendMessage(message);
				}

			}, headers);
		}

	}

}
