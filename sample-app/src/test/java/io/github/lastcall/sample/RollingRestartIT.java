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
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * How many calls does a deploy lose? Three replicas are replaced one after the other
 * while clients call them through HAProxy, which balances connections for some of them
 * and calls for others, and never tries anything again.
 *
 * <p>
 * As a Deployment does, with one replica more while it rolls: a replacement serves before
 * an old replica is told to stop. And as in a cluster an old address does not answer
 * again: it is dead at least as long as the next replacement needs to start.
 *
 * <p>
 * With the propagation delay that is the default on Kubernetes none is lost. Without it
 * some are, when a single replica is replaced: if they were not, the test would prove
 * nothing.
 */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class RollingRestartIT {

	private static final int REPLICAS = 3;

	@Test
	void rollsLoseNoCall() throws Exception {
		assertThatNoCallIsLost(Integer.getInteger("rolls", 1), Traffic::start);
	}

	static void assertThatNoCallIsLost(int rolls, Calls.Starter clients) throws Exception {
		Result result = replace(clients, rolls * REPLICAS, "--spring.main.cloud-platform=kubernetes");
		System.out.println(rolls + " x three replicas restarted, defaults on Kubernetes: " + result);
		assertThat(result.l4Failures()).as("failed calls, L4; the log of the replicas:%n%s", result.log()).isEmpty();
		assertThat(result.l7Failures()).as("failed calls, L7; the log of the replicas:%n%s", result.log()).isEmpty();
	}

	@Test
	void oneReplicaWithoutAPropagationDelayLosesCallsOfBothKinds() throws Exception {
		Result result = replace(Traffic::start, 1, "--grpc.server.shutdown.propagation-delay=0");
		System.out.println("One of three replicas restarted, no propagation delay: " + result);
		assertThat(result.l4Failures()).as("failed calls, L4").isNotEmpty();
		assertThat(result.l7Failures()).as("failed calls, L7").isNotEmpty();
	}

	private static Result replace(Calls.Starter clients, int restarts, String argument) throws Exception {
		Tools.haproxy();
		List<String> arguments = List.of(argument);
		Map<String, SampleProcess> replicas = new LinkedHashMap<>();
		StringBuilder log = new StringBuilder();
		Iterator<SampleProcess> started = SampleProcess.startAll(Collections.nCopies(REPLICAS, arguments)).iterator();
		List.of("a", "b", "c").forEach((name) -> replicas.put(name, started.next()));
		int l4Port = Tools.freePort();
		List<Integer> ports = replicas.values().stream().map(SampleProcess::grpcPort).toList();
		try (HaProxy haproxy = HaProxy.startForRollingRestart(l4Port, ports)) {
			replicas.keySet().forEach((name) -> awaitUp(haproxy, name));
			try (Calls l4 = clients.start(l4Port); Calls l7 = clients.start(haproxy.port())) {
				l4.awaitCalls(20);
				l7.awaitCalls(20);
				String free = "d";
				for (int restart = 0; restart < restarts; restart++) {
					SampleProcess replacement = SampleProcess.start(argument);
					replicas.put(free, replacement);
					haproxy.move(free, replacement.grpcPort());
					awaitUp(haproxy, free);
					Map.Entry<String, SampleProcess> oldest = replicas.entrySet().iterator().next();
					oldest.getValue().signal("TERM");
					oldest.getValue().awaitExit();
					log.append(oldest.getValue().log()).append("\n");
					free = oldest.getKey();
					replicas.remove(free);
				}
				l4.awaitCalls(20);
				l7.awaitCalls(20);
				replicas.values().forEach((replica) -> log.append(replica.log()));
				return new Result(l4.calls(), l4.failures(), l7.calls(), l7.failures(), log.toString());
			}
		}
		finally {
			replicas.values().forEach(SampleProcess::close);
		}
	}

	private static void awaitUp(HaProxy haproxy, String name) {
		await().atMost(Duration.ofMinutes(1)).until(() -> {
			try {
				return haproxy.isUp(name);
			}
			catch (IOException ex) {
				return false;
			}
		});
	}

	private record Result(long l4Calls, List<String> l4Failures, long l7Calls, List<String> l7Failures, String log) {

		@Override
		public String toString() {
			return "failed calls: L4 %d of %d, L7 %d of %d".formatted(this.l4Failures.size(), this.l4Calls,
					this.l7Failures.size(), this.l7Calls);
		}

	}

}
