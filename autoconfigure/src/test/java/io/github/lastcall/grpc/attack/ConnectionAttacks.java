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
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.github.lastcall.grpc.testing.Http2Frame;
import io.github.lastcall.grpc.testing.RogueClient;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Attacks by connections: too many, or too slow.
 */
interface ConnectionAttacks {

	String GET_FEATURE = "routeguide.RouteGuide/GetFeature";

	@Test
	@AttackedServer(acceptsConnections = false)
	default void moreIdleConnectionsThanTheServerBears(Attack attack) throws Exception {
		for (int i = 0; i < 10_500; i++) {
			try {
				attack.connectDeaf().preface();
			}
			catch (IOException ex) {
				// Refused already.
			}
		}
		attack.awaitRefusals("connections", 500);
	}

	@Test
	default void aFloodOfConnections(Attack attack) throws Exception {
		Attack.inParallel(5_000 * Attack.SCALE, (i) -> {
			try (Socket socket = attack.socket(i)) {
				socket.setSoLinger(true, 0);
			}
		});
	}

	/**
	 * Both at once: each of them waits until the timeout is over.
	 */
	@Test
	default void slowBeginnersAndHeadersWithoutEnd(Attack attack) throws Exception {
		List<RogueClient> slow = new ArrayList<>();
		for (int i = 0; i < 100; i++) {
			// From nothing at all to all but the last byte of the settings.
			byte[] beginning = new byte[Math.min(i, Http2Frame.PREFACE.length + 8)];
			System.arraycopy(Http2Frame.PREFACE, 0, beginning, 0,
					Math.min(beginning.length, Http2Frame.PREFACE.length));
			if (beginning.length > Http2Frame.PREFACE.length + 3) {
				beginning[Http2Frame.PREFACE.length + 3] = Http2Frame.SETTINGS;
			}
			slow.add(attack.connect().bytes(beginning).flush());
		}
		byte[] headers = Http2Frame.headers(GET_FEATURE, Map.of());
		for (int i = 0; i < 500; i++) {
			RogueClient client = attack.connect().preface();
			client.frame(Http2Frame.HEADERS, 0, 1, new byte[] { headers[0], headers[1] }).flush();
			client.frame(Http2Frame.CONTINUATION, 0, 1, new byte[] { headers[2] }).flush();
			slow.add(client);
		}
		// They are no calls. (Those of the honest clients may still be leaving when the
		// next ones have come.)
		assertThat(attack.stats().get("open-calls")).isLessThan(10);
		for (RogueClient client : slow) {
			assertThat(client.closed()).succeedsWithin(Attack.TIMEOUT);
		}
		attack.awaitRefusals("handshake-timeout", slow.size());
	}

}
