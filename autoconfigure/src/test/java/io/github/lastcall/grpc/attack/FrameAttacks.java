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
import java.nio.file.Path;

import io.github.lastcall.grpc.testing.Http2Frame;
import io.github.lastcall.grpc.testing.RogueClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Attacks by frames of HTTP/2 that are no calls, and by bytes that are no frames.
 */
interface FrameAttacks {

	@Test
	default void thousandsOfContinuations(Attack attack) throws Exception {
		for (int i = 0; i < 10; i++) {
			RogueClient client = attack.connect().preface();
			client.frame(Http2Frame.HEADERS, 0, 1, new byte[] { 0 });
			Attack.untilClosed(client, 100_000, (stream) -> client.frame(Http2Frame.CONTINUATION, 0, 1, new byte[0]));
		}
		attack.awaitRefusals("flood", 10);
	}

	@Test
	default void floodsOfPings(Attack attack) throws Exception {
		for (int i = 0; i < 10; i++) {
			RogueClient client = attack.connect().preface();
			Attack.untilClosed(client, 100_000, (stream) -> client.ping());
		}
		attack.awaitRefusals("pings", 10);
	}

	@Test
	default void floodsOfSettings(Attack attack) throws Exception {
		for (int i = 0; i < 2; i++) {
			// One that reads what it asked for, and one that does not.
			RogueClient client = attack.connect().preface();
			for (int frame = 0; frame < 100_000; frame++) {
				client.frame(Http2Frame.SETTINGS, 0, 0);
			}
			client.flush();
			await().atMost(Attack.TIMEOUT)
				.until(() -> client.received(Http2Frame.SETTINGS), (count) -> count >= 100_000);
			RogueClient deaf = attack.connectDeaf().preface();
			Attack.untilClosed(deaf, 2_000_000, (stream) -> deaf.frame(Http2Frame.SETTINGS, 0, 0));
		}
		attack.awaitRefusals("flood", 2);
	}

	@Test
	default void warningsForEachFrame(Attack attack) throws Exception {
		RogueClient client = attack.connect().preface();
		for (int i = 0; i < 20_000; i++) {
			// Answers to questions that nobody has asked.
			client.frame(Http2Frame.PING, Http2Frame.ACK, 0, 0, 0, 0, 0, 0, 0, 0, 0);
		}
		client.frame(Http2Frame.SETTINGS, 0, 0).flush();
		await().atMost(Attack.TIMEOUT).until(() -> client.received(Http2Frame.SETTINGS), (count) -> count >= 3);
	}

	@Test
	default void mutatedConversations(Attack attack) throws Exception {
		Conversations conversations = Conversations.load();
		assertThat(conversations.recorded()).allSatisfy((bytes) -> assertThat(bytes.length).isGreaterThan(100));
		Attack.inParallel(10_000 * Attack.SCALE, (seed) -> {
			try (Socket socket = attack.socket(seed)) {
				socket.getOutputStream().write(conversations.mutated(seed));
				socket.shutdownOutput();
				Attack.readAll(socket.getInputStream());
			}
			catch (IOException ex) {
				// Closed before it had read everything.
			}
		});
		attack.awaitRefusals("protocol", 1_000 * Attack.SCALE);
		await().atMost(Attack.TIMEOUT)
			.until(() -> attack.log()
				.stream()
				.anyMatch((line) -> line.matches(
						".*gRPC server 'network' refused more in the last 10s than is logged: .*protocol \\d+.*")));
	}

	/**
	 * Makes the recordings anew that the mutated conversations begin with.
	 */
	@Test
	@EnabledIfSystemProperty(named = "attacks.record", matches = "true")
	default void recordConversations(Attack attack) throws Exception {
		Conversations.record(attack.port(), Path.of("src/test/resources"));
	}

}
