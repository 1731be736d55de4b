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

import java.io.IOException;

import io.github.lastcall.grpc.testing.Http2Frame;
import io.github.lastcall.grpc.testing.RogueClient;
import io.github.lastcall.sample.routeguide.Point;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Attacks by calls that wait for a thread. On an event loop and on virtual threads none
 * does.
 */
interface QueuedCallAttacks {

	String GET_FEATURE = "routeguide.RouteGuide/GetFeature";

	int BUSY_CALLS = 10;

	int CALLS = 1000;

	/**
	 * Those before the message, and those behind it, with the status.
	 */
	int HEADERS_PER_ANSWER = 2;

	/**
	 * A few calls keep all threads busy, and many that are reset wait behind them. They
	 * would leave no place to others if they counted until a thread came to them.
	 */
	@Test
	@AttackedServer(arguments = { "--grpc.server.executor.threads=20", "--grpc.server.limits.concurrent-calls=500" })
	default void rapidResetOnThreeConnections(Attack attack) throws Exception {
		Attack.inParallel(3, (connection) -> {
			RogueClient client = attack.connect().preface();
			for (int round = 0; !client.closed().isDone(); round++) {
				resetMany(client, round);
				int headers = (round + 1) * BUSY_CALLS * HEADERS_PER_ANSWER;
				await().atMost(Attack.TIMEOUT)
					.until(() -> client.closed().isDone() || client.received(Http2Frame.HEADERS) >= headers);
			}
		});
		attack.awaitRefusals("resets", 3);
		assertThat(attack.stats().get("concurrent-calls")).isEqualTo(attack.before().get("concurrent-calls"));
	}

	private static void resetMany(RogueClient client, int round) {
		byte[] request = Point.newBuilder().setLatitude(AttackedRouteGuide.BUSY).build().toByteArray();
		try {
			for (int call = 0; call < CALLS; call++) {
				int stream = 1 + 2 * (round * CALLS + call);
				client.call(stream, GET_FEATURE).message(stream, false, request.length, request, true);
				if (call >= BUSY_CALLS) {
					client.reset(stream);
				}
			}
			client.flush();
		}
		catch (IOException ex) {
			// Closed for all that it has reset.
		}
	}

}
