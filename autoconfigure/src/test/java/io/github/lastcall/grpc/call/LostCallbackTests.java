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

import java.io.IOException;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import com.google.common.util.concurrent.ListenableFuture;
import io.github.lastcall.grpc.autoconfigure.GrpcServerProperties.ExecutorType;
import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.GrpcServerState;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.Echo;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.ManualServerTimer;
import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.grpc.testing.OnEachExecutor;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Whatever kills a callback, its call ends, gives its slot back and does not hold up the
 * drain.
 */
@Timeout(60)
@ExtendWith(OutputCaptureExtension.class)
class LostCallbackTests {

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withUserConfiguration(ServiceConfiguration.class)
		.withPropertyValues("grpc.server.limits.concurrent-calls=1", "grpc.server.executor.threads=1",
				"grpc.server.shutdown.grace-period=1h");

	@OnEachExecutor
	void anErrorEndsItsCallAndTheThreadLives(ExecutorType executor, CapturedOutput output) {
		withExecutor(executor)
			.run((context) -> assertThatFailureIsReported(context, new LinkageError("on purpose"), executor, output));
	}

	@OnEachExecutor
	void aCheckedExceptionEndsItsCallAndTheThreadLives(ExecutorType executor, CapturedOutput output) {
		withExecutor(executor)
			.run((context) -> assertThatFailureIsReported(context, new IOException("on purpose"), executor, output));
	}

	private static void assertThatFailureIsReported(AssertableApplicationContext context, Throwable failure,
			ExecutorType executor, CapturedOutput output) {
		Failing service = context.getBean(Failing.class);
		try (GrpcClient client = GrpcClient.of(context)) {
			service.onCall = (responses) -> sneakyThrow(failure);
			assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(client::featureName)
				.withMessage("UNKNOWN: Application error processing RPC");
			await().until(() -> inFlight(context) == 0);
			assertThat(output).containsOnlyOnce("The handler of routeguide.RouteGuide/GetFeature failed")
				.doesNotContain("Exception in thread")
				.doesNotContain("Exception while executing runnable");
			service.onCall = Failing::answer;
			assertThat(client.featureName())
				.startsWith((executor == ExecutorType.PLATFORM) ? "grpc-executor-1" : "grpc-");
		}
		assertThatTheDrainEndsAtOnce(context);
	}

	/**
	 * The end of the stream waits behind the callback that fails.
	 */
	@OnEachExecutor
	void anErrorAfterTheClientHasGoneLeavesNoCallInFlight(ExecutorType executor) {
		withExecutor(executor).run((context) -> {
			Failing service = context.getBean(Failing.class);
			CountDownLatch begun = new CountDownLatch(1);
			service.onCall = (responses) -> {
				begun.countDown();
				// An event loop that is busy learns of no cancellation.
				if (executor != ExecutorType.DIRECT) {
					await().until(responses::isCancelled);
				}
				throw new LinkageError("on purpose");
			};
			try (GrpcClient client = GrpcClient.of(context)) {
				ListenableFuture<Feature> call = RouteGuideGrpc.newFutureStub(client.channel())
					.getFeature(Point.getDefaultInstance());
				begun.await();
				call.cancel(true);
				await().until(() -> inFlight(context) == 0);
				if (executor != ExecutorType.DIRECT) {
					assertThat(service.cancelled).succeedsWithin(30, TimeUnit.SECONDS);
				}
			}
			assertThatTheDrainEndsAtOnce(context);
		});
	}

	@Test
	void anExecutorThatFailsBetweenTwoCallbacksEndsTheCallAndTheHandlerIsTold(CapturedOutput output) {
		this.runner.withUserConfiguration(OwnExecutorConfiguration.class).run((context) -> {
			Failing service = context.getBean(Failing.class);
			OwnExecutor executor = context.getBean(OwnExecutor.class);
			try (GrpcClient client = GrpcClient.of(context)) {
				Observer<RouteNote> chat = new Observer<>();
				StreamObserver<RouteNote> requests = RouteGuideGrpc.newStub(client.channel()).routeChat(chat);
				requests.onNext(RouteNote.getDefaultInstance());
				chat.awaitMessages(1);
				await().until(() -> executor.running.get() == 0);
				executor.failure = new OutOfMemoryError("unable to create native thread");
				requests.onNext(RouteNote.getDefaultInstance());
				assertThat(chat.status().toString()).contains("RESOURCE_EXHAUSTED",
						"The executor of the server failed");
				assertThat(service.cancelled).succeedsWithin(30, TimeUnit.SECONDS);
				assertThat(output).containsOnlyOnce("refused a call to routeguide.RouteGuide/RouteChat: "
						+ "The executor of the server failed: java.lang.OutOfMemoryError: unable to create");
				await().until(() -> inFlight(context) == 0);
				// What comes next ends as well.
				assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(client::featureName)
					.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED));
				await().until(() -> inFlight(context) == 0);
			}
			assertThatTheDrainEndsAtOnce(context);
		});
	}

	@Test
	void aCallWhoseCallbacksItsExecutorDropsEndsWithItsStream(CapturedOutput output) {
		withOwnExecutor().run((context) -> {
			Failing service = context.getBean(Failing.class);
			OwnExecutor executor = context.getBean(OwnExecutor.class);
			try (GrpcClient client = GrpcClient.of(context)) {
				Observer<RouteNote> chat = new Observer<>();
				StreamObserver<RouteNote> requests = RouteGuideGrpc.newStub(client.channel()).routeChat(chat);
				requests.onNext(RouteNote.getDefaultInstance());
				chat.awaitMessages(1);
				await().until(() -> executor.running.get() == 0);
				executor.drops = true;
				requests.onNext(RouteNote.getDefaultInstance());
				await().until(() -> executor.dropped.size() == 1);
				lookTwice(context);
				// Its client waits: that it lasts long is not a reason to end it.
				assertThat(inFlight(context)).isOne();
				requests.onError(new IllegalStateException("on purpose"));
				await().until(() -> {
					lookTwice(context);
					return inFlight(context) == 0;
				});
				assertThat(service.cancelled).succeedsWithin(30, TimeUnit.SECONDS);
				// What is no longer dropped, but late, does nothing.
				executor.dropped.forEach(Runnable::run);
				assertThat(inFlight(context)).isZero();
				executor.drops = false;
				assertThat(client.featureName()).isNotEmpty();
				await().untilAsserted(() -> {
					lookTwice(context);
					assertThat(output).contains("gRPC server 'network' ended 1 calls whose last callback was lost");
				});
			}
			assertThatTheDrainEndsAtOnce(context);
		});
	}

	@Test
	void aCallThatWaitsForItsExecutorIsNotLost() {
		withOwnExecutor().run((context) -> {
			Failing service = context.getBean(Failing.class);
			CountDownLatch begun = new CountDownLatch(1);
			CountDownLatch release = new CountDownLatch(1);
			service.onCall = (responses) -> {
				begun.countDown();
				awaitUninterrupted(release);
				Failing.answer(responses);
			};
			try (GrpcClient client = GrpcClient.of(context)) {
				ListenableFuture<Feature> call = RouteGuideGrpc.newFutureStub(client.channel())
					.getFeature(Point.getDefaultInstance());
				begun.await();
				call.cancel(true);
				lookTwice(context);
				lookTwice(context);
				// Its handler still works.
				assertThat(inFlight(context)).isOne();
				assertThat(service.cancelled).isNotDone();
				release.countDown();
				await().until(() -> inFlight(context) == 0);
			}
			assertThatTheDrainEndsAtOnce(context);
		});
	}

	private static void awaitUninterrupted(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static void lookTwice(AssertableApplicationContext context) {
		context.getBean("lastCallLostCallbacksTimer", ManualServerTimer.class)
			.advance(LostCallbacks.INTERVAL.multipliedBy(2));
	}

	private ApplicationContextRunner withOwnExecutor() {
		return this.runner.withUserConfiguration(OwnExecutorConfiguration.class)
			.withBean("lastCallLostCallbacksTimer", ManualServerTimer.class, ManualServerTimer::new,
					(definition) -> ((AbstractBeanDefinition) definition).setDefaultCandidate(false));
	}

	private ApplicationContextRunner withExecutor(ExecutorType executor) {
		return this.runner.withPropertyValues("grpc.server.executor.type=" + executor);
	}

	private static int inFlight(AssertableApplicationContext context) {
		return context.getBean(GrpcServerDrain.class).getCalls().count();
	}

	/**
	 * Or the test takes too long.
	 */
	private static void assertThatTheDrainEndsAtOnce(AssertableApplicationContext context) {
		GrpcServerDrain drain = context.getBean(GrpcServerDrain.class);
		context.getSourceApplicationContext().close();
		assertThat(drain.getStatus().state()).isEqualTo(GrpcServerState.STOPPED);
	}

	@SuppressWarnings("unchecked")
	private static <T extends Throwable> void sneakyThrow(Throwable ex) throws T {
		throw (T) ex;
	}

	/**
	 * GetFeature does what a test says; RouteChat echoes.
	 */
	static class Failing extends RouteGuideGrpc.RouteGuideImplBase {

		final CompletableFuture<Void> cancelled = new CompletableFuture<>();

		volatile Consumer<ServerCallStreamObserver<Feature>> onCall = Failing::answer;

		static void answer(StreamObserver<Feature> responses) {
			responses.onNext(Feature.newBuilder().setName(Thread.currentThread().getName()).build());
			responses.onCompleted();
		}

		@Override
		public void getFeature(Point request, StreamObserver<Feature> responses) {
			ServerCallStreamObserver<Feature> call = (ServerCallStreamObserver<Feature>) responses;
			call.setOnCancelHandler(() -> this.cancelled.complete(null));
			this.onCall.accept(call);
		}

		@Override
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> responses) {
			((ServerCallStreamObserver<RouteNote>) responses).setOnCancelHandler(() -> this.cancelled.complete(null));
			return new Echo(responses);
		}

	}

	/**
	 * As a pool that cannot start a thread, or drops what it is given.
	 */
	static final class OwnExecutor implements Executor, AutoCloseable {

		final AtomicInteger running = new AtomicInteger();

		volatile @Nullable Error failure;

		volatile boolean drops;

		final Queue<Runnable> dropped = new ConcurrentLinkedQueue<>();

		private final ExecutorService delegate = Executors.newCachedThreadPool();

		@Override
		public void execute(Runnable task) {
			Error failure = this.failure;
			if (failure != null) {
				throw failure;
			}
			if (this.drops) {
				this.dropped.add(task);
				return;
			}
			this.running.incrementAndGet();
			this.delegate.execute(() -> {
				try {
					task.run();
				}
				finally {
					this.running.decrementAndGet();
				}
			});
		}

		@Override
		public void close() {
			this.delegate.shutdownNow();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ServiceConfiguration {

		@Bean
		@GrpcService
		Failing service() {
			return new Failing();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnExecutorConfiguration {

		@Bean
		OwnExecutor own() {
			return new OwnExecutor();
		}

		@Bean
		ServerExecutor executor(OwnExecutor own) {
			return ServerExecutor.of(own);
		}

	}

}
