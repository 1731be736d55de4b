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

import io.github.lastcall.grpc.testing.RogueClient;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import org.junit.jupiter.api.Test;

import static org.awaitility.Awaitility.await;

/**
 * Attacks by what a client does not read.
 */
interface OutboundAttacks {

	String GET_FEATURE = "routeguide.RouteGuide/GetFeature";

	String LIST_FEATURES = "routeguide.RouteGuide/ListFeatures";

	/**
	 * Of 640 MB each, by a handler that never asks whether its client reads.
	 */
	@Test
	@AttackedServer(heap = "512m")
	default void streamsThatAreNotReadByAHandlerThatNeverAsks(Attack attack) throws Exception {
		byte[] request = Rectangle.newBuilder()
			.setLo(Point.newBuilder().setLatitude(AttackedRouteGuide.NEVER_ASKS))
			.build()
			.toByteArray();
		for (int i = 0; i < 10; i++) {
			RogueClient client = attack.connect().preface(65_535);
			for (int stream = 1; stream < 11; stream += 2) {
				client.call(stream, LIST_FEATURES).message(stream, false, request.length, request, true);
			}
			client.flush();
		}
		await().atMost(Attack.TIMEOUT)
			.pollInterval(Duration.ofMillis(200))
			.until(() -> refused(attack.stats()) - refused(attack.before()) >= 50);
	}

	/**
	 * Of 3.9 GB in all, and of 780 MB at a time, which is more than what a thread for
	 * each of them may have.
	 */
	@Test
	default void largeAnswersToClientsWithoutAWindow(Attack attack) throws Exception {
		byte[] request = Point.newBuilder().setLatitude(AttackedRouteGuide.LARGE).build().toByteArray();
		for (int wave = 1; wave <= 5; wave++) {
			for (int i = 0; i < 2; i++) {
				RogueClient client = attack.connect().preface(0);
				for (int stream = 1; stream < 200; stream += 2) {
					client.call(stream, GET_FEATURE).message(stream, false, request.length, request, true);
				}
				client.flush();
			}
			attack.awaitRefusals("outbound-buffer", 200 * wave - 50);
		}
	}

	private static long refused(AttackedProcess.Stats stats) {
		return stats.get("outbound-messages") + stats.get("outbound-wait") + stats.get("outbound-buffer");
	}

}
