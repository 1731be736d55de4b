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

package io.github.lastcall.grpc.health;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.github.lastcall.grpc.autoconfigure.ServersOf;
import io.github.lastcall.grpc.server.GlobalServerInterceptor;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.testing.HealthClient;
import io.github.lastcall.grpc.testing.HealthWatch;
import io.github.lastcall.grpc.testing.TestApplication;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.beans.BeanUtils;
import org.springframework.context.annotation.Bean;
import org.springframework.test.util.ReflectionTestUtils;
import org.springframework.util.ReflectionUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Many watchers, some of them badly behaved, of one real server.
 */
@Timeout(180)
class HealthWatchersTests {

	private static final long SEED = 20261122;

	private TestApplication application;

	private List<HealthClient> clients;

	@BeforeEach
	void start() {
		this.application = TestApplication.of(Config.class).run();
		this.clients = IntStream.range(0, 4).mapToObj((i) -> this.application.health()).toList();
	}

	@AfterEach
	void stop() {
		this.application.close();
	}

	@Test
	void tenThousandWatchesThatAreOpenedAndCancelledLeaveNothingBehind() {
		List<String> names = List.of("", "routeguide.RouteGuide", "made.up.", "liveness");
		Set<?> before = Set.copyOf(entries().keySet());
		for (int batch = 0; batch < 5; batch++) {
			List<HealthWatch> watches = new ArrayList<>();
			for (int i = 0; i < 2000; i++) {
				String name = names.get(i % names.size());
				watches.add(this.clients.get(i % 3).watch(name.endsWith(".") ? name + batch + "." + i : name));
			}
			awaitWatchers(2000);
			watches.forEach(HealthWatch::cancel);
			awaitWatchers(0);
		}
		assertThat(entries().keySet()).isEqualTo(before);
		await().atMost(Duration.ofSeconds(30))
			.until(() -> ServersOf.calls(this.application.context()).infrastructureStreams() == 0);
	}

	@Test
	void watchersThatComeAndGoWhileTheStatusChangesNeverKeepOthersFromBeingTold() throws Exception {
		List<HealthWatch> faithful = IntStream.range(0, 30)
			.mapToObj((i) -> this.clients.get(i % 4).watch("routeguide.RouteGuide"))
			.toList();
		faithful.forEach((watch) -> watch.awaitStatuses("SERVING"));
		AtomicBoolean done = new AtomicBoolean();
		ExecutorService executor = Executors.newFixedThreadPool(3);
		List<Future<?>> restless = new ArrayList<>();
		for (int thread = 0; thread < 3; thread++) {
			HealthClient client = this.clients.get(thread);
			Random random = new Random(SEED + thread);
			restless.add(executor.submit(() -> {
				List<HealthWatch> watches = new ArrayList<>();
				while (!done.get()) {
					watches.add(client.watch("routeguide.RouteGuide"));
					while (watches.size() > random.nextInt(20)) {
						watches.remove(random.nextInt(watches.size())).cancel();
					}
					if (random.nextInt(10) == 0) {
						// No faster than the server.
						client.check("");
					}
				}
				watches.forEach(HealthWatch::cancel);
			}));
		}
		Random random = new Random(SEED);
		List<ServingStatus> statuses = List.of(ServingStatus.SERVING, ServingStatus.NOT_SERVING, ServingStatus.UNKNOWN);
		for (int i = 0; i < 2000; i++) {
			this.application.overrides().set("routeguide.RouteGuide", statuses.get(random.nextInt(3)));
			if (random.nextInt(50) == 0) {
				this.clients.get(3).check("");
			}
		}
		this.application.overrides().set("routeguide.RouteGuide", ServingStatus.UNKNOWN);
		done.set(true);
		for (Future<?> future : restless) {
			future.get(60, TimeUnit.SECONDS);
		}
		executor.shutdown();
		faithful.forEach((watch) -> watch.awaitLast("UNKNOWN"));
		this.application.overrides().clear("routeguide.RouteGuide");
		for (HealthWatch watch : faithful) {
			watch.awaitLast("SERVING");
			assertThat(watch.ended()).isNotDone();
			List<String> seen = watch.statuses();
			assertThat(IntStream.range(1, seen.size()).filter((i) -> seen.get(i).equals(seen.get(i - 1))))
				.as("statuses that were sent twice")
				.isEmpty();
		}
		faithful.forEach(HealthWatch::cancel);
		awaitWatchers(0);
	}

	@ParameterizedTest
	@ValueSource(classes = { IllegalStateException.class, StackOverflowError.class })
	void aWatcherThatThrowsIsForgottenAndTheOthersAreTold(Class<? extends Throwable> failure) {
		Failing failing = this.application.bean(Failing.class);
		List<HealthWatch> before = watches("test.Other", 10);
		failing.failure = failure;
		List<HealthWatch> broken = watches("test.Other", 10);
		failing.failure = null;
		List<HealthWatch> after = watches("test.Other", 10);
		awaitWatchers(30);

		this.application.overrides().set("test.Other", ServingStatus.NOT_SERVING);

		before.forEach((watch) -> watch.awaitStatuses("SERVING", "NOT_SERVING"));
		after.forEach((watch) -> watch.awaitStatuses("SERVING", "NOT_SERVING"));
		awaitWatchers(20);
		this.application.overrides().clear("test.Other");
		before.forEach((watch) -> watch.awaitStatuses("SERVING", "NOT_SERVING", "SERVING"));
		after.forEach((watch) -> watch.awaitStatuses("SERVING", "NOT_SERVING", "SERVING"));
		broken.forEach((watch) -> assertThat(watch.statuses()).containsExactly("SERVING"));
		Stream.of(before, broken, after).flatMap(List::stream).forEach(HealthWatch::cancel);
		awaitWatchers(0);
	}

	@Test
	void aWatchThatIsClosedTwiceDoesNotMakeTheNameForgottenThatIsWatchedAnew() {
		ServingStatusTable table = new ServingStatusTable(List.of());
		table.gate(() -> true);
		AtomicInteger told = new AtomicInteger();
		ServingStatusTable.Watch first = table.watch("later", told::incrementAndGet);
		first.close();
		ServingStatusTable.Watch second = table.watch("later", told::incrementAndGet);
		first.close();
		assertThat(table.watchers("later")).isOne();
		table.override("later", ServingStatus.SERVING);
		assertThat(told).hasValue(1);
		assertThat(second.status()).isEqualTo(ServingStatus.SERVING);
	}

	private List<HealthWatch> watches(String name, int count) {
		List<HealthWatch> watches = IntStream.range(0, count)
			.mapToObj((i) -> this.clients.get(i % 4).watch(name))
			.toList();
		watches.forEach((watch) -> watch.awaitStatuses("SERVING"));
		return watches;
	}

	private void awaitWatchers(int count) {
		await().atMost(Duration.ofSeconds(30))
			.pollInterval(Duration.ofMillis(1))
			.until(() -> entries().keySet()
				.stream()
				.mapToInt((name) -> this.application.bean(ServingStatusTable.class).watchers((String) name))
				.sum() == count);
	}

	/**
	 * Every name that the table remembers, known or not.
	 */
	private Map<?, ?> entries() {
		Object entries = ReflectionTestUtils.getField(this.application.bean(ServingStatusTable.class), "entries");
		return Map.class.cast(Objects.requireNonNull(entries));
	}

	static class Config {

		/**
		 * What a server allows its clients is not what is tested here.
		 */
		@Bean
		GrpcServerBuilderCustomizer<NettyServerBuilder> unlimited() {
			return (builder) -> builder.maxConcurrentCallsPerConnection(Integer.MAX_VALUE)
				.maxRstFramesPerWindow(Integer.MAX_VALUE, 1);
		}

		@Bean
		@GlobalServerInterceptor(infrastructure = true)
		Failing failing() {
			return new Failing();
		}

	}

	/**
	 * Breaks calls: after their first message they cannot send another.
	 */
	static class Failing implements ServerInterceptor {

		private volatile @Nullable Class<? extends Throwable> failure;

		@Override
		public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
				ServerCallHandler<Q, R> next) {
			Class<? extends Throwable> failure = this.failure;
			return next.startCall((failure != null) ? new FailingCall<>(call, failure) : call, headers);
		}

	}

	private static final class FailingCall<Q, R> extends SimpleForwardingServerCall<Q, R> {

		private final Class<? extends Throwable> failure;

		private boolean sent;

		FailingCall(ServerCall<Q, R> call, Class<? extends Throwable> failure) {
			super(call);
			this.failure = failure;
		}

		@Override
		public void sendMessage(R message) {
			if (this.sent) {
				ReflectionUtils.rethrowRuntimeException(BeanUtils.instantiateClass(this.failure));
			}
			this.sent = true;
			super.sendMessage(message);
		}

	}

}
