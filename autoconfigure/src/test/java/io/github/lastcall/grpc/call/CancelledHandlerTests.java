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
package io.github.lastcall.grpc.call;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.metrics.GrpcServerMetrics;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.ManualServerTimer;
import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.grpc.testing.TestsProperty;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Handlers that never ask whether their client is still there.
 */
@Timeout(60)
@ExtendWith(OutputCaptureExtension.class)
class CancelledHandlerTests {

	private final ManualServerTimer timer = new ManualServerTimer();

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withBean("lastCallWatchdogTimer", ManualServerTimer.class, () -> this.timer,
				(definition) -> ((AbstractBeanDefinition) definition).setDefaultCandidate(false))
		.withBean(RouteGuide.class)
		.withBean(SimpleMeterRegistry.class)
		.withPropertyValues("grpc.server.executor.threads=2");

	@Test
	void aLoopThatSendsEndsOnceItsClientHasGoneSoThatTheThreadsServeOthers(CapturedOutput output) {
		this.runner.run((context) -> {
			RouteGuide handler = context.getBean(RouteGuide.class);
			handler.stream = RouteGuide::sendForEver;
			try (GrpcClient client = GrpcClient.of(context)) {
				for (int i = 0; i < 2; i++) {
					stream(client.channel()).cancel("gone", null);
				}
				for (int i = 0; i < 2; i++) {
					assertThat(handler.awaitEnd()).isInstanceOfSatisfying(StatusRuntimeException.class,
							(ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.CANCELLED));
				}
				assertThat(client.featureName()).isEqualTo("served");
				GrpcServerDrain drain = context.getBean(GrpcServerDrain.class);
				await().until(() -> drain.getCalls().count() == 0);
			}
		});
		assertThat(output).doesNotContain("Exception while executing runnable");
	}

	@Test
	void aLoopThatSendsEndsWhenItsDeadlineHasPassed() {
		this.runner.run((context) -> {
			RouteGuide handler = context.getBean(RouteGuide.class);
			handler.stream = RouteGuide::sendForEver;
			try (GrpcClient client = GrpcClient.of(context)) {
				Observer<Feature> call = new Observer<>();
				RouteGuideGrpc.newStub(client.channel())
					.withDeadlineAfter(100, TimeUnit.MILLISECONDS)
					.listFeatures(Rectangle.getDefaultInstance(), call);
				assertThat(handler.awaitEnd()).isInstanceOf(StatusRuntimeException.class);
				assertThat(call.awaitEnd()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
			}
		});
	}

	@Test
	void whatAnotherThreadSendsAfterTheEndIsDropped() {
		this.runner.run((context) -> {
			RouteGuide handler = context.getBean(RouteGuide.class);
			CompletableFuture<ServerCallStreamObserver<Feature>> call = new CompletableFuture<>();
			handler.stream = (responses) -> {
				responses.setOnCancelHandler(() -> call.complete(responses));
				responses.onNext(Feature.getDefaultInstance());
			};
			try (GrpcClient client = GrpcClient.of(context)) {
				stream(client.channel()).cancel("gone", null);
				call.get(30, TimeUnit.SECONDS).onNext(Feature.getDefaultInstance());
			}
		});
	}

	@Test
	void theAnswerOfACallThatHasEndedIsDropped() {
		this.runner.run((context) -> {
			RouteGuide handler = context.getBean(RouteGuide.class);
			CompletableFuture<String> end = new CompletableFuture<>();
			CountDownLatch begun = new CountDownLatch(1);
			CountDownLatch cancelled = new CountDownLatch(1);
			handler.unary = (responses) -> {
				Context.current().addListener((ended) -> cancelled.countDown(), Runnable::run);
				begun.countDown();
				RouteGuide.await(cancelled);
				responses.onNext(Feature.getDefaultInstance());
				end.complete("answered");
			};
			try (GrpcClient client = GrpcClient.of(context)) {
				Context.CancellableContext cancellation = Context.current().withCancellation();
				cancellation.run(() -> RouteGuideGrpc.newStub(client.channel())
					.getFeature(Point.getDefaultInstance(), new Observer<>()));
				RouteGuide.await(begun);
				cancellation.cancel(null);
				assertThat(end).succeedsWithin(Duration.ofSeconds(30));
			}
		});
	}

	@Test
	void handlersThatRunOnLongAfterTheirCallsWereCancelledAreOneWarningWithAStack(CapturedOutput output) {
		this.runner.run((context) -> {
			RouteGuide handler = context.getBean(RouteGuide.class);
			CountDownLatch release = new CountDownLatch(1);
			BlockingQueue<Context> contexts = new LinkedBlockingQueue<>();
			handler.stream = (responses) -> {
				contexts.add(Context.current());
				responses.onNext(Feature.getDefaultInstance());
				RouteGuide.await(release);
			};
			GrpcServerDrain drain = context.getBean(GrpcServerDrain.class);
			SimpleMeterRegistry meters = context.getBean(SimpleMeterRegistry.class);
			try (GrpcClient client = GrpcClient.of(context)) {
				for (int i = 0; i < 2; i++) {
					stream(client.channel()).cancel("gone", null);
				}
				await().until(() -> contexts.size() == 2 && contexts.stream().allMatch(Context::isCancelled));
				await().until(() -> this.timer.pending() == 1);
				this.timer.advance(Duration.ofSeconds(29));
				assertThat(drain.getCalls().abandoned()).isZero();
				this.timer.advance(Duration.ofSeconds(10));
				context.getBean(GrpcServerMetrics.class).bindTo(meters);
				assertThat(meters.get("grpc.server.calls.abandoned").gauge().value()).isEqualTo(2);
				assertThat(output).containsOnlyOnce("handlers are still running more than 30 s")
					.contains("2 handlers are still running", "hold 2 threads", "routeguide.RouteGuide/ListFeatures",
							"stack of thread grpc-executor-", "RouteGuide.await");
				release.countDown();
				await().until(() -> drain.getCalls().abandoned() == 0);
				this.timer.advance(Duration.ofSeconds(10));
				assertThat(this.timer.pending()).isZero();
				assertThat(client.featureName()).isEqualTo("served");
			}
		});
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	@TestsProperty({ "grpc.server.executor.cancelled-warning", "grpc.server.executor.interrupt-cancelled" })
	void handlersThatRunOnAreInterruptedIfTheApplicationWantsIt(boolean interrupt) {
		this.runner
			.withPropertyValues("grpc.server.executor.cancelled-warning=8s",
					"grpc.server.executor.interrupt-cancelled=" + interrupt)
			.run((context) -> {
				RouteGuide handler = context.getBean(RouteGuide.class);
				CompletableFuture<String> interrupted = new CompletableFuture<>();
				CountDownLatch release = new CountDownLatch(1);
				handler.stream = (responses) -> {
					responses.onNext(Feature.getDefaultInstance());
					try {
						release.await();
						interrupted.complete("no");
					}
					catch (InterruptedException ex) {
						// Left for whatever runs on the thread next.
						Thread.currentThread().interrupt();
						interrupted.complete("yes");
					}
				};
				try (GrpcClient client = GrpcClient.of(context)) {
					stream(client.channel()).cancel("gone", null);
					await().until(() -> this.timer.pending() == 1);
					this.timer.advance(Duration.ofSeconds(10));
					if (!interrupt) {
						release.countDown();
					}
					assertThat(interrupted).succeedsWithin(Duration.ofSeconds(30)).isEqualTo(interrupt ? "yes" : "no");
					handler.unary = (responses) -> {
						responses
							.onNext(Feature.newBuilder().setName("" + Thread.currentThread().isInterrupted()).build());
						responses.onCompleted();
					};
					for (int i = 0; i < 4; i++) {
						assertThat(client.featureName()).isEqualTo("false");
					}
				}
			});
	}

	@Test
	void interruptingWithoutATimeFailsTheStart() {
		this.runner
			.withPropertyValues("grpc.server.executor.cancelled-warning=0",
					"grpc.server.executor.interrupt-cancelled=true")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("grpc.server.executor.cancelled-warning"));
	}

	/**
	 * A stream whose first message has arrived.
	 */
	private static ClientCallStreamObserver<Rectangle> stream(Channel channel) throws Exception {
		CompletableFuture<ClientCallStreamObserver<Rectangle>> call = new CompletableFuture<>();
		CountDownLatch first = new CountDownLatch(1);
		RouteGuideGrpc.newStub(channel)
			.listFeatures(Rectangle.getDefaultInstance(), new ClientResponseObserver<Rectangle, Feature>() {

				@Override
				public void beforeStart(ClientCallStreamObserver<Rectangle> requests) {
					call.complete(requests);
				}

				@Override
				public void onNext(Feature feature) {
					first.countDown();
				}

				@Override
				public void onError(Throwable failure) {
				}

				@Override
				public void onCompleted() {
				}

			});
		RouteGuide.await(first);
		return call.get();
	}

	@GrpcService
	static class RouteGuide extends RouteGuideGrpc.RouteGuideImplBase {

		private final BlockingQueue<Throwable> ends = new LinkedBlockingQueue<>();

		private volatile Consumer<ServerCallStreamObserver<Feature>> stream = (responses) -> {
		};

		private volatile Consumer<StreamObserver<Feature>> unary = (responses) -> {
			responses.onNext(Feature.newBuilder().setName("served").build());
			responses.onCompleted();
		};

		@Override
		public void getFeature(Point request, StreamObserver<Feature> responses) {
			this.unary.accept(responses);
		}

		@Override
		public void listFeatures(Rectangle request, StreamObserver<Feature> responses) {
			ServerCallStreamObserver<Feature> call = (ServerCallStreamObserver<Feature>) responses;
			try {
				this.stream.accept(call);
			}
			catch (RuntimeException ex) {
				this.ends.add(ex);
				throw ex;
			}
		}

		Throwable awaitEnd() throws InterruptedException {
			Throwable end = this.ends.poll(30, TimeUnit.SECONDS);
			assertThat(end).isNotNull();
			return end;
		}

		/**
		 * As many do it, with a pause so that the test is not about memory.
		 */
		static void sendForEver(ServerCallStreamObserver<Feature> responses) {
			while (true) {
				responses.onNext(Feature.getDefaultInstance());
				LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
			}
		}

		static void await(CountDownLatch latch) {
			try {
				assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}

	}

}
