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

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * How many calls does a deploy lose? Three replicas are replaced one after the other
 * while clients call them through HAProxy, which balances connections for some of them
 * and calls for others, and never tries anything again.
 * <p>
 * With the propagation delay that is the default on Kubernetes none is lost. Without it
 * some are: if they were not, the test would prove nothing.
 */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class RollingRestartIT {

	/**
	 * In a cluster an old address never answers again: a replacement takes over the port
	 * when everybody has had the time to find it dead. This is real time on purpose.
	 */
	private static final Duration DEAD = Duration.ofSeconds(6);

	private static final int ROLLS = 3;

	@Test
	void threeRollsLoseNoCall() throws Exception {
		Result result = roll(ROLLS, "--spring.main.cloud-platform=kubernetes");
		System.out.println(ROLLS + " rolls of three replicas, defaults on Kubernetes: " + result);
		assertThat(result.l4Failures()).as("failed calls, L4").isEmpty();
		assertThat(result.l7Failures()).as("failed calls, L7").isEmpty();
	}

	@Test
	void oneRollWithoutAPropagationDelayLosesCallsOfBothKinds() throws Exception {
		Result result = roll(1, "--grpc.server.shutdown.propagation-delay=0");
		System.out.println("1 roll of three replicas, no propagation delay: " + result);
		assertThat(result.l4Failures()).as("failed calls, L4").isNotEmpty();
		assertThat(result.l7Failures()).as("failed calls, L7").isNotEmpty();
	}

	private static Result roll(int rolls, String argument) throws Exception {
		Tools.haproxy();
		List<String> arguments = List.of(argument);
		List<SampleProcess> replicas = new ArrayList<>(
				SampleProcess.startAll(List.of(arguments, arguments, arguments)));
		int l4Port = Tools.freePort();
		List<Integer> ports = replicas.stream().map(SampleProcess::grpcPort).toList();
		try (HaProxy haproxy = HaProxy.startForRollingRestart(l4Port, ports)) {
			awaitUp(haproxy);
			try (Traffic l4 = Traffic.start(l4Port); Traffic l7 = Traffic.start(haproxy.port())) {
				l4.awaitCalls(20);
				l7.awaitCalls(20);
				for (int roll = 0; roll < rolls; roll++) {
					for (int i = 0; i < replicas.size(); i++) {
						SampleProcess old = replicas.get(i);
						old.signal("TERM");
						old.awaitExit();
						elapse(DEAD);
						replicas.set(i, SampleProcess.start(argument, "--grpc.server.port=" + ports.get(i)));
						awaitUp(haproxy);
					}
				}
				l4.awaitCalls(20);
				l7.awaitCalls(20);
				return new Result(l4.calls(), l4.failures(), l7.calls(), l7.failures());
			}
		}
		finally {
			replicas.forEach(SampleProcess::close);
		}
	}

	private static void awaitUp(HaProxy haproxy) {
		await().atMost(Duration.ofMinutes(1)).until(() -> {
			try {
				return haproxy.areAllUp();
			}
			catch (IOException ex) {
				return false;
			}
		});
	}

	private static void elapse(Duration duration) throws InterruptedException {
		assertThat(new CountDownLatch(1).await(duration.toMillis(), TimeUnit.MILLISECONDS)).isFalse();
	}

	private record Result(long l4Calls, List<String> l4Failures, long l7Calls, List<String> l7Failures) {

		@Override
		public String toString() {
			return "failed calls: L4 %d of %d, L7 %d of %d".formatted(this.l4Failures.size(), this.l4Calls,
					this.l7Failures.size(), this.l7Calls);
		}

	}

}
