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

import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.Http2Frame;
import io.github.lastcall.grpc.testing.RogueClient;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Attacks by calls: too many, or ended too often.
 */
interface StreamAttacks {

	String GET_FEATURE = "routeguide.RouteGuide/GetFeature";

	String ROUTE_CHAT = "routeguide.RouteGuide/RouteChat";

	String WATCH = "grpc.health.v1.Health/Watch";

	@Test
	default void streamsOpenedWithoutEnd(Attack attack) throws Exception {
		for (int i = 0; i < 5; i++) {
			RogueClient client = attack.connect().preface();
			Attack.untilClosed(client, 200_000, (stream) -> client.call(stream, ROUTE_CHAT));
		}
		attack.awaitRefusals("calls-per-connection", 5 * 100);
		attack.awaitRefusals("resets", 5);
	}

	@Test
	default void streamsOpenedAndReset(Attack attack) throws Exception {
		int streams = 0;
		while (streams < 30_000 * Attack.SCALE) {
			RogueClient client = attack.connect().preface();
			streams += Attack.untilClosed(client, 200_000, (stream) -> client.call(stream, GET_FEATURE).reset(stream));
			assertThat(client.closed()).succeedsWithin(Attack.TIMEOUT);
		}
		attack.awaitRefusals("resets", attack.connections());
	}

	@Test
	default void moreWatchesThanTheServerBears(Attack attack) throws Exception {
		for (int i = 0; i < 20; i++) {
			RogueClient client = attack.connect().preface();
			for (int stream = 1; stream < 2000; stream += 2) {
				client.call(stream, WATCH).message(stream, false, 0, new byte[0], true);
			}
			client.flush();
			// Each has a status or its end.
			await().atMost(Attack.TIMEOUT).until(() -> client.received(Http2Frame.HEADERS), (count) -> count >= 1000);
		}
		// With a heap of 256 MiB there may be 16 384 of them.
		attack.awaitRefusals("infrastructure-streams", 20_000 - 16_384);
		try (GrpcClient probe = GrpcClient.of(attack.port())) {
			assertThat(probe.health().check(HealthCheckRequest.getDefaultInstance()).getStatus())
				.isEqualTo(HealthCheckResponse.ServingStatus.SERVING);
		}
	}

	@Test
	default void callsOfUnknownMethods(Attack attack) throws Exception {
		RogueClient client = attack.connect().preface();
		for (int stream = 1; stream < 2000; stream += 2) {
			client.call(stream, "unknown.Service" + stream + "/Method").message(stream, false, 0, new byte[0], true);
		}
		client.flush();
		attack.awaitRefusals("unknown-method", 1000);
	}

	/**
	 * As a channel does that keeps to the limit: the next call would wait without a sign.
	 */
	@Test
	default void asManyStreamsAsAConnectionMayHave(Attack attack) throws Exception {
		RogueClient client = attack.connect().preface();
		for (int stream = 1; stream < 2000; stream += 2) {
			client.call(stream, ROUTE_CHAT);
		}
		client.flush();
		attack.awaitRefusals("calls-per-connection", 1);
		assertThat(attack.log()).anyMatch((line) -> line.contains("the limit of 1000 calls"));
	}

}
