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
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ApplicationListener;
import org.springframework.core.Ordered;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * An operator takes a running server out of service and brings it back.
 */
@Timeout(60)
class DrainControlTests {

	@Test
	void aDrainedServerAnnouncesAndServesUntilItIsResumed() {
		try (TestApplication app = TestApplication.run("grpc.server.shutdown.propagation-delay=5s")) {
			ApplicationAvailability availability = app.context().getBean(ApplicationAvailability.class);
			DrainControl control = app.context().getBean(DrainControl.class);
			ManagedChannel channel = app.channel();
			Observer<HealthCheckResponse> watch = new Observer<>();
			HealthGrpc.newStub(channel).watch(HealthCheckRequest.getDefaultInstance(), watch);
			watch.awaitMessages(1);

			control.drain();
			control.drain();

			assertThat(app.state()).isEqualTo(GrpcServerState.ANNOUNCING);
			assertThat(availability.getReadinessState()).isEqualTo(ReadinessState.REFUSING_TRAFFIC);
			app.drainTimer().advance(Duration.ofHours(1));
			assertThat(app.state()).isEqualTo(GrpcServerState.ANNOUNCING);
			assertThat(check(channel)).isEqualTo(ServingStatus.NOT_SERVING);
			assertThat(RouteGuideGrpc.newBlockingStub(app.channel()).getFeature(Point.getDefaultInstance()))
				.isNotNull();

			control.resume();

			assertThat(app.state()).isEqualTo(GrpcServerState.SERVING);
			assertThat(availability.getReadinessState()).isEqualTo(ReadinessState.ACCEPTING_TRAFFIC);
			assertThat(check(channel)).isEqualTo(ServingStatus.SERVING);
			watch.awaitMessages(3);
			assertThat(watch.messages).extracting(HealthCheckResponse::getStatus)
				.containsExactly(ServingStatus.SERVING, ServingStatus.NOT_SERVING, ServingStatus.SERVING);
		}
	}

	@Test
	void aReadinessThatSomebodyElseHasTakenIsNotGivenBack() {
		try (TestApplication app = TestApplication.run()) {
			AvailabilityChangeEvent.publish(app.context(), ReadinessState.REFUSING_TRAFFIC);
			DrainControl control = app.context().getBean(DrainControl.class);
			control.drain();
			control.resume();
			assertThat(app.context().getBean(ApplicationAvailability.class).getReadinessState())
				.isEqualTo(ReadinessState.REFUSING_TRAFFIC);
			assertThat(app.state()).isEqualTo(GrpcServerState.SERVING);
			assertThat(check(app.channel())).isEqualTo(ServingStatus.NOT_SERVING);
		}
	}

	@Test
	void aReadinessThatSomebodyElseGivesMeanwhileIsRefusedUntilTheServerIsResumed() {
		try (TestApplication app = TestApplication.run()) {
			ApplicationAvailability availability = app.context().getBean(ApplicationAvailability.class);
			AvailabilityChangeEvent.publish(app.context(), ReadinessState.REFUSING_TRAFFIC);
			DrainControl control = app.context().getBean(DrainControl.class);
			control.drain();
			AvailabilityChangeEvent.publish(app.context(), ReadinessState.ACCEPTING_TRAFFIC);
			assertThat(availability.getReadinessState()).isEqualTo(ReadinessState.REFUSING_TRAFFIC);
			control.resume();
			assertThat(availability.getReadinessState()).isEqualTo(ReadinessState.ACCEPTING_TRAFFIC);
			assertThat(app.state()).isEqualTo(GrpcServerState.SERVING);
		}
	}

	@Test
	void theTimeThatAServerWasDrainedCountsWhenItStops() {
		try (TestApplication app = TestApplication.run("grpc.server.shutdown.propagation-delay=5s")) {
			app.context().getBean(DrainControl.class).drain();
			app.drainTimer().advance(Duration.ofSeconds(3));
			CompletableFuture<Void> closed = app.closeAsync();
			await().until(() -> app.drain().isClosing());
			app.drainTimer().advance(Duration.ofMillis(1999));
			assertThat(app.state()).isEqualTo(GrpcServerState.ANNOUNCING);
			app.drainTimer().advance(Duration.ofMillis(1));
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
		}
	}

	@Test
	void aServerThatIsAboutToStopIsNotResumed() {
		try (TestApplication app = TestApplication.run("grpc.server.shutdown.propagation-delay=5s")) {
			DrainControl control = app.context().getBean(DrainControl.class);
			control.drain();
			app.closeAsync();
			await().until(control::isStopping);
			control.resume();
			assertThat(app.state()).isEqualTo(GrpcServerState.ANNOUNCING);
			assertThat(app.context().getBean(ApplicationAvailability.class).getReadinessState())
				.isEqualTo(ReadinessState.REFUSING_TRAFFIC);
		}
	}

	@Test
	void everyTransitionIsAnEvent() {
		try (TestApplication app = TestApplication.run()) {
			DrainControl control = app.context().getBean(DrainControl.class);
			control.drain();
			control.resume();
			assertThat(app.events().all).extracting(GrpcServerStateChangedEvent::getTo)
				.isEqualTo(List.of(GrpcServerState.STARTING, GrpcServerState.SERVING, GrpcServerState.ANNOUNCING,
						GrpcServerState.SERVING));
		}
	}

	/**
	 * Somebody resumes while it is being told that the readiness is refused.
	 */
	@Test
	void aDrainThatIsResumedOnAnotherThreadBeforeItHasBeenToldLeavesNothingRefused() {
		try (TestApplication app = TestApplication.run()) {
			DrainControl control = app.context().getBean(DrainControl.class);
			AtomicBoolean resumed = new AtomicBoolean();
			app.context().addApplicationListener(new ResumingListener(() -> {
				if (resumed.compareAndSet(false, true)) {
					CompletableFuture.runAsync(control::resume, (task) -> new Thread(task).start()).join();
				}
			}));
			control.drain();
			assertThat(resumed).isTrue();
			assertThat(app.state()).isEqualTo(GrpcServerState.SERVING);
			assertThat(app.context().getBean(ApplicationAvailability.class).getReadinessState())
				.isEqualTo(ReadinessState.ACCEPTING_TRAFFIC);
		}
	}

	/**
	 * Acts when the readiness is refused, before anybody else has heard of it.
	 */
	private record ResumingListener(
			Runnable action) implements ApplicationListener<AvailabilityChangeEvent<ReadinessState>>, Ordered {

		@Override
		public void onApplicationEvent(AvailabilityChangeEvent<ReadinessState> event) {
			if (event.getState() == ReadinessState.REFUSING_TRAFFIC) {
				this.action.run();
			}
		}

		@Override
		public int getOrder() {
			return Ordered.HIGHEST_PRECEDENCE;
		}

	}

	private static ServingStatus check(ManagedChannel channel) {
		return HealthGrpc.newBlockingStub(channel).check(HealthCheckRequest.getDefaultInstance()).getStatus();
	}

}
