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

import java.time.Duration;
import java.util.Objects;

import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.Server;
import io.grpc.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What the application does to the server that it is given, and what is said of a server
 * that is no more.
 */
@Timeout(60)
@ExtendWith(OutputCaptureExtension.class)
class ServerOfTheApplicationTests {

	@Test
	void aServerThatTheApplicationShutsDownAnnouncesItsEndAndDrains(CapturedOutput output) throws Exception {
		try (TestApplication app = TestApplication.run("grpc.server.shutdown.propagation-delay=5s")) {
			Observer<Feature> stream = stream(app);
			Server server = server(app).shutdown();

			assertThat(app.state()).isEqualTo(GrpcServerState.ANNOUNCING);
			assertThat(readiness(app)).isEqualTo(ReadinessState.REFUSING_TRAFFIC);
			assertThat(server.isShutdown()).isFalse();
			assertThat(RouteGuideGrpc.newBlockingStub(app.channel()).getFeature(Point.getDefaultInstance()))
				.isNotNull();
			// There is no way back.
			app.context().getBean(DrainControl.class).resume();
			assertThat(app.state()).isEqualTo(GrpcServerState.ANNOUNCING);

			app.drainTimer().advance(Duration.ofSeconds(5));
			assertThat(app.state()).isEqualTo(GrpcServerState.DRAINING);
			assertThat(server.isShutdown()).isTrue();
			app.drainTimer().advance(Duration.ofSeconds(20));
			assertThat(stream.awaitEnd()).isEqualTo(Status.Code.UNAVAILABLE);
			server.awaitTermination();
			app.awaitState(GrpcServerState.STOPPED);
			assertThat(app.drain().getStatus().failed()).isFalse();
			assertThat(readiness(app)).isEqualTo(ReadinessState.REFUSING_TRAFFIC);
			assertThat(output).contains("the application shut it down").doesNotContain("terminated unexpectedly");
		}
	}

	@Test
	void aServerThatTheApplicationShutsDownNowClosesItsCallsWithAReason(CapturedOutput output) throws Exception {
		try (TestApplication app = TestApplication.run("grpc.server.shutdown.propagation-delay=5s")) {
			Observer<Feature> stream = stream(app);
			Server server = server(app).shutdownNow();
			assertThat(stream.awaitEnd()).isEqualTo(Status.Code.UNAVAILABLE);
			assertThat(stream.status().getDescription()).contains("The server is shutting down");
			assertThat(readiness(app)).isEqualTo(ReadinessState.REFUSING_TRAFFIC);
			app.drainTimer().advance(Duration.ofSeconds(2));
			server.awaitTermination();
			app.awaitState(GrpcServerState.STOPPED);
			assertThat(app.drain().getStatus().failed()).isFalse();
			assertThat(output).contains("1 of them forced");
		}
	}

	@Test
	void aServerThatTheApplicationShutsDownNowWhileItDrainsIsForcedAtOnce() {
		try (TestApplication app = TestApplication.run()) {
			Observer<Feature> stream = stream(app);
			server(app).shutdown();
			assertThat(app.state()).isEqualTo(GrpcServerState.DRAINING);
			server(app).shutdownNow();
			assertThat(stream.awaitEnd()).isEqualTo(Status.Code.UNAVAILABLE);
			app.drainTimer().advance(Duration.ofSeconds(2));
			app.awaitState(GrpcServerState.STOPPED);
		}
	}

	@Test
	void aServerThatTheApplicationHasShutDownCanStartAgain() {
		try (TestApplication app = TestApplication.run()) {
			server(app).shutdownNow();
			app.drainTimer().advance(Duration.ofSeconds(2));
			app.awaitState(GrpcServerState.STOPPED);
			assertThat(readiness(app)).isEqualTo(ReadinessState.REFUSING_TRAFFIC);
			assertThatItStartsAgain(app);
		}
	}

	@Test
	void aServerThatHasDiedRefusesReadinessUntilItStartsAgain() {
		try (TestApplication app = TestApplication.run()) {
			kill(app);
			app.awaitState(GrpcServerState.STOPPED);
			await().until(() -> readiness(app) == ReadinessState.REFUSING_TRAFFIC);
			assertThatItStartsAgain(app);
		}
	}

	/**
	 * The operator has nothing to give back but what he has taken.
	 */
	@Test
	void aServerThatHasDiedWhileItWasDrainedRefusesReadinessWhenItIsResumed() {
		try (TestApplication app = TestApplication.run()) {
			DrainControl control = app.context().getBean(DrainControl.class);
			control.drain();
			kill(app);
			app.awaitState(GrpcServerState.STOPPED);
			control.resume();
			// Its state can be seen before everybody has been told.
			await().until(() -> readiness(app) == ReadinessState.REFUSING_TRAFFIC);
		}
	}

	@Test
	void anApplicationThatBecomesReadyWhenItsServerHasDiedAcceptsNoTraffic() {
		try (TestApplication app = TestApplication.of().starting()) {
			ServerDeath.of(Objects.requireNonNull(app.bean(GrpcServerDrain.class).getStatus().server()));
			app.awaitState(GrpcServerState.STOPPED);
			app.endStart();
			await().until(() -> app.bean(ApplicationAvailability.class)
				.getReadinessState() == ReadinessState.REFUSING_TRAFFIC);
		}
	}

	private static void assertThatItStartsAgain(TestApplication app) {
		app.context().stop();
		app.context().start();
		assertThat(readiness(app)).isEqualTo(ReadinessState.ACCEPTING_TRAFFIC);
		assertThat(app.state()).isEqualTo(GrpcServerState.SERVING);
		assertThat(RouteGuideGrpc.newBlockingStub(app.channel()).getFeature(Point.getDefaultInstance())).isNotNull();
	}

	private static void kill(TestApplication app) {
		ServerDeath.of(Objects.requireNonNull(app.drain().getStatus().server()));
	}

	private static Server server(TestApplication app) {
		return Objects.requireNonNull(app.drain().getStatus().server()).getServer();
	}

	private static Observer<Feature> stream(TestApplication app) {
		Observer<Feature> stream = new Observer<>();
		RouteGuideGrpc.newStub(app.channel()).listFeatures(Rectangle.getDefaultInstance(), stream);
		stream.awaitMessages(1);
		return stream;
	}

	private static ReadinessState readiness(TestApplication app) {
		return app.context().getBean(ApplicationAvailability.class).getReadinessState();
	}

}
