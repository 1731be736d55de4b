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

import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.github.lastcall.grpc.testing.HeldRouteGuide;
import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.grpc.testing.TestsProperty;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.MetadataUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.event.ContextClosedEvent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * A real server is stopped by closing its context; only the time is not real.
 */
@Timeout(60)
@ExtendWith(OutputCaptureExtension.class)
class GrpcServerDrainTests {

	private static final Point NOW = Point.getDefaultInstance();

	@Test
	@TestsProperty("grpc.server.shutdown.propagation-delay")
	void everythingIsServedWhileTheEndIsAnnounced() {
		try (TestApplication app = TestApplication.run("grpc.server.shutdown.propagation-delay=5s")) {
			ManagedChannel old = app.channel();
			assertThat(check(old)).isEqualTo(ServingStatus.SERVING);
			Observer<HealthCheckResponse> watch = watch(old);
			watch.awaitMessages(1);

			CompletableFuture<Void> closed = app.closeAsync();
			watch.awaitMessages(2);
			app.drainTimer().advance(Duration.ofMillis(4999));

			assertThat(watch.messages).extracting(HealthCheckResponse::getStatus)
				.containsExactly(ServingStatus.SERVING, ServingStatus.NOT_SERVING);
			assertThat(app.state()).isEqualTo(GrpcServerState.ANNOUNCING);
			for (ManagedChannel channel : List.of(old, app.channel())) {
				assertThat(check(channel)).isEqualTo(ServingStatus.NOT_SERVING);
				assertThat(RouteGuideGrpc.newBlockingStub(channel).getFeature(NOW)).isNotNull();
			}
			assertThat(app.routeGuide().resourceDestroyedAtCancel).isNotDone();
			assertThat(closed).isNotDone();

			app.drainTimer().advance(Duration.ofMillis(1));
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
			assertThat(watch.awaitEnd()).isEqualTo(Status.Code.OK);
			assertThat(app.state()).isEqualTo(GrpcServerState.STOPPED);
		}
	}

	@Test
	@TestsProperty("grpc.server.shutdown.propagation-delay")
	void theEndIsAnnouncedForFiveSecondsOnACloudPlatform() {
		try (TestApplication app = TestApplication.run("spring.main.cloud-platform=kubernetes")) {
			ManagedChannel channel = app.channel();
			assertThat(check(channel)).isEqualTo(ServingStatus.SERVING);
			CompletableFuture<Void> closed = app.closeAsync();
			app.awaitState(GrpcServerState.ANNOUNCING);
			app.drainTimer().advance(Duration.ofMillis(4999));
			assertThat(check(channel)).isEqualTo(ServingStatus.NOT_SERVING);
			assertThat(RouteGuideGrpc.newBlockingStub(app.channel()).getFeature(NOW)).isNotNull();
			app.drainTimer().advance(Duration.ofMillis(1));
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
		}
	}

	@Test
	void theListenerIsClosedWhenTheDelayIsOver() {
		try (TestApplication app = TestApplication.run()) {
			int port = app.port();
			Observer<Feature> inFlight = getFeature(app.channel(), HeldRouteGuide.LATE);
			app.awaitStarted("GetFeature");
			app.closeAsync();
			app.awaitDraining();
			await().untilAsserted(() -> assertThatExceptionOfType(ConnectException.class).isThrownBy(() -> {
				try (Socket socket = new Socket()) {
					socket.connect(new InetSocketAddress("127.0.0.1", port));
				}
			}));
			assertThat(inFlight.ended).isNotDone();
		}
	}

	@Test
	void aCallInFlightEndsWithItsAnswerAndBeansLiveAsLong() {
		try (TestApplication app = TestApplication.run()) {
			Observer<Feature> call = getFeature(app.channel(), HeldRouteGuide.LATE);
			app.awaitStarted("GetFeature");
			CompletableFuture<Void> closed = app.closeAsync();
			app.awaitDraining();
			app.drainTimer().advance(Duration.ofSeconds(19));
			assertThat(closed).isNotDone();

			app.routeGuide().release();

			assertThat(call.awaitEnd()).isEqualTo(Status.Code.OK);
			assertThat(call.messages).extracting(Feature::getName).containsExactly("late");
			assertThat(app.routeGuide().resourceDestroyedAtEnd).succeedsWithin(Duration.ofSeconds(30)).isEqualTo(false);
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
			assertThat(app.context().isActive()).isFalse();
		}
	}

	@Test
	@TestsProperty("grpc.server.shutdown.grace-period")
	void aCallThatOutlivesTheGracePeriodIsClosedWithAReasonWhileItsBeansLive(CapturedOutput output) throws Exception {
		try (TestApplication app = TestApplication.run("grpc.server.shutdown.grace-period=7s")) {
			Observer<Feature> call = getFeature(app.channel(), HeldRouteGuide.LATE);
			app.awaitStarted("GetFeature");
			CompletableFuture<Void> closed = app.closeAsync();
			app.awaitDraining();

			app.drainTimer().advance(Duration.ofSeconds(7));

			assertThat(call.awaitEnd()).isEqualTo(Status.Code.UNAVAILABLE);
			assertThat(call.status().getDescription()).contains("shutting down").contains("grace period of 7s");
			assertThat(app.routeGuide().resourceDestroyedAtCancel).succeedsWithin(Duration.ofSeconds(30))
				.isEqualTo(false);
			assertThat(app.routeGuide().resourceDestroyedAtEnd).succeedsWithin(Duration.ofSeconds(30)).isEqualTo(false);
			assertThat(app.routeGuide().contextCancelled.await(30, TimeUnit.SECONDS)).isTrue();
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
			assertThat(output).contains("forced call routeguide.RouteGuide/GetFeature: age 7s, peer /127.0.0.1:")
				.contains("1 calls ended while draining, 1 of them forced");
		}
	}

	@Test
	@TestsProperty("grpc.server.shutdown.force-timeout")
	void aHandlerThatIgnoresItsCancellationHoldsTheShutdownForTheForceTimeoutOnly(CapturedOutput output) {
		try (TestApplication app = TestApplication.run("grpc.server.shutdown.grace-period=1s",
				"grpc.server.shutdown.force-timeout=4s")) {
			app.routeGuide().ignoreCancellation = true;
			Observer<Feature> call = getFeature(app.channel(), HeldRouteGuide.LATE);
			app.awaitStarted("GetFeature");
			CompletableFuture<Void> closed = app.closeAsync();
			app.awaitDraining();
			app.drainTimer().advance(Duration.ofSeconds(1));
			assertThat(call.awaitEnd()).isEqualTo(Status.Code.UNAVAILABLE);
			app.drainTimer().advance(Duration.ofMillis(3999));
			assertThat(app.state()).isEqualTo(GrpcServerState.FORCING);

			app.drainTimer().advance(Duration.ofMillis(1));

			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
			assertThat(output).contains("1 handlers have not returned within the force timeout of 4s");
			// What it sends afterwards is dropped, it does not blow up.
			app.routeGuide().release();
			assertThat(app.routeGuide().resourceDestroyedAtEnd).succeedsWithin(Duration.ofSeconds(30));
			assertThat(app.routeGuide().errors).isEmpty();
		}
	}

	@Test
	void streamsThatOutliveTheGracePeriodAreClosedWithAReason(CapturedOutput output) {
		try (TestApplication app = TestApplication.run()) {
			Observer<Feature> list = new Observer<>();
			Observer<RouteNote> chat = new Observer<>();
			RouteGuideGrpc.newStub(app.channel()).listFeatures(Rectangle.getDefaultInstance(), list);
			RouteGuideGrpc.newStub(app.channel()).routeChat(chat);
			app.awaitStarted("ListFeatures", "RouteChat");
			CompletableFuture<Void> closed = app.closeAsync();
			app.awaitDraining();
			app.drainTimer().advance(Duration.ofSeconds(20));
			assertThat(list.awaitEnd()).isEqualTo(Status.Code.UNAVAILABLE);
			assertThat(list.status().getDescription()).contains("shutting down");
			assertThat(list.messages).hasSize(1);
			assertThat(chat.awaitEnd()).isEqualTo(Status.Code.UNAVAILABLE);
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
			assertThat(output)
				.containsPattern("forced call routeguide.RouteGuide/ListFeatures: .*, 1 messages received, 1 sent");
		}
	}

	@Test
	void aGracePeriodAndAForceTimeoutOfZeroEndEverythingAtOnce() {
		try (TestApplication app = TestApplication.run("grpc.server.shutdown.grace-period=0",
				"grpc.server.shutdown.force-timeout=0")) {
			Observer<Feature> list = new Observer<>();
			RouteGuideGrpc.newStub(app.channel()).listFeatures(Rectangle.getDefaultInstance(), list);
			app.awaitStarted("ListFeatures");
			assertThat(app.closeAsync()).succeedsWithin(Duration.ofSeconds(30));
			assertThat(list.awaitEnd()).isEqualTo(Status.Code.UNAVAILABLE);
		}
	}

	@Test
	void watchesAndReflectionStreamsNeverHoldTheDrain() {
		try (TestApplication app = TestApplication.run()) {
			List<Observer<HealthCheckResponse>> watches = Stream.generate(() -> watch(app.channel()))
				.limit(10)
				.toList();
			watches.forEach((watch) -> watch.awaitMessages(1));
			Observer<ServerReflectionResponse> reflection = new Observer<>();
			ServerReflectionGrpc.newStub(app.channel())
				.serverReflectionInfo(reflection)
				.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
			reflection.awaitMessages(1);

			assertThat(app.closeAsync()).succeedsWithin(Duration.ofSeconds(30));

			assertThat(reflection.awaitEnd()).isEqualTo(Status.Code.OK);
			assertThat(watches).allSatisfy((watch) -> {
				assertThat(watch.awaitEnd()).isEqualTo(Status.Code.OK);
				assertThat(watch.messages).extracting(HealthCheckResponse::getStatus)
					.containsExactly(ServingStatus.SERVING, ServingStatus.NOT_SERVING);
			});
		}
	}

	@Test
	void aPeerThatNeverAnswersHoldsTheDrainForTheLingerOnly() throws Exception {
		try (TestApplication app = TestApplication.run(); Socket mute = new Socket()) {
			mute.connect(new InetSocketAddress("127.0.0.1", app.port()));
			// An HTTP/2 preface with empty SETTINGS, and then silence.
			mute.getOutputStream().write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0".getBytes("ISO-8859-1"));
			assertThat(mute.getInputStream().read()).isNotNegative();
			CompletableFuture<Void> closed = app.closeAsync();
			await().until(() -> app.state() == GrpcServerState.DRAINING && app.drainTimer().pending() == 2);
			app.drainTimer().advance(ConnectionLinger.TIME);
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
		}
	}

	@Test
	void theStatesAreGoneThroughInOrderWithAnEventForEach(CapturedOutput output) {
		TestApplication app = TestApplication.run("grpc.server.shutdown.propagation-delay=5s",
				"grpc.server.shutdown.grace-period=7s");
		try (app) {
			Observer<Feature> call = getFeature(app.channel(), HeldRouteGuide.LATE);
			app.awaitStarted("GetFeature");
			CompletableFuture<Void> closed = app.closeAsync();
			app.awaitState(GrpcServerState.ANNOUNCING);
			app.drainTimer().advance(Duration.ofSeconds(5));
			app.awaitDraining();
			app.drainTimer().advance(Duration.ofSeconds(7));
			assertThat(call.awaitEnd()).isEqualTo(Status.Code.UNAVAILABLE);
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
		}
		assertThat(app.events().all).extracting(GrpcServerStateChangedEvent::getTo)
			.containsExactly(GrpcServerState.STARTING, GrpcServerState.SERVING, GrpcServerState.ANNOUNCING,
					GrpcServerState.DRAINING, GrpcServerState.FORCING, GrpcServerState.STOPPED);
		assertThat(app.events().all).extracting(GrpcServerStateChangedEvent::getCallsInFlight)
			.containsExactly(0, 0, 1, 1, 1, 0);
		assertThat(app.events().all).extracting(GrpcServerStateChangedEvent::getServer).containsOnly("network");
		assertThat(app.events().all).element(2).asString().contains("network", "SERVING", "ANNOUNCING");
		assertThat(output).contains("SERVING -> ANNOUNCING")
			.contains("ANNOUNCING -> DRAINING after 5s")
			.contains("has shut down: ANNOUNCING 5s, DRAINING 7s, FORCING");
	}

	@Test
	void anApplicationWithoutAWebServerRefusesTrafficToo() {
		try (TestApplication app = TestApplication.run("grpc.server.shutdown.propagation-delay=5s")) {
			ApplicationAvailability availability = app.context().getBean(ApplicationAvailability.class);
			assertThat(availability.getReadinessState()).isEqualTo(ReadinessState.ACCEPTING_TRAFFIC);
			app.closeAsync();
			await().until(() -> availability.getReadinessState() == ReadinessState.REFUSING_TRAFFIC);
			assertThat(app.state()).isEqualTo(GrpcServerState.ANNOUNCING);
		}
	}

	@Test
	void longerSettingsThanSpringsPhaseTimeoutJustWork(CapturedOutput output) throws Exception {
		try (TestApplication app = TestApplication.run("spring.lifecycle.timeout-per-shutdown-phase=1ms",
				"grpc.server.shutdown.propagation-delay=40s", "grpc.server.shutdown.grace-period=50s")) {
			Observer<Feature> call = getFeature(app.channel(), HeldRouteGuide.LATE);
			app.awaitStarted("GetFeature");
			CompletableFuture<Void> closed = app.closeAsync();
			app.awaitState(GrpcServerState.ANNOUNCING);
			elapse(Duration.ofMillis(50));
			assertThat(app.state()).isEqualTo(GrpcServerState.ANNOUNCING);
			app.drainTimer().advance(Duration.ofSeconds(40));
			app.awaitDraining();
			elapse(Duration.ofMillis(50));
			app.routeGuide().release();
			assertThat(call.awaitEnd()).isEqualTo(Status.Code.OK);
			assertThat(app.routeGuide().resourceDestroyedAtEnd).succeedsWithin(Duration.ofSeconds(30)).isEqualTo(false);
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
			assertThat(output).doesNotContain("Shutdown phase");
		}
	}

	@Test
	void aStoppedContextCanStartAgainAndHealthRecovers() {
		try (TestApplication app = TestApplication.run()) {
			assertThat(check(app.channel())).isEqualTo(ServingStatus.SERVING);
			app.context().stop();
			assertThat(app.state()).isEqualTo(GrpcServerState.STOPPED);
			app.context().start();
			assertThat(app.state()).isEqualTo(GrpcServerState.SERVING);
			ManagedChannel channel = app.channel();
			assertThat(check(channel)).isEqualTo(ServingStatus.SERVING);
			assertThat(RouteGuideGrpc.newBlockingStub(channel).getFeature(NOW)).isNotNull();
		}
	}

	@Test
	void aHandlerMayCloseItsOwnApplication() {
		try (TestApplication app = TestApplication.run("grpc.server.shutdown.grace-period=1s")) {
			CompletableFuture<Void> closed = new CompletableFuture<>();
			app.routeGuide().onCall = () -> {
				app.context().close();
				closed.complete(null);
			};
			Observer<Feature> call = getFeature(app.channel(), HeldRouteGuide.LATE);
			app.awaitDraining();
			app.drainTimer().advance(Duration.ofSeconds(1));
			assertThat(call.awaitEnd()).isEqualTo(Status.Code.UNAVAILABLE);
			app.drainTimer().advance(Duration.ofSeconds(2));
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
		}
	}

	@Test
	void whatListenersTakeOfAPeriodIsNotAddedToIt() {
		try (TestApplication app = TestApplication.run("grpc.server.shutdown.grace-period=1s")) {
			app.events().listener = (event) -> {
				if (event.getTo() == GrpcServerState.DRAINING || event.getTo() == GrpcServerState.FORCING) {
					app.drainTimer().advance(Duration.ofSeconds(2));
				}
			};
			Observer<Feature> call = getFeature(app.channel(), HeldRouteGuide.LATE);
			app.awaitStarted("GetFeature");
			CompletableFuture<Void> closed = app.closeAsync();
			assertThat(call.awaitEnd()).isEqualTo(Status.Code.UNAVAILABLE);
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
		}
	}

	@Test
	@TestsProperty("grpc.server.shutdown.quiet-period")
	void theListenerStaysOpenUntilNoNewCallHasArrivedForTheQuietPeriod() {
		try (TestApplication app = TestApplication.run("grpc.server.shutdown.propagation-delay=5s",
				"grpc.server.shutdown.quiet-period=2s", "grpc.server.shutdown.max-propagation-delay=60s")) {
			ManagedChannel channel = app.channel();
			CompletableFuture<Void> closed = app.closeAsync();
			app.awaitState(GrpcServerState.ANNOUNCING);
			app.drainTimer().advance(Duration.ofSeconds(4));
			RouteGuideGrpc.newBlockingStub(channel).getFeature(NOW);
			app.drainTimer().advance(Duration.ofMillis(1999));
			assertThat(app.state()).isEqualTo(GrpcServerState.ANNOUNCING);
			RouteGuideGrpc.newBlockingStub(channel).getFeature(NOW);
			// Checks and watches are no calls.
			check(channel);
			watch(channel).awaitMessages(1);
			app.drainTimer().advance(Duration.ofMillis(1999));
			assertThat(app.state()).isEqualTo(GrpcServerState.ANNOUNCING);
			check(channel);
			app.drainTimer().advance(Duration.ofMillis(1));
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
			assertThat(app.events().all).last()
				.extracting(GrpcServerStateChangedEvent::getTo)
				.isEqualTo(GrpcServerState.STOPPED);
		}
	}

	@Test
	@TestsProperty("grpc.server.shutdown.max-propagation-delay")
	void quietIsNotWaitedForLongerThanTheLongestPropagationDelay() {
		assertThatQuietIsWaitedFor(5, "grpc.server.shutdown.propagation-delay=1s",
				"grpc.server.shutdown.max-propagation-delay=5s");
		assertThatQuietIsWaitedFor(7);
		assertThatQuietIsWaitedFor(9, "grpc.server.shutdown.propagation-delay=9s");
	}

	private static void assertThatQuietIsWaitedFor(int seconds, String... properties) {
		String[] all = Stream.concat(Stream.of("grpc.server.shutdown.quiet-period=2s"), Stream.of(properties))
			.toArray(String[]::new);
		try (TestApplication app = TestApplication.run(all)) {
			ManagedChannel channel = app.channel();
			RouteGuideGrpc.newBlockingStub(channel).getFeature(NOW);
			CompletableFuture<Void> closed = app.closeAsync();
			app.awaitState(GrpcServerState.ANNOUNCING);
			for (int second = 1; second < seconds; second++) {
				RouteGuideGrpc.newBlockingStub(channel).getFeature(NOW);
				app.drainTimer().advance(Duration.ofSeconds(1));
				assertThat(app.state()).isEqualTo(GrpcServerState.ANNOUNCING);
			}
			RouteGuideGrpc.newBlockingStub(channel).getFeature(NOW);
			app.drainTimer().advance(Duration.ofSeconds(1));
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
		}
	}

	@Test
	@TestsProperty("grpc.server.shutdown.stream-grace-period")
	void streamsHaveAGracePeriodOfTheirOwn(CapturedOutput output) {
		try (TestApplication app = TestApplication.run("grpc.server.shutdown.stream-grace-period=3s")) {
			Observer<Feature> unary = getFeature(app.channel(), HeldRouteGuide.LATE);
			Observer<Feature> list = new Observer<>();
			RouteGuideGrpc.newStub(app.channel()).listFeatures(Rectangle.getDefaultInstance(), list);
			app.awaitStarted("GetFeature", "ListFeatures");
			CompletableFuture<Void> closed = app.closeAsync();
			app.awaitDraining();
			app.drainTimer().advance(Duration.ofMillis(2999));
			assertThat(list.ended).isNotDone();
			app.drainTimer().advance(Duration.ofMillis(1));
			assertThat(list.awaitEnd()).isEqualTo(Status.Code.UNAVAILABLE);
			assertThat(list.status().getDescription()).contains("shutting down").contains("3s for streaming calls");
			assertThat(unary.ended).isNotDone();
			assertThat(app.state()).isEqualTo(GrpcServerState.DRAINING);
			app.routeGuide().release();
			assertThat(unary.awaitEnd()).isEqualTo(Status.Code.OK);
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
			assertThat(output).contains("closed 1 streaming calls")
				.contains("2 calls ended while draining, 1 of them forced");
		}
	}

	@Test
	void anInterruptedShutdownThreadStillWaitsForTheCallsAndStaysInterrupted() {
		try (TestApplication app = TestApplication.run("grpc.server.shutdown.propagation-delay=5s")) {
			Observer<Feature> call = getFeature(app.channel(), HeldRouteGuide.LATE);
			app.awaitStarted("GetFeature");
			// Spring does not begin to close a context on a thread that is interrupted.
			app.context().addApplicationListener((ContextClosedEvent event) -> Thread.currentThread().interrupt());
			CompletableFuture<Boolean> closed = new CompletableFuture<>();
			new Thread(() -> {
				app.context().close();
				closed.complete(Thread.currentThread().isInterrupted());
			}, "interrupted-closer").start();
			app.awaitState(GrpcServerState.ANNOUNCING);
			RouteGuideGrpc.newBlockingStub(app.channel()).getFeature(NOW);
			app.drainTimer().advance(Duration.ofSeconds(5));
			app.awaitDraining();
			app.routeGuide().release();
			assertThat(call.awaitEnd()).isEqualTo(Status.Code.OK);
			assertThat(app.routeGuide().resourceDestroyedAtEnd).succeedsWithin(Duration.ofSeconds(30)).isEqualTo(false);
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30)).isEqualTo(true);
		}
	}

	@Test
	void aShutdownThatIsInterruptedWhileItWaitsLeavesNoCallWithoutAStatus() {
		try (TestApplication app = TestApplication.run()) {
			Observer<Feature> call = getFeature(app.channel(), HeldRouteGuide.LATE);
			app.awaitStarted("GetFeature");
			Thread closer = new Thread(app.context()::close, "closer");
			closer.start();
			await().until(
					() -> app.state() == GrpcServerState.DRAINING && closer.getState() == Thread.State.TIMED_WAITING);
			closer.interrupt();
			assertThat(call.awaitEnd()).isEqualTo(Status.Code.UNAVAILABLE);
			assertThat(call.status().getDescription()).contains("shutting down");
			await().until(() -> !closer.isAlive());
			assertThat(app.state()).isEqualTo(GrpcServerState.STOPPED);
		}
	}

	@Test
	void aShutdownThatIsInterruptedWithNoConnectionEnds() {
		try (TestApplication app = TestApplication.run("grpc.server.shutdown.propagation-delay=5s")) {
			Thread closer = new Thread(app.context()::close, "closer");
			closer.start();
			await().until(
					() -> app.state() == GrpcServerState.ANNOUNCING && closer.getState() == Thread.State.TIMED_WAITING);
			closer.interrupt();
			await().until(() -> !closer.isAlive());
			assertThat(app.state()).isEqualTo(GrpcServerState.STOPPED);
		}
	}

	@Test
	void closingTwiceFromTwoThreadsIsOneShutdown() {
		try (TestApplication app = TestApplication.run("grpc.server.shutdown.propagation-delay=5s")) {
			CompletableFuture<Void> first = app.closeAsync();
			CompletableFuture<Void> second = app.closeAsync();
			app.awaitState(GrpcServerState.ANNOUNCING);
			app.drainTimer().advance(Duration.ofSeconds(5));
			assertThat(first).succeedsWithin(Duration.ofSeconds(30));
			assertThat(second).succeedsWithin(Duration.ofSeconds(30));
			app.context().close();
			assertThat(app.events().all).extracting(GrpcServerStateChangedEvent::getTo)
				.containsExactly(GrpcServerState.STARTING, GrpcServerState.SERVING, GrpcServerState.ANNOUNCING,
						GrpcServerState.DRAINING, GrpcServerState.STOPPED);
		}
	}

	@Test
	@TestsProperty("grpc.server.shutdown.envoy-header")
	void envoyIsToldByAHeaderWhileTheEndIsAnnouncedIfItIsAskedFor() {
		try (TestApplication app = TestApplication.run("grpc.server.shutdown.envoy-header=true",
				"grpc.server.shutdown.propagation-delay=5s")) {
			ManagedChannel channel = app.channel();
			assertThat(responseHeaders(channel).containsKey(EnvoyHealthHeader.HEADER)).isFalse();
			app.closeAsync();
			app.awaitState(GrpcServerState.ANNOUNCING);
			assertThat(responseHeaders(channel).get(EnvoyHealthHeader.HEADER)).isEqualTo("true");
		}
	}

	@Test
	void envoyIsToldNothingUnlessItIsAskedFor() {
		try (TestApplication app = TestApplication.run("grpc.server.shutdown.propagation-delay=5s")) {
			ManagedChannel channel = app.channel();
			app.closeAsync();
			app.awaitState(GrpcServerState.ANNOUNCING);
			assertThat(responseHeaders(channel).containsKey(EnvoyHealthHeader.HEADER)).isFalse();
		}
	}

	private static Metadata responseHeaders(ManagedChannel channel) {
		AtomicReference<Metadata> headers = new AtomicReference<>(new Metadata());
		RouteGuideGrpc.newBlockingStub(channel)
			.withInterceptors(MetadataUtils.newCaptureMetadataInterceptor(headers, new AtomicReference<>()))
			.getFeature(NOW);
		return Objects.requireNonNull(headers.get());
	}

	@Test
	void aServerThatDiesIsReported(CapturedOutput output) {
		try (TestApplication app = TestApplication.run()) {
			GrpcServer server = app.drain().getStatus().server();
			assertThat(server).isNotNull();
			ServerDeath.of(server);
			app.awaitState(GrpcServerState.STOPPED);
			assertThat(app.drain().getStatus().failed()).isTrue();
			assertThat(output).contains("terminated unexpectedly");
		}
	}

	@Test
	void aListenerThatThrowsAnErrorDoesNotHoldUpTheDrain() {
		try (TestApplication app = TestApplication.run("grpc.server.shutdown.grace-period=1h")) {
			app.events().listener = (event) -> {
				throw new LinkageError("on purpose");
			};
			assertThat(app.closeAsync()).succeedsWithin(Duration.ofSeconds(30));
			assertThat(app.state()).isEqualTo(GrpcServerState.STOPPED);
			assertThat(app.events().all).last().asString().contains("server=network", "from=DRAINING", "to=STOPPED");
		}
	}

	@Test
	void aServerWhoseWaitingThreadIsInterruptedIsStillWatched() {
		try (TestApplication app = TestApplication.run()) {
			Thread waiting = Thread.getAllStackTraces()
				.keySet()
				.stream()
				.filter((thread) -> thread.getName().equals("grpc-server-network") && thread.isAlive())
				.findFirst()
				.orElseThrow();
			waiting.interrupt();
			await().until(() -> !waiting.isInterrupted() || !waiting.isAlive());
			GrpcServer server = app.drain().getStatus().server();
			assertThat(server).isNotNull();
			ServerDeath.of(server);
			app.awaitState(GrpcServerState.STOPPED);
		}
	}

	@Test
	void noThreadIsLeftBehind() {
		// Contexts that the test framework keeps have threads of their own.
		Set<Thread> before = Thread.getAllStackTraces().keySet();
		try (TestApplication app = TestApplication.run()) {
			RouteGuideGrpc.newBlockingStub(app.channel()).getFeature(NOW);
			assertThat(ours(before)).isNotEmpty();
		}
		await().untilAsserted(() -> assertThat(ours(before)).isEmpty());
	}

	private static Set<String> ours(Set<Thread> before) {
		Set<Thread> threads = new HashSet<>(Thread.getAllStackTraces().keySet());
		threads.removeAll(before);
		// grpc-java shares its event loops and its executor in the process.
		return threads.stream()
			.map(Thread::getName)
			.filter((name) -> name.startsWith("grpc-") && !name.startsWith("grpc-nio")
					&& !name.startsWith("grpc-default"))
			.collect(Collectors.toSet());
	}

	private static void elapse(Duration duration) throws InterruptedException {
		// Real time, in which a mechanism that is broken has the chance to show it.
		new CountDownLatch(1).await(duration.toMillis(), TimeUnit.MILLISECONDS);
	}

	private static ServingStatus check(ManagedChannel channel) {
		return HealthGrpc.newBlockingStub(channel).check(HealthCheckRequest.getDefaultInstance()).getStatus();
	}

	private static Observer<HealthCheckResponse> watch(ManagedChannel channel) {
		Observer<HealthCheckResponse> observer = new Observer<>();
		HealthGrpc.newStub(channel).watch(HealthCheckRequest.getDefaultInstance(), observer);
		return observer;
	}

	private static Observer<Feature> getFeature(ManagedChannel channel, Point point) {
		Observer<Feature> observer = new Observer<>();
		RouteGuideGrpc.newStub(channel).getFeature(point, observer);
		return observer;
	}

}
