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

package io.github.lastcall.grpc.executor;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import com.google.common.util.concurrent.ListenableFuture;
import io.github.lastcall.grpc.autoconfigure.GrpcServerProperties.ExecutorType;
import io.github.lastcall.grpc.autoconfigure.ServersOf;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.Echo;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.HealthClient;
import io.github.lastcall.grpc.testing.HeldThreads;
import io.github.lastcall.grpc.testing.OnEachExecutor;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.grpc.testing.TestsProperty;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

@Timeout(60)
class ServerExecutorTests {

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create();

	@Test
	void callsRunOnNamedPlatformThreadsUnlessSaidOtherwise() {
		withService().run((context) -> assertThat(handler(context)).startsWith("grpc-executor-").endsWith(" platform"));
	}

	@Test
	@TestsProperty("grpc.server.executor.threads")
	void asManyThreadsAsConfiguredAndNotMore() {
		withService().withPropertyValues("grpc.server.executor.threads=2").run((context) -> {
			ThreadNames service = context.getBean(ThreadNames.class);
			try (GrpcClient client = GrpcClient.of(context)) {
				List<ListenableFuture<Feature>> calls = block(client, 3);
				assertThat(service.held.entered.tryAcquire(2, 30, TimeUnit.SECONDS)).isTrue();
				assertThat(health(client)).isEqualTo("NOT_SERVING");
				assertThat(service.held.entered.availablePermits()).isZero();
				service.held.release.countDown();
				for (ListenableFuture<Feature> call : calls) {
					assertThat(call.get().getName()).matches("grpc-executor-[12] platform");
				}
			}
		});
	}

	@Test
	@TestsProperty("grpc.server.executor.type")
	void directCallsRunOnTheEventLoop() {
		withService().withPropertyValues("grpc.server.executor.type=direct")
			.run((context) -> assertThat(handler(context)).startsWith("grpc-worker-network-"));
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21)
	@TestsProperty("grpc.server.executor.type")
	void virtualCallsRunOnVirtualThreads() {
		withService().withPropertyValues("grpc.server.executor.type=virtual")
			.run((context) -> assertThat(handler(context)).startsWith("grpc-executor-").endsWith(" virtual"));
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21)
	void virtualThreadsOfTheApplicationAreTheServersToo() {
		withService().withPropertyValues("spring.threads.virtual.enabled=true")
			.run((context) -> assertThat(handler(context)).endsWith(" virtual"));
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21)
	void thePropertyWinsOverVirtualThreadsOfTheApplication() {
		withService().withPropertyValues("spring.threads.virtual.enabled=true", "grpc.server.executor.type=platform")
			.run((context) -> assertThat(handler(context)).endsWith(" platform"));
	}

	@Test
	@EnabledForJreRange(max = JRE.JAVA_20)
	void virtualThreadsOfTheApplicationDoNotCountWhereThereAreNone() {
		withService().withPropertyValues("spring.threads.virtual.enabled=true")
			.run((context) -> assertThat(handler(context)).endsWith(" platform"));
	}

	@Test
	@EnabledForJreRange(max = JRE.JAVA_20)
	void virtualThreadsWhereThereAreNoneAreAnError() {
		withService().withPropertyValues("grpc.server.executor.type=virtual")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOfSatisfying(GrpcServerStartException.class,
						(ex) -> assertThat(ex.getProperties()).containsExactly("grpc.server.executor.type")));
	}

	@Test
	void aBeanWins() {
		withService().withUserConfiguration(OwnExecutorConfiguration.class)
			.withPropertyValues("grpc.server.executor.type=direct")
			.run((context) -> assertThat(handler(context)).startsWith("own-"));
	}

	@Test
	void aServiceCanRunOnTheEventLoopBesideOthersThatDoNot() {
		this.runner.withUserConfiguration(TwoServicesConfiguration.class).run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				assertThat(nameFrom(client, "a.Direct")).startsWith("grpc-worker-network-");
				assertThat(nameFrom(client, "a.Own")).startsWith("own-");
				assertThat(nameFrom(client, "a.Default")).startsWith("grpc-executor-");
			}
		});
	}

	@Test
	void anExecutorThatIsNoBeanFailsTheStart() {
		this.runner.withUserConfiguration(UnknownExecutorConfiguration.class)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessage("Bean 'service' is annotated with @GrpcService(executor = \"fast\"), "
						+ "but there is no Executor bean of that name."));
	}

	@Test
	@TestsProperty("grpc.server.executor.queue-capacity")
	void aFullExecutorRefusesCallsAndHealthDoesNotWaitForIt() {
		withService().withPropertyValues("grpc.server.executor.threads=1", "grpc.server.executor.queue-capacity=1")
			.run((context) -> {
				ThreadNames service = context.getBean(ThreadNames.class);
				try (GrpcClient client = GrpcClient.of(context)) {
					List<ListenableFuture<Feature>> served = new ArrayList<>(block(client, 1));
					service.held.entered.acquire();
					served.addAll(block(client, 1));
					await().until(() -> inFlight(context) == 2);
					for (int i = 0; i < 100; i++) {
						assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(client::featureName)
							.satisfies((ex) -> assertThat(ex.getStatus().toString()).contains("RESOURCE_EXHAUSTED",
									"The executor queue of the server is full"));
					}
					assertThat(refused(context)).isEqualTo(100);
					assertThat(health(client)).isEqualTo("NOT_SERVING");
					service.held.release.countDown();
					for (ListenableFuture<Feature> call : served) {
						assertThat(call.get().getName()).startsWith("grpc-executor-1");
					}
					await().until(() -> inFlight(context) == 0);
				}
			});
	}

	@Test
	void aClosedExecutorEndsCallsAndLeavesNoneInFlight() {
		withService().withUserConfiguration(OwnExecutorConfiguration.class).run((context) -> {
			ThreadNames service = context.getBean(ThreadNames.class);
			try (GrpcClient client = GrpcClient.of(context)) {
				List<ListenableFuture<Feature>> served = block(client, 1);
				service.held.entered.acquire();
				context.getBean("own", ExecutorService.class).shutdown();
				assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(client::featureName)
					.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
				service.held.release.countDown();
				assertThat(served.get(0).get().getName()).startsWith("own-");
				await().until(() -> inFlight(context) == 0);
			}
		});
	}

	@Test
	void aFullPoolOfTheApplicationEndsCallsAndTheyAreCounted() {
		withService().withUserConfiguration(BoundedPoolConfiguration.class).run((context) -> {
			ThreadNames service = context.getBean(ThreadNames.class);
			try (GrpcClient client = GrpcClient.of(context)) {
				ListenableFuture<Feature> served = block(client, 1).get(0);
				service.held.entered.acquire();
				// Another call in the queue would compete with the next callback of this
				// one.
				context.getBean("bounded", ThreadPoolExecutor.class).execute(() -> {
				});
				for (int i = 1; i <= 10; i++) {
					assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(client::featureName)
						.satisfies((ex) -> assertThat(ex.getStatus().toString()).contains("RESOURCE_EXHAUSTED",
								"The executor queue of the server is full"));
					assertThat(refused(context)).isEqualTo(i);
				}
				service.held.release.countDown();
				assertThat(served.get().getName()).startsWith("bounded-1");
				await().until(() -> inFlight(context) == 0);
				assertThat(client.featureName()).startsWith("bounded-1");
			}
		});
	}

	@Test
	void aMessageThatAFullPoolRejectsEndsItsCallAndTheHandlerIsTold() {
		withService().withUserConfiguration(BoundedPoolConfiguration.class).run((context) -> {
			ThreadNames service = context.getBean(ThreadNames.class);
			ThreadPoolExecutor pool = context.getBean("bounded", ThreadPoolExecutor.class);
			CountDownLatch begun = new CountDownLatch(1);
			CountDownLatch release = new CountDownLatch(1);
			try (GrpcClient client = GrpcClient.of(context)) {
				Chat chat = new Chat(client);
				chat.requests.onNext(RouteNote.getDefaultInstance());
				assertThat(chat.next()).isEqualTo("note");
				await().until(() -> pool.getCompletedTaskCount() == pool.getTaskCount());
				pool.execute(() -> {
					begun.countDown();
					ThreadNames.await(release);
				});
				begun.await();
				pool.execute(() -> {
				});
				chat.requests.onNext(RouteNote.getDefaultInstance());
				assertThat(chat.next()).contains("RESOURCE_EXHAUSTED", "The executor queue of the server is full");
				assertThat(service.chatEnds.poll(30, TimeUnit.SECONDS)).contains("CANCELLED");
				assertThat(refused(context)).isOne();
				await().until(() -> inFlight(context) == 0);
			}
			finally {
				release.countDown();
			}
		});
	}

	@ParameterizedTest
	@ValueSource(classes = { ServiceConfiguration.class, OwnExecutorConfiguration.class, SpringPoolConfiguration.class,
			SpringThreadsConfiguration.class })
	void anExecutorThatIsClosedBetweenTwoCallbacksEndsTheCallAndTheHandlerIsTold(Class<?> configuration) {
		withService().withUserConfiguration(configuration).run((context) -> {
			ThreadNames service = context.getBean(ThreadNames.class);
			try (GrpcClient client = GrpcClient.of(context)) {
				Chat chat = new Chat(client);
				chat.requests.onNext(RouteNote.getDefaultInstance());
				assertThat(chat.next()).isEqualTo("note");
				assertThat(inFlight(context)).isOne();
				service.awaitIdleChat();
				close(context.getBean(ServerExecutor.class).get());
				chat.requests.onCompleted();
				assertThat(chat.next()).contains("UNAVAILABLE", "its executor is closed");
				assertThat(service.chatEnds.poll(30, TimeUnit.SECONDS)).contains("CANCELLED");
				await().until(() -> inFlight(context) == 0);
				assertThat(refused(context)).isOne();
				// What comes next ends as well, and is counted.
				assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(client::featureName)
					.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
				assertThat(refused(context)).isEqualTo(2);
				assertThat(health(client)).isEqualTo("NOT_SERVING");
			}
		});
	}

	private static void close(Executor executor) throws Exception {
		if (executor instanceof ExecutorService service) {
			service.shutdown();
		}
		else if (executor instanceof ThreadPoolTaskExecutor pool) {
			pool.shutdown();
		}
		else {
			((AutoCloseable) executor).close();
		}
	}

	@Test
	@TestsProperty("grpc.server.limits.concurrent-calls")
	void callsBeyondTheLimitAreRefusedAtOnceAndHealthIsNotCounted() {
		withService().withPropertyValues("grpc.server.executor.threads=1", "grpc.server.limits.concurrent-calls=3")
			.run((context) -> {
				ThreadNames service = context.getBean(ThreadNames.class);
				try (GrpcClient client = GrpcClient.of(context)) {
					HealthClient health = new HealthClient(client.channel());
					health.watch("");
					List<ListenableFuture<Feature>> served = block(client, 3);
					service.held.entered.acquire();
					await().until(() -> inFlight(context) == 3);
					// The only thread is taken: an answer at once is one without it.
					assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(client::featureName)
						.satisfies((ex) -> assertThat(ex.getStatus().toString()).contains("RESOURCE_EXHAUSTED",
								"Concurrent call limit exceeded (3)"));
					assertThat(health.check("")).isEqualTo("NOT_SERVING");
					service.held.release.countDown();
					for (ListenableFuture<Feature> call : served) {
						assertThat(call.get().getName()).startsWith("grpc-executor-1");
					}
					await().until(() -> inFlight(context) == 0);
					assertThat(client.featureName()).startsWith("grpc-executor-1");
				}
			});
	}

	@OnEachExecutor
	void healthAnswersWhileAHandlerHoldsWhateverItRunsOn(ExecutorType executor) {
		withService().withPropertyValues("grpc.server.executor.threads=1", "grpc.server.executor.type=" + executor)
			.run((context) -> {
				ThreadNames service = context.getBean(ThreadNames.class);
				// Each connection has an event loop of its own: direct handlers hold up
				// those of their connection only.
				try (GrpcClient client = GrpcClient.of(context); GrpcClient probe = GrpcClient.of(context)) {
					ListenableFuture<Feature> held = block(client, 1).get(0);
					service.held.entered.acquire();
					assertThat(health(probe)).isEqualTo("NOT_SERVING");
					assertThat(held).isNotDone();
					service.held.release.countDown();
					assertThat(held.get().getName()).isNotEmpty();
				}
			});
	}

	@OnEachExecutor
	void aHandlerThatThrowsEndsItsCallAndNoOther(ExecutorType executor) {
		this.runner.withUserConfiguration(ThrowingConfiguration.class)
			.withPropertyValues("grpc.server.executor.type=" + executor)
			.run((context) -> {
				try (GrpcClient client = GrpcClient.of(context)) {
					assertThatExceptionOfType(StatusRuntimeException.class)
						.isThrownBy(() -> nameFrom(client, "a.Throwing"))
						.withMessage("UNKNOWN: Application error processing RPC");
					await().until(() -> inFlight(context) == 0);
					assertThat(nameFrom(client, "a.Default")).isNotEmpty();
				}
			});
	}

	private ApplicationContextRunner withService() {
		return this.runner.withUserConfiguration(ServiceConfiguration.class);
	}

	private static String handler(ApplicationContext context) {
		context.getBean(ThreadNames.class).held.release.countDown();
		try (GrpcClient client = GrpcClient.of(context)) {
			return client.featureName();
		}
	}

	/**
	 * An answer is enough: without a runner that has ended nothing is SERVING here.
	 */
	private static String health(GrpcClient client) {
		return new HealthClient(client.channel()).check("");
	}

	private static int inFlight(ApplicationContext context) {
		return context.getBean(GrpcServerDrain.class).getCalls().count();
	}

	private static long refused(ApplicationContext context) {
		return ServersOf.refusals(context, "network").getCount(RefusalReason.EXECUTOR);
	}

	private static List<ListenableFuture<Feature>> block(GrpcClient client, int calls) {
		List<ListenableFuture<Feature>> futures = new ArrayList<>();
		for (int i = 0; i < calls; i++) {
			futures.add(RouteGuideGrpc.newFutureStub(client.channel()).getFeature(Point.getDefaultInstance()));
		}
		return futures;
	}

	private static String nameFrom(GrpcClient client, String service) {
		return OneMethodService.call(client.channel(), service).getName();
	}

	private static String thread() {
		Thread thread = Thread.currentThread();
		// Thread.isVirtual() is not there in Java 17.
		return thread.getName()
				+ (thread.getClass().getName().equals("java.lang.VirtualThread") ? " virtual" : " platform");
	}

	/**
	 * Answers with the name of the thread that it runs on, when it may.
	 */
	static class ThreadNames extends RouteGuideGrpc.RouteGuideImplBase {

		final HeldThreads held = new HeldThreads();

		final BlockingQueue<String> chatEnds = new LinkedBlockingQueue<>();

		private volatile @Nullable Thread chatThread;

		/**
		 * Wait until the thread of the last note has nothing to do any more: it takes
		 * what comes meanwhile too.
		 */
		void awaitIdleChat() {
			Thread thread = Objects.requireNonNull(this.chatThread);
			Awaitility.await()
				.until(thread::getState, (state) -> state != Thread.State.RUNNABLE && state != Thread.State.BLOCKED);
		}

		@Override
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> responses) {
			return new Echo(responses) {

				@Override
				public void onNext(RouteNote note) {
					ThreadNames.this.chatThread = Thread.currentThread();
					super.onNext(note);
				}

				@Override
				public void onError(Throwable ex) {
					ThreadNames.this.chatEnds.add(ex.toString());
				}

				@Override
				public void onCompleted() {
					ThreadNames.this.chatEnds.add("completed");
					super.onCompleted();
				}

			};
		}

		@Override
		public void getFeature(Point request, StreamObserver<Feature> responses) {
			this.held.hold();
			responses.onNext(Feature.newBuilder().setName(thread()).build());
			responses.onCompleted();
		}

		private static void await(CountDownLatch latch) {
			try {
				latch.await();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}

	}

	/**
	 * A chat as its client sees it.
	 */
	private static final class Chat implements StreamObserver<RouteNote> {

		final StreamObserver<RouteNote> requests;

		private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();

		Chat(GrpcClient client) {
			this.requests = RouteGuideGrpc.newStub(client.channel()).routeChat(this);
		}

		@Nullable String next() throws InterruptedException {
			return this.seen.poll(30, TimeUnit.SECONDS);
		}

		@Override
		public void onNext(RouteNote note) {
			this.seen.add("note");
		}

		@Override
		public void onError(Throwable ex) {
			this.seen.add(ex.toString());
		}

		@Override
		public void onCompleted() {
			this.seen.add("completed");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ServiceConfiguration {

		@Bean
		@GrpcService
		ThreadNames service() {
			return new ThreadNames();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnExecutorConfiguration {

		@Bean
		ServerExecutor executor(ExecutorService own) {
			return ServerExecutor.of(own);
		}

		@Bean
		ExecutorService own() {
			return Executors.newCachedThreadPool(new CustomizableThreadFactory("own-"));
		}

	}

	/**
	 * What Spring Boot gives an application.
	 */
	@Configuration(proxyBeanMethods = false)
	static class SpringPoolConfiguration {

		@Bean
		ServerExecutor executor(ThreadPoolTaskExecutor pool) {
			return ServerExecutor.of(pool);
		}

		@Bean
		ThreadPoolTaskExecutor pool() {
			return new ThreadPoolTaskExecutor();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class SpringThreadsConfiguration {

		@Bean
		ServerExecutor executor(SimpleAsyncTaskExecutor threads) {
			return ServerExecutor.of(threads);
		}

		@Bean
		SimpleAsyncTaskExecutor threads() {
			return new SimpleAsyncTaskExecutor();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class BoundedPoolConfiguration {

		@Bean
		ServerExecutor executor(ExecutorService bounded) {
			return ServerExecutor.of(bounded);
		}

		@Bean
		ExecutorService bounded() {
			return new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(1),
					new CustomizableThreadFactory("bounded-"), new ThreadPoolExecutor.AbortPolicy());
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ThrowingConfiguration {

		@Bean
		@GrpcService
		OneMethodService throwing() {
			return new OneMethodService("a.Throwing", () -> {
				throw new IllegalStateException("not for clients");
			});
		}

		@Bean
		@GrpcService
		OneMethodService ordinary() {
			return new OneMethodService("a.Default");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class TwoServicesConfiguration {

		@Bean
		@GrpcService(executor = GrpcService.DIRECT)
		OneMethodService direct() {
			return new OneMethodService("a.Direct", ServerExecutorTests::thread);
		}

		@Bean
		@GrpcService(executor = "own")
		OneMethodService named() {
			return new OneMethodService("a.Own", ServerExecutorTests::thread);
		}

		@Bean
		@GrpcService
		OneMethodService ordinary() {
			return new OneMethodService("a.Default", ServerExecutorTests::thread);
		}

		@Bean
		ExecutorService own() {
			return Executors.newCachedThreadPool(new CustomizableThreadFactory("own-"));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class UnknownExecutorConfiguration {

		@Bean
		@GrpcService(executor = "fast")
		ThreadNames service() {
			return new ThreadNames();
		}

	}

}
