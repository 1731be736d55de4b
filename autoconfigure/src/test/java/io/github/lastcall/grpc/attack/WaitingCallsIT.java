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
package io.github.lastcall.grpc.attack;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.HealthClient;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * As many calls as the server accepts, all of a method that hangs, on the platform
 * threads of the defaults.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(300)
@Tag("full")
class WaitingCallsIT {

	private static final long MEGABYTE = 1024 * 1024;

	private static final int CONNECTIONS = 10;

	private static final int CALLS_PER_CONNECTION = 1000;

	private static final int REFUSED = 100;

	private static final Rectangle HANGING = Rectangle.newBuilder()
		.setLo(Point.newBuilder().setLatitude(AttackedRouteGuide.HANG))
		.build();

	private final ConcurrentMap<Status.Code, AtomicInteger> ended = new ConcurrentHashMap<>();

	/**
	 * With a quarter of the memory as heap, the default of the JVM, and a thread for each
	 * 512 KB of it, that of the server.
	 */
	@Test
	void tenThousandCallsThatHangFitIntoAContainerOf512Megabytes() throws Exception {
		survive("128m", 1024, 512 * MEGABYTE, "--grpc.server.executor.threads=1024");
	}

	@Test
	void tenThousandCallsThatHangFitIntoAHeapOf512Megabytes() throws Exception {
		int threads = ServerExecutor.defaultThreads();
		survive("512m", threads, (512 + 256) * MEGABYTE);
	}

	private void survive(String heap, int threads, long memory, String... arguments) throws Exception {
		List<GrpcClient> clients = new ArrayList<>();
		try (AttackedProcess server = AttackedProcess.start("platform",
				new AttackedProcess.Settings(heap, List.of(), List.of(arguments)));
				GrpcClient other = GrpcClient.of(server.port())) {
			try {
				for (int i = 1; i < CONNECTIONS; i++) {
					clients.add(hang(server, CALLS_PER_CONNECTION));
				}
				awaitCalls(server, (CONNECTIONS - 1) * CALLS_PER_CONNECTION);
				await().atMost(Attack.TIMEOUT)
					.pollInterval(Duration.ofSeconds(1))
					.until(() -> server.stats().get("threads") >= threads);
				assertThat(other.featureName()).isEqualTo("served");
				clients.add(hang(server, CALLS_PER_CONNECTION));
				awaitCalls(server, CONNECTIONS * CALLS_PER_CONNECTION);
				assertThat(this.ended).isEmpty();
				clients.add(hang(server, REFUSED));
				await().atMost(Attack.TIMEOUT).until(() -> count(Status.Code.RESOURCE_EXHAUSTED) == REFUSED);
				assertThat(this.ended).hasSize(1);
				assertThat(new HealthClient(other.channel()).check("")).isEqualTo("SERVING");
			}
			finally {
				clients.forEach(GrpcClient::close);
			}
			awaitCalls(server, 0);
			assertThat(other.featureName()).isEqualTo("served");
			long peak = server.peakResidentMemory();
			System.out.printf("-Xmx%s and %d threads: at most %d MB resident%n", heap, threads, peak / MEGABYTE);
			assertThat(peak).isLessThan(memory);
			other.close();
			AttackExtension.terminate(server);
		}
	}

	private GrpcClient hang(AttackedProcess server, int calls) {
		GrpcClient client = GrpcClient.of(server.port());
		RouteGuideGrpc.RouteGuideStub routeGuide = RouteGuideGrpc.newStub(client.channel());
		for (int i = 0; i < calls; i++) {
			routeGuide.listFeatures(HANGING, new End());
		}
		return client;
	}

	/**
	 * Not too often: to ask collects garbage, which the server has to do by itself.
	 */
	private static void awaitCalls(AttackedProcess server, int calls) {
		await().atMost(Attack.TIMEOUT)
			.pollInterval(Duration.ofSeconds(1))
			.untilAsserted(() -> assertThat(server.stats().get("open-calls")).isEqualTo(calls));
	}

	private int count(Status.Code code) {
		return this.ended.getOrDefault(code, new AtomicInteger()).get();
	}

	/**
	 * Counts how calls end.
	 */
	private final class End implements StreamObserver<Feature> {

		@Override
		public void onNext(Feature feature) {
			// The handler sends none.
		}

		@Override
		public void onError(Throwable failure) {
			ended(Status.fromThrowable(failure).getCode());
		}

		@Override
		public void onCompleted() {
			ended(Status.Code.OK);
		}

		private void ended(Status.Code code) {
			WaitingCallsIT.this.ended.computeIfAbsent(code, (missing) -> new AtomicInteger()).incrementAndGet();
		}

	}

}
