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
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import io.github.lastcall.grpc.autoconfigure.GrpcServerProperties.ExecutorType;
import io.github.lastcall.grpc.autoconfigure.ServersOf;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.ManualServerTimer;
import io.github.lastcall.grpc.testing.OnEachExecutor;
import io.github.lastcall.grpc.testing.TestsProperty;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What is sent to clients that read slowly, by handlers that never ask whether they do.
 */
@Timeout(120)
class OutboundBuffersTests {

	private static final int BOUND = 256 * 1024;

	private static final int MESSAGE = 10_000;

	private static final int MESSAGES = 300;

	private final ManualServerTimer timer = new ManualServerTimer();

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withBean("drainTimer", ManualServerTimer.class, () -> this.timer)
		.withBean(RouteGuide.class)
		.withPropertyValues("grpc.server.limits.outbound-message-buffer=256KB", "grpc.server.executor.threads=2",
				"grpc.server.shutdown.grace-period=0", "spring.lifecycle.timeout-per-shutdown-phase=1s");

	@OnEachExecutor
	@TestsProperty("grpc.server.limits.outbound-message-buffer")
	void theHandlerOfAStreamWaitsForItsClientUnlessItIsOnAnEventLoop(ExecutorType executor) {
		this.runner.withPropertyValues("grpc.server.executor.type=" + executor).run((context) -> {
			try (GrpcClient client = client(context)) {
				SlowReader<Feature> reader = list(client);
				if (executor == ExecutorType.DIRECT) {
					awaitRefused(context, RefusalReason.OUTBOUND_MESSAGES);
					assertThat(reader.end().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
					return;
				}
				awaitWaiting(context);
				assertThat(held(context)).isBetween(1L, (long) BOUND + 2 * MESSAGE);
				assertThat(reader.end()).isEqualTo(Status.OK);
				assertThat(reader.messages).hasSize(MESSAGES);
				await().until(() -> held(context) == 0);
			}
		});
	}

	@Test
	@TestsProperty("grpc.server.limits.outbound-wait")
	void aClientThatReadsNothingIsWaitedForSoLongAndNoLonger() {
		this.runner.withPropertyValues("grpc.server.limits.outbound-wait=7s").run((context) -> {
			RouteGuide handler = context.getBean(RouteGuide.class);
			try (GrpcClient client = client(context)) {
				SlowReader<Feature> reader = list(client);
				awaitWaiting(context);
				this.timer.advance(Duration.ofSeconds(6));
				assertThat(handler.ends).isEmpty();
				this.timer.advance(Duration.ofSeconds(1));
				assertThat(handler.end()).isEqualTo(Status.Code.CANCELLED);
				awaitRefused(context, RefusalReason.OUTBOUND_WAIT);
				assertThat(reader.end().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
				await().until(() -> held(context) == 0);
			}
		});
	}

	@Test
	void aClientThatReadsSlowlyIsWaitedForAsLongAsItReads() {
		this.runner.run((context) -> {
			RouteGuide handler = context.getBean(RouteGuide.class);
			try (GrpcClient client = client(context)) {
				SlowReader<Feature> reader = list(client);
				awaitWaiting(context);
				for (int read = 0; read < 5; read++) {
					this.timer.advance(Duration.ofSeconds(9));
					long before = held(context);
					// More than half of the window, so that the client lets more come.
					reader.request(5);
					await().until(() -> held(context) != before);
					awaitWaiting(context);
				}
				assertThat(handler.ends).isEmpty();
				this.timer.advance(Duration.ofSeconds(10));
				assertThat(handler.end()).isEqualTo(Status.Code.CANCELLED);
			}
		});
	}

	@Test
	void aHandlerThatWaitsEndsWhenItsClientCancels() {
		this.runner.run((context) -> {
			try (GrpcClient client = client(context)) {
				SlowReader<Feature> reader = list(client);
				awaitWaiting(context);
				reader.call.cancel("gone", null);
				assertThat(context.getBean(RouteGuide.class).end()).isEqualTo(Status.Code.CANCELLED);
				await().until(() -> held(context) == 0);
			}
		});
	}

	@Test
	void aHandlerThatWaitsEndsWhenItsDeadlineHasPassed() {
		this.runner.run((context) -> {
			try (GrpcClient client = client(context)) {
				new SlowReader<>(client, RouteGuideGrpc.getListFeaturesMethod(), Rectangle.getDefaultInstance(),
						CallOptions.DEFAULT.withDeadlineAfter(500, TimeUnit.MILLISECONDS));
				assertThat(context.getBean(RouteGuide.class).end()).isEqualTo(Status.Code.CANCELLED);
			}
		});
	}

	@Test
	void aHandlerThatWaitsEndsWhenTheDrainClosesItsCall() {
		this.runner.run((context) -> {
			try (GrpcClient client = client(context)) {
				list(client);
				awaitWaiting(context);
				ServersOf.calls(context).close(Status.UNAVAILABLE.withDescription("shutting down"));
				assertThat(context.getBean(RouteGuide.class).end()).isEqualTo(Status.Code.CANCELLED);
			}
		});
	}

	@Test
	void noMoreThanHalfOfTheThreadsWaitSoThatTheOthersServe() {
		this.runner.run((context) -> {
			try (GrpcClient client = client(context); GrpcClient other = GrpcClient.of(context)) {
				list(client);
				awaitWaiting(context);
				SlowReader<Feature> second = list(client);
				awaitRefused(context, RefusalReason.OUTBOUND_MESSAGES);
				assertThat(second.end().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
				assertThat(other.featureName()).isEqualTo("served");
			}
		});
	}

	@Test
	void aBidirectionalStreamThatHoldsTooMuchEnds() {
		this.runner.run((context) -> {
			try (GrpcClient client = client(context)) {
				SlowReader<RouteNote> reader = new SlowReader<>(client, RouteGuideGrpc.getRouteChatMethod(),
						RouteNote.getDefaultInstance(), CallOptions.DEFAULT);
				assertThat(context.getBean(RouteGuide.class).end()).isEqualTo(Status.Code.CANCELLED);
				awaitRefused(context, RefusalReason.OUTBOUND_MESSAGES);
				assertThat(reader.end().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
			}
		});
	}

	@Test
	void aCallOnWhichAThreadOfTheApplicationSendsTooMuchEndsAndTheThreadGoesOn() {
		this.runner.run((context) -> {
			RouteGuide handler = context.getBean(RouteGuide.class);
			handler.ownThread = true;
			try (GrpcClient client = client(context)) {
				SlowReader<Feature> reader = list(client);
				awaitRefused(context, RefusalReason.OUTBOUND_MESSAGES);
				assertThat(reader.end().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
				assertThat(handler.sentByOwnThread).succeedsWithin(Duration.ofSeconds(30)).isEqualTo(MESSAGES);
			}
		});
	}

	@OnEachExecutor
	@TestsProperty("grpc.server.limits.outbound-buffer-size")
	void theCallThatHoldsMostEndsWhenAllHoldTooMuch(ExecutorType executor) {
		this.runner
			.withPropertyValues("grpc.server.executor.type=" + executor, "grpc.server.limits.outbound-buffer-size=2MB")
			.run((context) -> {
				try (GrpcClient client = client(context)) {
					List<SlowReader<Feature>> readers = new ArrayList<>();
					for (int i = 0; i < 10; i++) {
						this.timer.advance(Duration.ofMillis(1));
						readers.add(get(client, (i == 3) ? 1_200_000 : 500_000));
						int sent = i + 1;
						await().until(() -> context.getBean(RouteGuide.class).answers.size() == sent);
						// What an ended call has queued counts until its event loop has
						// released it.
						await().until(() -> held(context) <= 2 * 1024 * 1024);
					}
					// Four of them fit: first the largest went, and then the oldest.
					await().until(() -> refused(context, RefusalReason.OUTBOUND_BUFFER) == 6);
					assertThat(readers.get(3).end().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
					assertThat(readers.get(9).end()).isEqualTo(Status.OK);
					assertThat(readers.get(9).messages).hasSize(1);
				}
				await().until(() -> held(context) == 0);
			});
	}

	/**
	 * Large messages go to the socket before they are counted, and small ones together.
	 */
	@Test
	void whatHasBeenReadDoesNotCountHoweverLongItsStreamIsOpen() {
		this.runner.run((context) -> {
			RouteGuide handler = context.getBean(RouteGuide.class);
			handler.sizes = new int[] { 5, 3_000_000, 20, 20, 20, 100_000, 7, 7, 1_200_000, 1 };
			handler.staysOpen = true;
			try (GrpcClient client = client(context)) {
				SlowReader<Feature> reader = list(client);
				reader.request(handler.sizes.length);
				await().atMost(Duration.ofSeconds(30)).until(() -> reader.messages.size() == handler.sizes.length);
				assertThat(reader.ended).isNotDone();
				await().until(() -> held(context) == 0);
			}
		});
	}

	/**
	 * Many threads may serialize at the same moment.
	 */
	@Test
	void whatIsBeingSerializedCountsAndIsRefusedWhenThereIsNoRoom() {
		OutboundBuffers buffers = new OutboundBuffers(10_000, 10_000, Duration.ZERO);
		assertThat(buffers.begin(10_001)).as("more than there may be").isFalse();
		assertThat(buffers.begin(8_000)).isTrue();
		assertThat(buffers.begin(7_000)).as("half as much again").isTrue();
		assertThat(buffers.begin(1)).isFalse();
		buffers.end(8_000);
		assertThat(buffers.begin(8_000)).isTrue();
	}

	@Test
	void whatAnEndedCallHeldCountsUntilItIsFree() {
		OutboundBuffers buffers = new OutboundBuffers(10_000, 10_000, Duration.ZERO);
		buffers.change(0, 9_000);
		long dropped = buffers.drop(9_000);
		assertThat(buffers.share()).as("what others may hold").isEqualTo(10_000);
		assertThat(buffers.begin(8_000)).isFalse();
		buffers.end(dropped);
		assertThat(buffers.begin(8_000)).isTrue();
	}

	@OnEachExecutor
	@TestsProperty("grpc.server.limits.outbound-buffer-size")
	void anAnswerThatDoesNotFitIsRefusedBeforeItIsSerialized(ExecutorType executor) {
		List<Integer> serialized = new CopyOnWriteArrayList<>();
		this.runner
			.withPropertyValues("grpc.server.executor.type=" + executor, "grpc.server.limits.outbound-buffer-size=1MB")
			.withBean(GrpcServerBuilderCustomizer.class,
					() -> (server) -> server.addStreamTracerFactory(new SerializedMessages(serialized)))
			.run((context) -> {
				try (GrpcClient client = client(context)) {
					SlowReader<Feature> large = get(client, 1_200_000);
					assertThat(large.end().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
					awaitRefused(context, RefusalReason.OUTBOUND_BUFFER);
					assertThat(serialized).isEmpty();
					assertThat(get(client, 900_000).end()).isEqualTo(Status.OK);
					assertThat(serialized).hasSize(1);
				}
				await().until(() -> held(context) == 0);
			});
	}

	private static SlowReader<Feature> get(GrpcClient client, int size) {
		return new SlowReader<>(client, RouteGuideGrpc.getGetFeatureMethod(),
				Point.newBuilder().setLatitude(size).build(), CallOptions.DEFAULT);
	}

	/**
	 * A client whose windows do not grow.
	 */
	private static GrpcClient client(AssertableApplicationContext context) {
		return GrpcClient.of(GrpcClient.port(context), (builder) -> builder.flowControlWindow(65_535));
	}

	private static SlowReader<Feature> list(GrpcClient client) {
		return new SlowReader<>(client, RouteGuideGrpc.getListFeaturesMethod(), Rectangle.getDefaultInstance(),
				CallOptions.DEFAULT);
	}

	private void awaitWaiting(AssertableApplicationContext context) {
		await().atMost(Duration.ofSeconds(30)).until(() -> this.timer.pending() == 1);
	}

	private static long held(AssertableApplicationContext context) {
		return context.getBean(OutboundBuffers.class).held();
	}

	private static void awaitRefused(AssertableApplicationContext context, RefusalReason reason) {
		await().until(() -> refused(context, reason) == 1);
	}

	private static long refused(AssertableApplicationContext context, RefusalReason reason) {
		return ServersOf.refusals(context, "network").getCount(reason);
	}

	/**
	 * A client that reads when it is told to.
	 */
	private static final class SlowReader<R> extends ClientCall.Listener<R> {

		private final List<R> messages = new CopyOnWriteArrayList<>();

		private final CompletableFuture<Status> ended = new CompletableFuture<>();

		private final ClientCall<?, R> call;

		<Q> SlowReader(GrpcClient client, MethodDescriptor<Q, R> method, Q request, CallOptions options) {
			ClientCall<Q, R> call = client.channel().newCall(method, options);
			this.call = call;
			call.start(this, new Metadata());
			call.sendMessage(request);
			call.halfClose();
		}

		void request(int messages) {
			this.call.request(messages);
		}

		@Override
		public void onMessage(R message) {
			this.messages.add(message);
		}

		@Override
		public void onClose(Status status, Metadata trailers) {
			this.ended.complete(status);
		}

		/**
		 * A client learns of the end when it has read what came before.
		 */
		Status end() throws Exception {
			request(MESSAGES + 1);
			return this.ended.get(30, TimeUnit.SECONDS);
		}

	}

	/**
	 * Knows the messages that grpc-java begins to serialize.
	 */
	private static final class SerializedMessages extends ServerStreamTracer.Factory {

		private final List<Integer> numbers;

		SerializedMessages(List<Integer> numbers) {
			this.numbers = numbers;
		}

		@Override
		public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
			return new ServerStreamTracer() {

				@Override
				public void outboundMessage(int number) {
					SerializedMessages.this.numbers.add(number);
				}

			};
		}

	}

	@GrpcService
	static class RouteGuide extends RouteGuideGrpc.RouteGuideImplBase {

		private final BlockingQueue<Throwable> ends = new LinkedBlockingQueue<>();

		private final BlockingQueue<Point> answers = new LinkedBlockingQueue<>();

		private final CompletableFuture<Integer> sentByOwnThread = new CompletableFuture<>();

		private volatile boolean ownThread;

		private volatile boolean staysOpen;

		private volatile int[] sizes = IntStream.generate(() -> MESSAGE).limit(MESSAGES).toArray();

		@Override
		public void getFeature(Point request, StreamObserver<Feature> responses) {
			int size = request.getLatitude();
			String name = (size > 10) ? "x".repeat(size) : "served";
			responses.onNext(Feature.newBuilder().setName(name).build());
			responses.onCompleted();
			this.answers.add(request);
		}

		@Override
		public void listFeatures(Rectangle request, StreamObserver<Feature> responses) {
			if (this.ownThread) {
				// Otherwise grpc-java's own observer throws on any thread.
				((ServerCallStreamObserver<Feature>) responses).setOnCancelHandler(() -> {
				});
				new Thread(() -> this.sentByOwnThread.complete(send(responses)), "test-sender").start();
				return;
			}
			try {
				send(responses);
				if (!this.staysOpen) {
					responses.onCompleted();
				}
			}
			catch (RuntimeException ex) {
				this.ends.add(ex);
				throw ex;
			}
		}

		private int send(StreamObserver<Feature> responses) {
			for (int size : this.sizes) {
				responses.onNext(Feature.newBuilder().setName("x".repeat(size)).build());
			}
			return this.sizes.length;
		}

		@Override
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> responses) {
			return new StreamObserver<>() {

				@Override
				public void onNext(RouteNote note) {
					try {
						for (int size : RouteGuide.this.sizes) {
							responses.onNext(RouteNote.newBuilder().setMessage("x".repeat(size)).build());
						}
					}
					catch (RuntimeException ex) {
						RouteGuide.this.ends.add(ex);
						throw ex;
					}
				}

				@Override
				public void onError(Throwable failure) {
				}

				@Override
				public void onCompleted() {
				}

			};
		}

		Status.Code end() throws InterruptedException {
			Throwable end = this.ends.poll(30, TimeUnit.SECONDS);
			assertThat(end).isInstanceOf(StatusRuntimeException.class);
			return ((StatusRuntimeException) end).getStatus().getCode();
		}

	}

}
