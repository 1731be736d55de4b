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
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;

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

	String LIST_FEATURES = "routeguide.RouteGuide/ListFeatures";

	String ROUTE_CHAT = "routeguide.RouteGuide/RouteChat";

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

	/**
	 * By clients that read what they asked for, and by clients that do not.
	 */
	@Test
	default void floodsOfSettings(Attack attack) throws Exception {
		for (int i = 0; i < 5; i++) {
			RogueClient client = attack.connect().preface();
			Attack.untilClosed(client, 100_000, (stream) -> client.frame(Http2Frame.SETTINGS, 0, 0));
			RogueClient deaf = attack.connectDeaf().preface();
			Attack.untilClosed(deaf, 100_000, (stream) -> deaf.frame(Http2Frame.SETTINGS, 0, 0));
		}
		attack.awaitRefusals("control-frames", 10);
	}

	/**
	 * Each change of the window concerns all streams of the connection.
	 */
	@Test
	default void windowChangesOverManyStreams(Attack attack) throws Exception {
		for (int i = 0; i < 5; i++) {
			RogueClient client = attack.connect().preface();
			for (int stream = 1; stream < 1800; stream += 2) {
				client.call(stream, ROUTE_CHAT);
			}
			Attack.untilClosed(client, 100_000,
					(stream) -> client.frame(Http2Frame.SETTINGS, 0, 0, 0, 4, 0, 0, stream % 4, 0));
		}
		attack.awaitRefusals("control-frames", 5);
	}

	@Test
	default void framesThatServeNoCall(Attack attack) throws Exception {
		flood(attack, (client) -> client.frame(Http2Frame.PRIORITY, 0, 1, 0, 0, 0, 0, 16));
		flood(attack, (client) -> client.frame(Http2Frame.WINDOW_UPDATE, 0, 0, 0, 0, 0, 1));
		flood(attack, (client) -> client.frame(Http2Frame.WINDOW_UPDATE, 0, 1, 0, 0, 0, 1));
		flood(attack, (client) -> client.frame(Http2Frame.DATA, 0, 1));
		flood(attack, (client) -> client.frame(Http2Frame.DATA, Http2Frame.PADDED, 1, 3, 0, 0, 0));
		attack.awaitRefusals("control-frames", 10);
	}

	private static void flood(Attack attack, Flood flood) throws IOException {
		for (int i = 0; i < 2; i++) {
			RogueClient client = attack.connect().preface().call(1, ROUTE_CHAT);
			Attack.untilClosed(client, 200_000, (stream) -> flood.send(client));
		}
	}

	/**
	 * The reset of a stream cannot be sent, as the client does not read. Until then Netty
	 * logs a line for each of its frames.
	 */
	@Test
	default void framesOfAStreamWhoseResetIsUnread(Attack attack) throws Exception {
		for (int i = 0; i < 5; i++) {
			Socket socket = new Socket();
			socket.setReceiveBufferSize(4096);
			socket.connect(new InetSocketAddress("127.0.0.1", attack.port()));
			RogueClient client = attack.opened(RogueClient.deaf(socket));
			client.preface(Integer.MAX_VALUE)
				.frame(Http2Frame.WINDOW_UPDATE, 0, 0, 0x7f, 0, 0, 0)
				.call(1, LIST_FEATURES)
				.message(1, false, 0, new byte[0], true)
				.flush();
			// Then more is on its way than its buffers hold.
			socket.getInputStream().readNBytes(100_000);
			client.call(3, ROUTE_CHAT).frame(Http2Frame.WINDOW_UPDATE, 0, 3, 0, 0, 0, 0);
			Attack.untilClosed(client, 300_000, (stream) -> client.frame(Http2Frame.DATA, 0, 3));
		}
		// Many answers are unread if the reset could be sent all the same.
		attack.awaitRefusals(List.of("control-frames", "flood"), 5);
	}

	@Test
	default void answersToPingsThatNobodySent(Attack attack) throws Exception {
		for (int i = 0; i < 5; i++) {
			RogueClient client = attack.connect().preface();
			Attack.untilClosed(client, 20_000,
					(stream) -> client.frame(Http2Frame.PING, Http2Frame.ACK, 0, 0, 0, 0, 0, 0, 0, 0, 0));
		}
		attack.awaitRefusals("control-frames", 5);
	}

	@Test
	default void mutatedConversations(Attack attack) throws Exception {
		Conversations conversations = Conversations.load();
		assertThat(conversations.recorded()).allSatisfy((bytes) -> assertThat(bytes.length).isGreaterThan(100));
		Attack.inParallel(4_000 * Attack.SCALE, (seed) -> {
			try (Socket socket = attack.socket(seed)) {
				socket.getOutputStream().write(conversations.mutated(seed));
				socket.shutdownOutput();
				Attack.readAll(socket.getInputStream());
			}
			catch (IOException ex) {
				// Closed before it had read everything.
			}
		});
		attack.awaitRefusals("protocol", 400 * Attack.SCALE);
		await().atMost(Attack.TIMEOUT)
			.until(() -> attack.log()
				.stream()
				.anyMatch((line) -> line
					.matches(".*gRPC server 'network' refused more in the last 10s, not logged: .*protocol \\d+.*")));
	}

	/**
	 * Makes the recordings anew that the mutated conversations begin with.
	 */
	@Test
	@EnabledIfSystemProperty(named = "attacks.record", matches = "true")
	default void recordConversations(Attack attack) throws Exception {
		Conversations.record(attack.port(), Path.of("src/test/resources"));
	}

	@FunctionalInterface
	interface Flood {

		void send(RogueClient client) throws IOException;

	}

}
