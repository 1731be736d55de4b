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

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.github.lastcall.grpc.health.v1.HealthCheckRequest;
import io.github.lastcall.grpc.testing.Http2Frame;
import io.github.lastcall.grpc.testing.RogueClient;
import io.github.lastcall.sample.routeguide.Point;
import io.grpc.reflection.v1.ServerReflectionRequest;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Attacks by legal messages that add up to more than the memory.
 */
interface MemoryAttacks {

	String GET_FEATURE = "routeguide.RouteGuide/GetFeature";

	int UPLOAD = 4_000_000;

	int PIECE = 8 * 1024;

	@Test
	default void legalMessagesInFewBytes(Attack attack) throws Exception {
		byte[] message = gzip(point(1, 3_900_000));
		RogueClient client = attack.connect().preface();
		int calls = 900;
		for (int call = 0; call < calls; call++) {
			send(client, 1 + 2 * call, GET_FEATURE, true, message);
		}
		client.flush();
		// On an event loop calls end before the next read, and may all be served.
		attack.awaitRefusalOr("inbound-buffer", () -> client.received(Http2Frame.HEADERS) == 2 * calls);
	}

	@Test
	default void requestsThatHandlersHold(Attack attack) throws Exception {
		byte[] message = point(AttackedRouteGuide.HOLD, 3_000_000);
		for (int i = 0; i < 10; i++) {
			RogueClient client = attack.connect().preface();
			try {
				for (int stream = 1; stream < 20; stream += 2) {
					send(client, stream, GET_FEATURE, false, message);
				}
				client.flush();
			}
			catch (IOException ex) {
				// Closed for all that it went on sending to calls that had ended.
			}
		}
		attack.awaitRefusals("inbound-buffer", 1);
	}

	@Test
	default void watchesOfLongNames(Attack attack) throws Exception {
		byte[] message = HealthCheckRequest.newBuilder().setService("x".repeat(4_000_000)).build().toByteArray();
		for (int i = 0; i < 10; i++) {
			RogueClient client = attack.connect().preface();
			try {
				for (int stream = 1; stream < 20; stream += 2) {
					send(client, stream, "grpc.health.v1.Health/Watch", false, message);
				}
				client.flush();
			}
			catch (IOException ex) {
				// Closed for all that it went on sending to calls that had ended.
			}
		}
		attack.awaitRefusals("infrastructure-message-size", 10);
	}

	@Test
	default void reflectionOfLongSymbols(Attack attack) throws Exception {
		byte[] message = ServerReflectionRequest.newBuilder()
			.setFileContainingSymbol("x".repeat(3_900_000))
			.build()
			.toByteArray();
		for (int i = 0; i < 10; i++) {
			RogueClient client = attack.connect().preface();
			try {
				for (int stream = 1; stream < 20; stream += 2) {
					send(client, stream, "grpc.reflection.v1.ServerReflection/ServerReflectionInfo", false, message);
					client.flush();
				}
			}
			catch (IOException ex) {
				// Closed for all that it went on sending to calls that had ended.
			}
		}
		attack.awaitRefusals("infrastructure-message-size", 10);
	}

	/**
	 * With what buildpacks leave to the memory outside of the heap.
	 */
	@Test
	@AttackedServer(heap = "512m", options = "-XX:MaxDirectMemorySize=10m")
	default void uploadsInPiecesToLittleDirectMemory(Attack attack) throws Exception {
		assertThat(attack.logOfStart())
			.anyMatch((line) -> line.contains("inbound-message-size") && line.contains("-XX:MaxDirectMemorySize"));
		byte[] request = point(1, UPLOAD);
		byte[] message = Http2Frame.message(false, request.length, request);
		List<RogueClient> clients = new ArrayList<>();
		for (int i = 0; i < 8; i++) {
			clients.add(attack.connect().preface().call(1, GET_FEATURE));
		}
		for (int from = 0; from < message.length; from += PIECE) {
			int to = Math.min(from + PIECE, message.length);
			for (RogueClient client : clients) {
				client
					.frame(Http2Frame.DATA, (to == message.length) ? Http2Frame.END_STREAM : 0, 1,
							Arrays.copyOfRange(message, from, to))
					.flush();
			}
		}
		attack.awaitRefusals("inbound-buffer", 1);
		assertThat(clients).allSatisfy((client) -> {
			int pings = client.received(Http2Frame.PING);
			client.ping().flush();
			await().atMost(Attack.TIMEOUT).until(() -> client.received(Http2Frame.PING) > pings);
			assertThat(client.goAway()).isNull();
			assertThat(client.closed()).isNotDone();
		});
	}

	private static byte[] point(int latitude, int unknown) {
		UnknownFieldSet.Field zeros = UnknownFieldSet.Field.newBuilder()
			.addLengthDelimited(ByteString.copyFrom(new byte[unknown]))
			.build();
		return Point.newBuilder()
			.setLatitude(latitude)
			.setUnknownFields(UnknownFieldSet.newBuilder().addField(15, zeros).build())
			.build()
			.toByteArray();
	}

	private static byte[] gzip(byte[] message) throws IOException {
		ByteArrayOutputStream compressed = new ByteArrayOutputStream();
		try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
			gzip.write(message);
		}
		return compressed.toByteArray();
	}

	private static void send(RogueClient client, int stream, String method, boolean compressed, byte[] message)
			throws IOException {
		client.frame(Http2Frame.HEADERS, Http2Frame.END_HEADERS, stream,
				Http2Frame.headers(method, compressed ? Map.of("grpc-encoding", "gzip") : Map.of()));
		byte[] all = Http2Frame.message(compressed, message.length, message);
		for (int from = 0; from < all.length; from += 16_000) {
			int to = Math.min(from + 16_000, all.length);
			client.frame(Http2Frame.DATA, (to == all.length) ? Http2Frame.END_STREAM : 0, stream,
					Arrays.copyOfRange(all, from, to));
		}
	}

}
