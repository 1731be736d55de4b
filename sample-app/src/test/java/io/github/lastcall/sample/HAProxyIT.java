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

import io.github.lastcall.sample.process.Tools;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What HAProxy makes of a replica that announces its end, with the files of
 * {@code deploy/haproxy} and the defaults that a server has on Kubernetes.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
@Tag("full")
class HAProxyIT {

	private static final List<String> KUBERNETES = List.of("--spring.main.cloud-platform=kubernetes");

	@Test
	void aReplicaIsTakenOutWhileItAnnouncesItsEndAndNoCallFails() throws Exception {
		Tools.haproxy();
		List<SampleProcess> replicas = SampleProcess.startAll(List.of(KUBERNETES, KUBERNETES));
		try (SampleProcess a = replicas.get(0);
				SampleProcess b = replicas.get(1);
				HaProxy l7 = HaProxy.start("haproxy.cfg", a, b);
				HaProxy l4 = HaProxy.start("haproxy-tcp.cfg", a, b)) {
			await().atMost(Duration.ofSeconds(60)).until(() -> areUp(l7) && areUp(l4));
			assertThat(a.log()).contains("stops within 27s (propagation delay 5s");
			try (Traffic calls = Traffic.start(l7.port()); Traffic connections = Traffic.start(l4.port())) {
				calls.awaitCalls(20);
				connections.awaitCalls(20);
				for (HaProxy haproxy : List.of(l7, l4)) {
					assertThat(haproxy.server("a").sessions()).isPositive();
					assertThat(haproxy.server("b").sessions()).isPositive();
				}

				long term = a.signal("TERM");
				long l7Down = awaitDown(l7);
				long l4Down = awaitDown(l4);
				// Still before it closes its port.
				assertThat(a.log()).contains("SERVING -> ANNOUNCING").doesNotContain("ANNOUNCING -> DRAINING");

				calls.awaitCalls(1);
				connections.awaitCalls(1);
				long callsOfA = l7.server("a").sessions();
				long connectionsOfA = l4.server("a").sessions();
				calls.awaitCalls(20);
				connections.awaitCalls(20);
				assertThat(l7.server("a").sessions()).as("calls of a replica that is DOWN").isEqualTo(callsOfA);
				assertThat(l4.server("a").sessions()).as("connections of a replica that is DOWN")
					.isEqualTo(connectionsOfA);

				a.awaitExit();
				calls.awaitCalls(20);
				connections.awaitCalls(20);
				assertThat(l7.server("b").isUp()).isTrue();
				assertThat(l4.server("b").isUp()).isTrue();
				assertThat(calls.failures()).as("failed calls, L7").isEmpty();
				assertThat(connections.failures()).as("failed calls, L4").isEmpty();
				System.out.printf(
						"SIGTERM to DOWN in HAProxy: L7 %d ms, L4 %d ms; failed calls: 0 of %d (L7), 0 of %d (L4)%n",
						millis(l7Down - term), millis(l4Down - term), calls.calls(), connections.calls());
			}
		}
	}

	private static boolean areUp(HaProxy haproxy) throws Exception {
		return haproxy.server("a").isUp() && haproxy.server("b").isUp();
	}

	private static long awaitDown(HaProxy haproxy) {
		await().atMost(Duration.ofSeconds(60))
			.pollInterval(Duration.ofMillis(10))
			.until(() -> haproxy.server("a").isDown());
		return System.nanoTime();
	}

	private static long millis(long nanos) {
		return TimeUnit.NANOSECONDS.toMillis(nanos);
	}

}
