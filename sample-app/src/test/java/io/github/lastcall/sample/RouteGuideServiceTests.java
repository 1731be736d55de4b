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
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.github.lastcall.sample.routeguide.RouteSummary;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
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
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.context.ConfigurableApplicationContext;

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
		RecordingListener client = new RecordingListener();
		ClientCall<Rectangle, Feature> call = listSlowly(client);
		assertThat(this.sent).hasValue(0);
		for (int i = 1; i <= total; i++) {
			call.request(1);
			assertThat(this.sent).hasValue(i);
			assertThat(client.received).hasSize(i);
			assertThat(client.status).isNull();
		}
		call.request(1);
		assertThat(client.received).hasSize(total);
		assertThat(client.status).isNotNull().extracting(Status::getCode).isEqualTo(Status.Code.OK);
	}

	@Test
	void listFeaturesStopsWhenTheCallIsCancelled() {
		RecordingListener client = new RecordingListener();
		ClientCall<Rectangle, Feature> call = listSlowly(client);
		call.request(2);
		call.cancel("Seen enough", null);
		call.request(1000);
		assertThat(this.sent).hasValue(2);
		assertThat(client.status).isNotNull().extracting(Status::getCode).isEqualTo(Status.Code.CANCELLED);
	}

	@Test
	void recordRouteSumsTheTripUp() {
		Recorder<RouteSummary> response = new Recorder<>();
		StreamObserver<Point> route = async().recordRoute(response);
		pass(Duration.ofSeconds(100));
		route.onNext(EIFFEL_TOWER);
		pass(Duration.ofMillis(1500));
		route.onNext(point(488584000, 22945001));
		pass(Duration.ofMillis(1600));
		route.onNext(point(406892000, -740445000));
		pass(Duration.ofSeconds(100));
		route.onCompleted();
		assertThat(response.completed).isTrue();
		assertThat(response.received).singleElement().satisfies((summary) -> {
			assertThat(summary.getPointCount()).isEqualTo(3);
			assertThat(summary.getFeatureCount()).isEqualTo(2);
			assertThat(summary.getDistance()).isBetween(5_830_000, 5_850_000);
			assertThat(summary.getElapsedTime()).isEqualTo(3);
		});
	}

	@Test
	void recordRouteOfATripWithoutPointsIsAllZero() {
		Recorder<RouteSummary> response = new Recorder<>();
		async().recordRoute(response).onCompleted();
		assertThat(response.received).containsExactly(RouteSummary.getDefaultInstance());
	}

	@Test
	void recordRouteSaturatesWhatDoesNotFit() {
		Recorder<RouteSummary> response = new Recorder<>();
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
		assertThat(response.received).singleElement().satisfies((summary) -> {
			assertThat(summary.getDistance()).isEqualTo(Integer.MAX_VALUE);
			assertThat(summary.getElapsedTime()).isEqualTo(Integer.MAX_VALUE);
		});
	}

	@Test
	void routeChatSendsTheEarlierNotesOfTheSamePlace() {
		Recorder<RouteNote> responses = new Recorder<>();
		StreamObserver<RouteNote> chat = async().routeChat(responses);
		chat.onNext(note(EIFFEL_TOWER, "First"));
		chat.onNext(note(NOWHERE, "Elsewhere"));
		assertThat(responses.received).isEmpty();
		chat.onNext(note(EIFFEL_TOWER, "Second"));
		assertThat(responses.received).containsExactly(note(EIFFEL_TOWER, "First"));
		chat.onNext(note(EIFFEL_TOWER, "Third"));
		assertThat(responses.received).containsExactly(note(EIFFEL_TOWER, "First"), note(EIFFEL_TOWER, "First"),
				note(EIFFEL_TOWER, "Second"));
		chat.onCompleted();
		assertThat(responses.completed).isTrue();
	}

	@Test
	void routeChatSendsWhatOtherTravellersLeft() {
		Recorder<RouteNote> ofOne = new Recorder<>();
		Recorder<RouteNote> ofTwo = new Recorder<>();
		StreamObserver<RouteNote> one = async().routeChat(ofOne);
		StreamObserver<RouteNote> two = async().routeChat(ofTwo);
		one.onNext(note(NOWHERE, "From one"));
		two.onNext(note(NOWHERE, "From two"));
		assertThat(ofTwo.received).containsExactly(note(NOWHERE, "From one"));
		assertThat(ofOne.received).isEmpty();
		one.onNext(note(NOWHERE, "From one again"));
		assertThat(ofOne.received).containsExactly(note(NOWHERE, "From one"), note(NOWHERE, "From two"));
	}

	@Test
	void routeChatReadsNoFurtherThanTheClientDoes() {
		List<RouteNote> received = new ArrayList<>();
		ClientCall<RouteNote, RouteNote> call = this.channel.newCall(RouteGuideGrpc.getRouteChatMethod(),
				CallOptions.DEFAULT);
		call.start(new ClientCall.Listener<>() {

			@Override
			public void onMessage(RouteNote message) {
				received.add(message);
			}

		}, new Metadata());
		call.request(1);
		for (int i = 0; i < 20; i++) {
			call.sendMessage(note(NOWHERE, "Note " + i));
		}
		// The second note has one answer, which is all that the client wants to read.
		assertThat(this.sent).hasValue(1);
		// The third note has two.
		call.request(1);
		assertThat(this.sent).hasValue(3);
		call.request(1000);
		assertThat(received).hasSize(IntStream.range(0, 20).sum());
		call.cancel("Done", null);
	}

	@Test
	void listFeaturesDoesNotWaitForASlowClientWhenTheServerDrains() {
		int total = list(WORLD).size();
		this.sent.set(0);
		RecordingListener client = new RecordingListener();
		ClientCall<Rectangle, Feature> call = listSlowly(client);
		call.request(1);
		assertThat(this.sent).hasValue(1);
		this.drain.drain();
		assertThat(this.sent).hasValue(total);
		call.request(total);
		assertThat(client.received).hasSize(total);
		assertThat(client.status).isNotNull().extracting(Status::getCode).isEqualTo(Status.Code.OK);
	}

	@Test
	void routeChatEndsWhenTheServerDrains() {
		Recorder<RouteNote> responses = new Recorder<>();
		StreamObserver<RouteNote> chat = async().routeChat(responses);
		chat.onNext(note(EIFFEL_TOWER, "Hello"));
		assertThat(responses.completed).isFalse();
		this.drain.drain();
		assertThat(responses.completed).isTrue();
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

	private ClientCall<Rectangle, Feature> listSlowly(RecordingListener client) {
		ClientCall<Rectangle, Feature> call = this.channel.newCall(RouteGuideGrpc.getListFeaturesMethod(),
				CallOptions.DEFAULT);
		call.start(client, new Metadata());
		call.sendMessage(WORLD);
		call.halfClose();
		return call;
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

	private static final class RecordingListener extends ClientCall.Listener<Feature> {

		private final List<Feature> received = new ArrayList<>();

		private @Nullable Status status;

		@Override
		public void onMessage(Feature message) {
			this.received.add(message);
		}

		@Override
		public void onClose(Status status, Metadata trailers) {
			this.status = status;
		}

	}

	private static final class Recorder<T> implements StreamObserver<T> {

		private final List<T> received = new ArrayList<>();

		private boolean completed;

		@Override
		public void onNext(T value) {
			this.received.add(value);
		}

		@Override
		public void onError(Throwable cause) {
			// Not completed, then.
		}

		@Override
		public void onCompleted() {
			this.completed = true;
		}

	}

}
