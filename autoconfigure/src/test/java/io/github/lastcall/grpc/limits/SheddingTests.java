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

package io.github.lastcall.grpc.limits;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.lastcall.grpc.autoconfigure.ServersOf;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.GrpcServerState;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.Echo;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.ManualServerTimer;
import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.github.lastcall.grpc.testing.TestsProperty;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Calls that wait too long for a thread, on a server with one thread whose time passes
 * only when a test says so.
 */
@Timeout(60)
class SheddingTests {

	/**
	 * Number of calls that wait when an overload begins.
	 */
	private static final int BACKLOG = 40;

	private static final Duration STEP = Duration.ofMillis(20);

	/**
	 * Number of steps until calls have been late for as long as one may wait.
	 */
	private static final int STEPS = 11;

	/**
	 * Number of calls that start in the time for which one may wait.
	 */
	private static final int MAX_WAITING = 10;

	private static final Metadata.Key<String> PUSHBACK = Metadata.Key.of("grpc-retry-pushback-ms",
			Metadata.ASCII_STRING_MARSHALLER);

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void callsThatWouldWaitTooLongAreRefused(boolean streaming) {
		run((server) -> {
			List<Outcome> outcomes = server.overload(streaming);
			assertThat(server.call(5, streaming)).allSatisfy((outcome) -> {
				assertThat(outcome.status().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
				assertThat(outcome.status().getDescription())
					.isEqualTo("The server is overloaded: calls of this method wait too long for a thread");
				assertThat(outcome.trailers().containsKey(PUSHBACK)).isTrue();
			});
			assertThat(server.refused()).isEqualTo(5);
			server.steps(BACKLOG - STEPS - MAX_WAITING);
			outcomes.addAll(server.call(1, streaming));
			assertThat(server.call(1, streaming)).noneMatch(Outcome::isOk);
			server.service.permits.release(1000);
			assertThat(outcomes).allMatch(Outcome::isOk);
			assertThat(server.service.started).hasValue(1 + BACKLOG + 1);
			assertThat(server.refused()).isEqualTo(6);
		});
	}

	@Test
	void aCallMayWaitForAQuarterOfTheTimeUntilItsDeadline() {
		run((server) -> {
			List<Outcome> outcomes = server.overload(false);
			outcomes.addAll(server.call(100, false));
			server.timer.advance(Duration.ofSeconds(2));
			assertThat(new Outcome(server.client, false, Duration.ofSeconds(8)).isOk()).isFalse();
			assertThat(server.refused()).isOne();
			outcomes.add(new Outcome(server.client, false, Duration.ofMinutes(2)));
			outcomes.addAll(server.call(1, false));
			server.service.permits.release(1000);
			assertThat(outcomes).allMatch(Outcome::isOk);
			assertThat(server.refused()).isOne();
		}, "grpc.server.limits.queue-delay=10s");
	}

	@Test
	void allCallsAreAdmittedAgainWhenOneHasNotWaited() {
		run((server) -> {
			server.overload(false);
			server.service.permits.release(1000);
			server.awaitCalls(0);
			server.timer.advance(Duration.ofSeconds(1));
			assertThat(server.call(1, false)).allMatch(Outcome::isOk);
			server.service.permits.drainPermits();
			List<Outcome> outcomes = server.call(BACKLOG, false);
			server.awaitCalls(BACKLOG);
			server.service.permits.release(BACKLOG);
			assertThat(outcomes).allMatch(Outcome::isOk);
		});
	}

	@Test
	void aShortBurstIsServed() {
		run((server) -> {
			for (int i = 0; i < 3; i++) {
				List<Outcome> outcomes = server.burst(false);
				server.steps(STEPS - 1);
				outcomes.addAll(server.call(5, false));
				server.service.permits.release(BACKLOG + 5 - STEPS + 2);
				assertThat(outcomes).allMatch(Outcome::isOk);
				server.awaitCalls(0);
				server.timer.advance(Duration.ofSeconds(1));
			}
			assertThat(server.refused()).isZero();
		});
	}

	@Test
	@TestsProperty("grpc.server.limits.queue-delay")
	void withoutAQueueDelayCallsWaitForAnyTime() {
		run((server) -> {
			List<Outcome> outcomes = server.overload(false);
			int waiting = ServersOf.calls(server.context).count();
			outcomes.addAll(server.call(MAX_WAITING + 5, false));
			server.awaitCalls(waiting + MAX_WAITING + 5);
			server.service.permits.release(1000);
			assertThat(outcomes).allMatch(Outcome::isOk);
		}, "grpc.server.limits.queue-delay=0");
	}

	@Test
	void aCallThatIsCancelledWhileItWaitsLeavesItsPlaceToAnother() {
		run((server) -> {
			server.overload(false);
			server.steps(BACKLOG - STEPS - MAX_WAITING);
			List<Outcome> admitted = server.call(1, false);
			assertThat(server.call(1, false)).noneMatch(Outcome::isOk);
			admitted.get(0).call.cancel("not needed", null);
			await().until(() -> ServersOf.calls(server.context).expired() == 1);
			List<Outcome> other = server.call(1, false);
			assertThat(server.call(1, false)).noneMatch(Outcome::isOk);
			server.service.permits.release(1000);
			assertThat(other).allMatch(Outcome::isOk);
		});
	}

	@Test
	void anOpenStreamContinues() {
		run((server) -> {
			server.service.permits.release();
			Observer<RouteNote> observer = new Observer<>();
			StreamObserver<RouteNote> requests = RouteGuideGrpc.newStub(server.client.channel()).routeChat(observer);
			requests.onNext(RouteNote.getDefaultInstance());
			observer.awaitMessages(1);
			server.overload(true);
			requests.onNext(RouteNote.getDefaultInstance());
			server.service.permits.release(1000);
			observer.awaitMessages(2);
			requests.onCompleted();
			assertThat(observer.awaitEnd()).isEqualTo(Status.Code.OK);
		});
	}

	@Test
	void anotherMethodIsNotRefused() {
		run((server) -> {
			server.overload(false);
			assertThat(server.call(1, false)).noneMatch(Outcome::isOk);
			List<Outcome> others = server.call(MAX_WAITING + 5, true);
			server.service.permits.release(1000);
			assertThat(others).allMatch(Outcome::isOk);
		});
	}

	@Test
	void anOverloadedServerTellsItsHealthAndDrains() {
		run((server) -> {
			AvailabilityChangeEvent.publish(server.context, ReadinessState.ACCEPTING_TRAFFIC);
			List<Outcome> first = server.overload(false);
			assertThat(server.call(1, false)).noneMatch(Outcome::isOk);
			assertThat(server.client.health().check(HealthCheckRequest.getDefaultInstance()).getStatus())
				.isEqualTo(ServingStatus.SERVING);
			CompletableFuture<Void> closed = new CompletableFuture<>();
			GrpcServerDrain drain = server.context.getBean(GrpcServerDrain.class);
			new Thread(() -> {
				server.context.close();
				closed.complete(null);
			}).start();
			await().until(() -> drain.getStatus().state() == GrpcServerState.DRAINING && server.timer.pending() > 0);
			server.service.permits.release(1000);
			assertThat(first).allMatch(Outcome::isOk);
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
		});
	}

	@ParameterizedTest
	@CsvSource({ "1s,290,580", "150ms,75,150" })
	@TestsProperty("grpc.server.limits.retry-pushback")
	void clientsAreToldWhenToRetryUntilCallsHaveBeenRefusedForASecond(String max, int from, int to) {
		run((server) -> {
			server.overload(false);
			assertThat(server.pushback()).isBetween(from, to);
			server.timer.advance(Duration.ofMillis(1001));
			assertThat(server.pushback()).isEqualTo(-1);
		}, "grpc.server.limits.retry-pushback=" + max);
	}

	@Test
	void withoutPushbackNothingIsTold() {
		run((server) -> {
			server.overload(false);
			assertThat(server.call(1, false).get(0).trailers().get(PUSHBACK)).isNull();
		}, "grpc.server.limits.retry-pushback=0");
	}

	@Test
	void aClientWithARetryPolicyRetriesAsItIsTold() {
		run((server) -> {
			server.overload(false);
			try (GrpcClient retrying = GrpcClient.of(GrpcClient.port(server.context),
					(builder) -> builder.enableRetry().defaultServiceConfig(retryPolicy()))) {
				assertThat(new Outcome(retrying, false).isOk()).isFalse();
				assertThat(server.refused()).isEqualTo(5);
				server.timer.advance(Duration.ofMillis(1001));
				assertThat(new Outcome(retrying, false).isOk()).isFalse();
				assertThat(server.refused()).isEqualTo(6);
			}
		}, "grpc.server.limits.retry-pushback=1ms");
	}

	private static Map<String, ?> retryPolicy() {
		return Map.of("methodConfig",
				List.of(Map.of("name", List.of(Map.of()), "retryPolicy",
						Map.of("maxAttempts", 5.0, "initialBackoff", "0.001s", "maxBackoff", "0.001s",
								"backoffMultiplier", 1.0, "retryableStatusCodes", List.of("RESOURCE_EXHAUSTED")))));
	}

	private static void run(Check check, String... properties) {
		GrpcServerContextRunner.create()
			.withBean("drainTimer", ManualServerTimer.class, ManualServerTimer::new)
			.withBean(GatedRouteGuide.class)
			.withPropertyValues("grpc.server.executor.type=platform", "grpc.server.executor.threads=1",
					"grpc.server.limits.queue-delay=200ms")
			.withPropertyValues(properties)
			.run((context) -> {
				GatedRouteGuide service = context.getBean(GatedRouteGuide.class);
				try (GrpcClient client = GrpcClient.of(context)) {
					check.run(new Server((ConfigurableApplicationContext) context.getSourceApplicationContext(), client,
							service, context.getBean(ManualServerTimer.class)));
				}
				finally {
					service.permits.release(1000);
				}
			});
	}

	@FunctionalInterface
	private interface Check {

		void run(Server server) throws Exception;

	}

	private record Server(ConfigurableApplicationContext context, GrpcClient client, GatedRouteGuide service,
			ManualServerTimer timer) {

		List<Outcome> call(int count, boolean streaming) {
			List<Outcome> outcomes = new ArrayList<>();
			for (int i = 0; i < count; i++) {
				outcomes.add(new Outcome(this.client, streaming));
			}
			return outcomes;
		}

		/**
		 * Occupies the thread, and lets calls wait for it.
		 */
		List<Outcome> burst(boolean streaming) {
			int started = this.service.started.get();
			int open = ServersOf.calls(this.context).count();
			List<Outcome> outcomes = call(1, streaming);
			await().until(() -> this.service.started.get() == started + 1);
			outcomes.addAll(call(BACKLOG, streaming));
			awaitCalls(open + BACKLOG + 1);
			this.timer.advance(Duration.ofMillis(150));
			return outcomes;
		}

		/**
		 * Lets calls wait until further ones are shed.
		 */
		List<Outcome> overload(boolean streaming) {
			List<Outcome> outcomes = burst(streaming);
			steps(STEPS);
			return outcomes;
		}

		/**
		 * Lets calls start, one after the other.
		 */
		void steps(int count) {
			for (int i = 0; i < count; i++) {
				this.timer.advance(STEP);
				int started = this.service.started.get();
				this.service.permits.release();
				await().until(() -> this.service.started.get() == started + 1);
			}
		}

		void awaitCalls(int count) {
			await().untilAsserted(() -> assertThat(ServersOf.calls(this.context).count()).isEqualTo(count));
		}

		long refused() {
			return ServersOf.refusals(this.context, "network").getCount(RefusalReason.OVERLOAD);
		}

		int pushback() {
			return call(1, false).get(0).pushback();
		}

	}

	/**
	 * What a client is told of a call.
	 */
	private static final class Outcome {

		private final CompletableFuture<Status> status = new CompletableFuture<>();

		private final CompletableFuture<Metadata> trailers = new CompletableFuture<>();

		private final ClientCall<?, ?> call;

		Outcome(GrpcClient client, boolean streaming) {
			this(client, streaming, CallOptions.DEFAULT);
		}

		Outcome(GrpcClient client, boolean streaming, Duration timeout) {
			this(client, streaming, CallOptions.DEFAULT.withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS));
		}

		private Outcome(GrpcClient client, boolean streaming, CallOptions options) {
			this.call = streaming
					? start(client, RouteGuideGrpc.getRouteChatMethod(), options, RouteNote.getDefaultInstance())
					: start(client, RouteGuideGrpc.getGetFeatureMethod(), options, Point.getDefaultInstance());
		}

		private <Q, R> ClientCall<Q, R> start(GrpcClient client, MethodDescriptor<Q, R> method, CallOptions options,
				Q request) {
			ClientCall<Q, R> call = client.channel().newCall(method, options);
			call.start(new ClientCall.Listener<>() {

				@Override
				public void onClose(Status status, Metadata trailers) {
					Outcome.this.status.complete(status);
					Outcome.this.trailers.complete(trailers);
				}

			}, new Metadata());
			call.request(2);
			call.sendMessage(request);
			call.halfClose();
			return call;
		}

		Status status() {
			return this.status.orTimeout(30, TimeUnit.SECONDS).join();
		}

		Metadata trailers() {
			return this.trailers.orTimeout(30, TimeUnit.SECONDS).join();
		}

		boolean isOk() {
			return status().isOk();
		}

		int pushback() {
			return Integer.parseInt(String.valueOf(trailers().get(PUSHBACK)));
		}

	}

	/**
	 * Each call holds its thread until it gets a permit.
	 */
	@GrpcService
	static class GatedRouteGuide extends TestRouteGuide {

		private final Semaphore permits = new Semaphore(0);

		private final AtomicInteger started = new AtomicInteger();

		@Override
		public void getFeature(Point request, StreamObserver<Feature> responses) {
			pass();
			super.getFeature(request, responses);
		}

		@Override
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> responses) {
			pass();
			return new Echo(responses);
		}

		private void pass() {
			this.started.incrementAndGet();
			this.permits.acquireUninterruptibly();
		}

	}

}
