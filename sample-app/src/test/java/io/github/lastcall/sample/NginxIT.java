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

package io.github.lastcall.sample;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

import io.github.lastcall.sample.process.Tools;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.health.v1.HealthGrpc.HealthBlockingStub;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What nginx makes of a replica that goes, with the file of {@code deploy/nginx}. It asks
 * nobody for health, and finds out when a connection is refused.
 */
@Tag("full")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class NginxIT {

	private static List<SampleProcess> replicas = List.of();

	@BeforeEach
	void start() {
		// Not before all: a test is reported as skipped if it misses something itself.
		Tools.nginx();
		if (replicas.isEmpty()) {
			replicas = SampleProcess
				.startAll(List.of(List.of("--grpc.server.shutdown.propagation-delay=3s"), List.of(), List.of()));
		}
	}

	@AfterAll
	static void stop() {
		replicas.forEach(SampleProcess::close);
	}

	@Test
	void aReplicaThatAnnouncesItsEndGetsCallsUntilItClosesAndNoneFails() throws Exception {
		SampleProcess leaving = replicas.get(0);
		SampleProcess staying = replicas.get(1);
		try (Nginx nginx = Nginx.start(leaving, staying); Traffic traffic = Traffic.start(nginx.port())) {
			traffic.awaitCalls(20);
			assertThat(count(nginx.calls(), answeredBy(leaving))).isPositive();
			assertThat(count(nginx.calls(), answeredBy(staying))).isPositive();

			HealthBlockingStub health = HealthGrpc.newBlockingStub(leaving.channel());
			leaving.signal("TERM");
			await().pollInterval(Duration.ofMillis(10))
				.until(() -> health.check(HealthCheckRequest.getDefaultInstance()).getStatus(),
						ServingStatus.NOT_SERVING::equals);
			int before = nginx.calls().size();
			traffic.awaitCalls(5);
			List<String> calls = nginx.calls();
			assertThat(count(calls.subList(before, calls.size()), answeredBy(leaving)))
				.as("calls of a replica that is NOT_SERVING: nginx does not know")
				.isPositive();

			leaving.awaitExit();
			traffic.awaitCalls(20);
			assertThat(traffic.failures()).isEmpty();
			System.out.printf("Failed calls behind nginx while a replica stopped: 0 of %d%n", traffic.calls());
		}
	}

	@Test
	void aReplicaThatHasVanishedCostsNoCallThatIsNotOnItsWay() throws Exception {
		SampleProcess killed = replicas.get(2);
		SampleProcess staying = replicas.get(1);
		try (Nginx nginx = Nginx.start(killed, staying)) {
			try (Traffic traffic = Traffic.start(nginx.port())) {
				traffic.awaitCalls(20);
				assertThat(count(nginx.calls(), answeredBy(killed))).isPositive();
			}
			killed.signal("KILL");
			killed.awaitExit();
			try (Traffic traffic = Traffic.start(nginx.port())) {
				traffic.awaitCalls(20);
				assertThat(traffic.failures()).isEmpty();
			}
			String both = "to=%s, %s ".formatted(address(killed), address(staying));
			assertThat(count(nginx.calls(), (call) -> call.contains(both)))
				.as("calls that went to the other replica after the first one had refused")
				.isPositive();
		}
	}

	private static long count(List<String> calls, Predicate<String> predicate) {
		return calls.stream().filter(predicate).count();
	}

	private static Predicate<String> answeredBy(SampleProcess replica) {
		return (call) -> call.contains(" grpc=0 ") && call.contains("to=%s ".formatted(address(replica)));
	}

	private static String address(SampleProcess replica) {
		return "127.0.0.1:" + replica.grpcPort();
	}

}
