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
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

import io.github.lastcall.grpc.lifecycle.GrpcServerState;
import io.github.lastcall.grpc.lifecycle.ServerStates;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

@Timeout(60)
class ServingGateTests {

	/**
	 * As a meter filter of the application does that blocks while a gauge is registered.
	 */
	@Test
	void foreignCodeThatBlocksDoesNotKeepAnotherServerFromClosingTheGate() throws Exception {
		ServingStatusTable table = new ServingStatusTable(List.of(ServingStatusTable.READINESS));
		table.sample(Map.of(ServingStatusTable.READINESS, ServingStatus.SERVING));
		CountDownLatch entered = new CountDownLatch(1);
		CountDownLatch release = new CountDownLatch(1);
		ServerStates states = new ServerStates();
		ServingGate gate = new ServingGate(table, states);
		Thread first = new Thread(
				() -> changeState(states, gate, "a", GrpcServerState.STARTING, GrpcServerState.SERVING));
		table.forEachName((name) -> {
			if (Thread.currentThread() == first) {
				entered.countDown();
				awaitUninterruptedly(release);
			}
		});
		first.start();
		entered.await();
		assertThat(table.get(ServingStatusTable.OVERALL)).isEqualTo(ServingStatus.SERVING);

		CompletableFuture<Void> closed = CompletableFuture.runAsync(
				() -> changeState(states, gate, "b", GrpcServerState.SERVING, GrpcServerState.ANNOUNCING),
				(task) -> new Thread(task).start());

		try {
			assertThat(closed).succeedsWithin(Duration.ofSeconds(10));
			assertThat(table.get(ServingStatusTable.OVERALL)).isEqualTo(ServingStatus.NOT_SERVING);
		}
		finally {
			release.countDown();
			first.join();
		}
		assertThat(table.get(ServingStatusTable.OVERALL)).isEqualTo(ServingStatus.NOT_SERVING);
	}

	private static void changeState(ServerStates states, ServingGate gate, String server, GrpcServerState from,
			GrpcServerState to) {
		states.stateChanged(server, from, to);
		gate.stateChanged(server, from, to);
	}

	private static void awaitUninterruptedly(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
