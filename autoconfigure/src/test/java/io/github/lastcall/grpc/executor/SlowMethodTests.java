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
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.common.util.concurrent.MoreExecutors;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.HeldThreads;
import io.github.lastcall.grpc.testing.MachineDelay;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.grpc.CallOptions;
import io.grpc.stub.ClientCalls;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A method that hangs, beside one that takes 5 ms.
 */
@Tag("full")
@Timeout(120)
class SlowMethodTests {

	private static final int THREADS = 80;

	private static final int CALLS = 500;

	private static final int CALLS_PER_SECOND = 500;

	private static final int HANGING_CALLS_PER_SECOND = 100;

	@Test
	void aMethodThatHangsFailsNoCallOfAnotherOneAndDoesNotSlowItDown() {
		GrpcServerContextRunner.create()
			.withUserConfiguration(ServiceConfiguration.class)
			.withPropertyValues("grpc.server.executor.threads=" + THREADS)
			.run((context) -> {
				HeldThreads hanging = context.getBean(HeldThreads.class);
				try (GrpcClient client = GrpcClient.of(context);
						GrpcClient other = GrpcClient.of(context);
						Load load = new Load();
						MachineDelay delay = MachineDelay.start()) {
					load.quick(client);
					long alone = load.bestOfThree(client);
					for (int i = 0; i < THREADS; i++) {
						call(other, "test.Hanging", Duration.ofMinutes(2));
					}
					await().atMost(Duration.ofSeconds(30)).until(() -> hanging.entered.availablePermits() == THREADS);
					load.hang(other);
					long beside = load.bestOfThree(client);
					assertThat(hanging.entered.availablePermits()).isEqualTo(THREADS);
					assertThat(load.failed).hasValue(0);
					assertThat(beside).isLessThan(2 * alone + 2 * delay.longest().toNanos());
				}
				finally {
					hanging.release.countDown();
				}
			});
	}

	private static ListenableFuture<Feature> call(GrpcClient client, String service, Duration timeout) {
		return ClientCalls.futureUnaryCall(
				client.channel()
					.newCall(OneMethodService.method(service),
							CallOptions.DEFAULT.withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS)),
				Point.getDefaultInstance());
	}

	/**
	 * Calls at rates that do not depend on the answers.
	 */
	private static final class Load implements AutoCloseable {

		private final ScheduledExecutorService timer = new ScheduledThreadPoolExecutor(2);

		private final AtomicInteger failed = new AtomicInteger();

		void hang(GrpcClient client) {
			this.timer.scheduleAtFixedRate(() -> call(client, "test.Hanging", Duration.ofMinutes(2)), 0,
					TimeUnit.SECONDS.toNanos(1) / HANGING_CALLS_PER_SECOND, TimeUnit.NANOSECONDS);
		}

		/**
		 * Make the calls three times, as others use the machine too.
		 */
		long bestOfThree(GrpcClient client) throws InterruptedException {
			return Math.min(Math.min(quick(client), quick(client)), quick(client));
		}

		/**
		 * Make the calls of the quick method.
		 * @return the 99th percentile of the latencies in nanoseconds
		 */
		long quick(GrpcClient client) throws InterruptedException {
			long[] nanos = new long[CALLS];
			CountDownLatch answers = new CountDownLatch(CALLS);
			long interval = TimeUnit.SECONDS.toNanos(1) / CALLS_PER_SECOND;
			long begin = System.nanoTime();
			for (int i = 0; i < CALLS; i++) {
				int number = i;
				long due = begin + i * interval;
				this.timer.schedule(() -> {
					ListenableFuture<Feature> answer = call(client, "test.Quick", Duration.ofSeconds(10));
					answer.addListener(() -> {
						nanos[number] = System.nanoTime() - due;
						if (!isOk(answer)) {
							this.failed.incrementAndGet();
						}
						answers.countDown();
					}, MoreExecutors.directExecutor());
				}, due - System.nanoTime(), TimeUnit.NANOSECONDS);
			}
			assertThat(answers.await(1, TimeUnit.MINUTES)).isTrue();
			Arrays.sort(nanos);
			return nanos[CALLS * 99 / 100];
		}

		private static boolean isOk(ListenableFuture<Feature> answer) {
			try {
				return answer.get().getName().equals("quick");
			}
			catch (Exception ex) {
				return false;
			}
		}

		@Override
		public void close() {
			this.timer.shutdownNow();
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
			return new OneMethodService("test.Hanging", () -> {
				held.hold();
				return "hung";
			});
		}

		@Bean
		@GrpcService
		OneMethodService quick() {
			return new OneMethodService("test.Quick", () -> {
				LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
				return "quick";
			});
		}

	}

}
