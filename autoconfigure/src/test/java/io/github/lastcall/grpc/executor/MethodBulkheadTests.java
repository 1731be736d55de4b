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

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import com.google.common.util.concurrent.ListenableFuture;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.HeldThreads;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.grpc.testing.TestsProperty;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.grpc.CallOptions;
import io.grpc.stub.ClientCalls;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

@Timeout(60)
@ExtendWith(OutputCaptureExtension.class)
class MethodBulkheadTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(30);

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withUserConfiguration(ServiceConfiguration.class);

	private final ThreadServerTimer timer = new ThreadServerTimer("test-timer");

	private final ServerThreadPool pool = new ServerThreadPool(20, 20, "test-", 1000, this.timer);

	private final CountDownLatch end = new CountDownLatch(1);

	@AfterEach
	void endAll() throws InterruptedException {
		this.end.countDown();
		this.pool.shutdown();
		assertThat(this.pool.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
		this.timer.destroy();
	}

	@Test
	@TestsProperty("grpc.server.executor.threads")
	void aMethodThatHangsDoesNotKeepAnotherOneWaiting(CapturedOutput output) {
		this.runner.withPropertyValues("grpc.server.executor.threads=20").run((context) -> {
			HeldThreads hanging = context.getBean(HeldThreads.class);
			try (GrpcClient client = GrpcClient.of(context)) {
				List<ListenableFuture<Feature>> calls = hang(client, 50);
				assertThat(hanging.entered.tryAcquire(20, 30, TimeUnit.SECONDS)).isTrue();
				for (int i = 0; i < 100; i++) {
					assertThat(OneMethodService.call(client.channel(), "test.Quick").getName()).isEqualTo("quick");
				}
				await().atMost(TIMEOUT)
					.until(() -> threads(context, "test.Hanging")
						.equals(new ServerThreadPool.MethodThreads(20, 20, 30)));
				assertThat(hanging.entered.availablePermits()).isZero();
				await().atMost(TIMEOUT)
					.untilAsserted(() -> assertThat(output).containsOnlyOnce(
							"30 calls wait for a thread: calls of test.Hanging/Call occupy 20 of the 20 threads that they may use."));
				hanging.release.countDown();
				for (ListenableFuture<Feature> call : calls) {
					assertThat(call.get(30, TimeUnit.SECONDS).getName()).isEqualTo("hung");
				}
			}
		});
	}

	@Test
	@TestsProperty("grpc.server.executor.max-threads-per-method")
	void thePropertyLimitsTheThreadsOfEachMethod() {
		this.runner
			.withPropertyValues("grpc.server.executor.threads=20", "grpc.server.executor.max-threads-per-method=3")
			.run((context) -> assertOccupiesAtMost(context, "test.Hanging", 3));
	}

	@Test
	void theAnnotationLimitsTheThreadsOfEachMethodOfItsService() {
		this.runner.run((context) -> assertOccupiesAtMost(context, "test.Limited", 2));
	}

	@Test
	void theAnnotationWithoutAPoolIsWarnedOf(CapturedOutput output) {
		this.runner.withPropertyValues("grpc.server.executor.type=direct")
			.run((context) -> assertThat(output).contains(
					"@GrpcService(maxThreadsPerMethod = 2) on bean 'limited' has no effect: calls of the service do not run on the server's pool of platform threads"));
	}

	@Test
	void callsThatWaitForTheirMethodAreAllRunOnceItsThreadsAreBack() throws Exception {
		CountDownLatch blocked = new CountDownLatch(20);
		for (int i = 0; i < 20; i++) {
			this.pool.execute(task("a/A", () -> {
				blocked.countDown();
				awaitEnd();
			}));
		}
		assertThat(blocked.await(30, TimeUnit.SECONDS)).isTrue();
		Semaphore done = new Semaphore(0);
		for (int i = 0; i < 100; i++) {
			this.pool.execute(task("a/A", done::release));
		}
		assertThat(threads(this.pool, "a/A").waiting()).isEqualTo(100);
		this.pool.execute(task("b/B", done::release));
		assertThat(done.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
		assertThat(done.availablePermits()).isZero();
		this.end.countDown();
		assertThat(done.tryAcquire(100, 30, TimeUnit.SECONDS)).isTrue();
		await().atMost(TIMEOUT)
			.until(() -> threads(this.pool, "a/A").equals(new ServerThreadPool.MethodThreads(0, 20, 0)));
	}

	@Test
	void callsOfAMethodThatWaitRunInTheirOrder() {
		MethodBulkhead bulkhead = new MethodBulkhead(new CallQueue(10, new WorkerLimit(this.timer, Integer.MAX_VALUE)),
				1);
		List<Runnable> calls = IntStream.range(0, 5).<Runnable>mapToObj((number) -> task("a/A", () -> {
		})).toList();
		assertThat(bulkhead.enter(calls.get(0))).isTrue();
		calls.stream().skip(1).forEach((call) -> assertThat(bulkhead.enter(call)).isFalse());
		calls.stream().skip(1).forEach((call) -> assertThat(bulkhead.exit()).isSameAs(call));
		assertThat(bulkhead.exit()).isNull();
		assertThat(bulkhead.calls()).isZero();
	}

	@Test
	void whatWaitsForItsMethodIsStillRunWhenThePoolIsShutDown() throws Exception {
		CountDownLatch done = new CountDownLatch(60);
		for (int i = 0; i < 60; i++) {
			this.pool.execute(task("a/A", () -> {
				awaitEnd();
				done.countDown();
			}));
		}
		this.pool.shutdown();
		this.end.countDown();
		assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
	}

	@Test
	void aCallThatThrowsReturnsItsPermit() throws Exception {
		CountDownLatch done = new CountDownLatch(100);
		for (int i = 0; i < 200; i++) {
			boolean fails = i % 2 == 0;
			this.pool.execute(task("a/A", () -> {
				if (fails) {
					Thread.currentThread().setUncaughtExceptionHandler((thread, ex) -> {
					});
					throw new IllegalStateException("on purpose");
				}
				done.countDown();
			}));
		}
		assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
		await().atMost(TIMEOUT).until(() -> threads(this.pool, "a/A").waiting() == 0);
	}

	private static void assertOccupiesAtMost(ApplicationContext context, String service, int threads) throws Exception {
		HeldThreads hanging = context.getBean(HeldThreads.class);
		try (GrpcClient client = GrpcClient.of(context)) {
			List<ListenableFuture<Feature>> calls = hang(client, service, 10);
			assertThat(hanging.entered.tryAcquire(threads, 30, TimeUnit.SECONDS)).isTrue();
			assertThat(OneMethodService.call(client.channel(), "test.Quick").getName()).isEqualTo("quick");
			await().atMost(TIMEOUT)
				.until(() -> threads(context, service)
					.equals(new ServerThreadPool.MethodThreads(threads, threads, 10 - threads)));
			hanging.release.countDown();
			for (ListenableFuture<Feature> call : calls) {
				call.get(30, TimeUnit.SECONDS);
			}
		}
	}

	private static ServerThreadPool.MethodThreads threads(ApplicationContext context, String service) {
		return threads((ServerThreadPool) context.getBean(ServerExecutor.class).get(), service + "/Call");
	}

	private static ServerThreadPool.MethodThreads threads(ServerThreadPool pool, String method) {
		return Objects.requireNonNull(pool.methods().get(method));
	}

	private static List<ListenableFuture<Feature>> hang(GrpcClient client, int calls) {
		return hang(client, "test.Hanging", calls);
	}

	private static List<ListenableFuture<Feature>> hang(GrpcClient client, String service, int calls) {
		return IntStream.range(0, calls)
			.mapToObj((call) -> ClientCalls.futureUnaryCall(
					client.channel().newCall(OneMethodService.method(service), CallOptions.DEFAULT),
					Point.getDefaultInstance()))
			.toList();
	}

	private static String hang(HeldThreads held) {
		held.hold();
		return "hung";
	}

	private static CallTask task(String methodName, Runnable action) {
		CallTask.Method method = new CallTask.Method(methodName);
		return new CallTask() {

			@Override
			public void run() {
				action.run();
			}

			@Override
			public Method method() {
				return method;
			}

		};
	}

	private void awaitEnd() {
		try {
			this.end.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class ServiceConfiguration {

		@Bean
		HeldThreads held() {
			return new HeldThreads();
		}

		@Bean
		@GrpcService
		OneMethodService hanging(HeldThreads held) {
			return new OneMethodService("test.Hanging", () -> hang(held));
		}

		@Bean
		@GrpcService(maxThreadsPerMethod = 2)
		OneMethodService limited(HeldThreads held) {
			return new OneMethodService("test.Limited", () -> hang(held));
		}

		@Bean
		@GrpcService
		OneMethodService quick() {
			return new OneMethodService("test.Quick", () -> "quick");
		}

	}

}
