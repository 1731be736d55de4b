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

package io.github.lastcall.grpc.metrics;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import com.google.common.util.concurrent.ListenableFuture;
import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.Held;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.sample.routeguide.Feature;
import io.micrometer.core.instrument.MeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;

import org.springframework.context.annotation.Bean;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

@Timeout(120)
class GrpcExecutorMetricsTests {

	@Test
	void thePlatformPoolShowsWhoWorksAndWhoWaits() throws Exception {
		try (TestApplication app = run(Held.class, "grpc.server.executor.threads=2",
				"grpc.server.executor.queue-capacity=3"); GrpcClient client = GrpcClient.of(app.port())) {
			MeterRegistry registry = app.bean(MeterRegistry.class);
			assertThat(value(registry, "executor.pool.max")).isEqualTo(2);
			assertThat(value(registry, "executor.queue.remaining")).isEqualTo(3);
			assertThat(value(registry, "executor.active")).isZero();
			List<ListenableFuture<Feature>> calls = new ArrayList<>();
			for (int i = 0; i < 2; i++) {
				calls.add(Held.call(client));
				app.bean(Held.class).entered.acquire();
			}
			assertThat(value(registry, "executor.active")).isEqualTo(2);
			assertThat(value(registry, "executor.pool.size")).isEqualTo(2);
			assertThat(value(registry, "executor.queued")).isZero();
			for (int i = 1; i <= 3; i++) {
				calls.add(Held.call(client));
				int waiting = i;
				await().until(() -> value(registry, "executor.queued") == waiting);
			}
			assertThat(value(registry, "executor.queue.remaining")).isZero();
			app.bean(Held.class).release.countDown();
			for (ListenableFuture<Feature> call : calls) {
				assertThat(call.get().getName()).isEqualTo("held");
			}
			await().until(() -> value(registry, "executor.active") == 0);
			assertThat(value(registry, "executor.queued")).isZero();
			await().until(() -> registry.get("executor.completed")
				.tag("name", GrpcExecutorMetrics.NAME)
				.functionCounter()
				.count() >= 5);
		}
	}

	@Test
	void soDoesAPoolOfTheApplication() {
		try (TestApplication app = run(OwnPool.class)) {
			MeterRegistry registry = app.bean(MeterRegistry.class);
			assertThat(value(registry, "executor.pool.max")).isEqualTo(7);
			assertThat(value(registry, "executor.queue.remaining")).isEqualTo(11);
		}
	}

	@Test
	void whatIsNoPoolHasNoMeters() {
		try (TestApplication app = run(OwnThreads.class)) {
			assertThat(app.bean(MeterRegistry.class)
				.find("executor.active")
				.tag("name", GrpcExecutorMetrics.NAME)
				.meters()).isEmpty();
		}
		try (TestApplication app = run(Held.class, "grpc.server.executor.type=direct")) {
			assertThat(app.bean(MeterRegistry.class)
				.find("executor.active")
				.tag("name", GrpcExecutorMetrics.NAME)
				.meters()).isEmpty();
		}
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21)
	void virtualThreadsAreNoPool() {
		try (TestApplication app = run(Held.class, "grpc.server.executor.type=virtual")) {
			assertThat(app.bean(MeterRegistry.class)
				.find("executor.active")
				.tag("name", GrpcExecutorMetrics.NAME)
				.meters()).isEmpty();
		}
	}

	private static TestApplication run(Class<?> source, String... properties) {
		return TestApplication.of(source).run(properties);
	}

	private static double value(MeterRegistry registry, String name) {
		return registry.get(name).tag("name", GrpcExecutorMetrics.NAME).gauge().value();
	}

	static class OwnPool {

		@Bean
		ServerExecutor serverExecutor() {
			return ServerExecutor.of(new ThreadPoolExecutor(1, 7, 1, TimeUnit.SECONDS, new ArrayBlockingQueue<>(11)));
		}

	}

	static class OwnThreads {

		@Bean
		ServerExecutor serverExecutor() {
			return ServerExecutor.of(Executors.newWorkStealingPool());
		}

	}

}
