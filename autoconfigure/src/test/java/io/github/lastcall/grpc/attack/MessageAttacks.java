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
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

import io.github.lastcall.grpc.testing.Http2Frame;
import io.github.lastcall.grpc.testing.RogueClient;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Attacks by what a call carries: messages and metadata.
 */
interface MessageAttacks {

	String GET_FEATURE = "routeguide.RouteGuide/GetFeature";

	String LIST_FEATURES = "routeguide.RouteGuide/ListFeatures";

	@Test
	default void messagesThatAreNeverComplete(Attack attack) throws Exception {
		byte[] piece = new byte[16_000];
		for (int i = 0; i < 5; i++) {
			RogueClient client = attack.connect().preface();
			for (int stream = 1; stream < 200; stream += 2) {
				client.call(stream, GET_FEATURE).message(stream, false, 4 * 1024 * 1024 - 10, piece, false);
			}
			try {
				for (int round = 0; round < 60; round++) {
					for (int stream = 1; stream < 200; stream += 2) {
						client.frame(Http2Frame.DATA, 0, stream, piece);
					}
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
	default void aGibibyteAnnouncedAndTrickled(Attack attack) throws Exception {
		RogueClient client = attack.connect().preface();
		for (int stream = 1; stream < 200; stream += 2) {
			client.call(stream, GET_FEATURE).message(stream, false, 1 << 30, new byte[] { 1 }, false).flush();
		}
		attack.awaitRefusals("message-size", 100);
	}

	@Test
	default void gzipBombs(Attack attack) throws Exception {
		ByteArrayOutputStream bomb = new ByteArrayOutputStream();
		try (GZIPOutputStream gzip = new GZIPOutputStream(bomb)) {
			// An unknown field of 256 MiB.
			gzip.write(new byte[] { 0x7a, (byte) 0x80, (byte) 0x80, (byte) 0x80, (byte) 0x80, 1 });
			byte[] zeros = new byte[1 << 20];
			for (int i = 0; i < 256; i++) {
				gzip.write(zeros);
			}
		}
		byte[] bytes = bomb.toByteArray();
		byte[] headers = Http2Frame.headers(GET_FEATURE, Map.of("grpc-encoding", "gzip"));
		for (int i = 0; i < 5; i++) {
			RogueClient client = attack.connect().preface();
			for (int stream = 1; stream < 9; stream += 2) {
				client.frame(Http2Frame.HEADERS, Http2Frame.END_HEADERS, stream, headers);
				ByteArrayOutputStream message = new ByteArrayOutputStream();
				message.writeBytes(new byte[] { 1, (byte) (bytes.length >> 24), (byte) (bytes.length >> 16),
						(byte) (bytes.length >> 8), (byte) bytes.length });
				message.writeBytes(bytes);
				byte[] all = message.toByteArray();
				for (int from = 0; from < all.length; from += 16_000) {
					int length = Math.min(16_000, all.length - from);
					byte[] piece = new byte[length];
					System.arraycopy(all, from, piece, 0, length);
					client.frame(Http2Frame.DATA, (from + length == all.length) ? Http2Frame.END_STREAM : 0, stream,
							piece);
				}
			}
			client.flush();
			await().atMost(Attack.TIMEOUT).until(() -> client.received(Http2Frame.HEADERS), (count) -> count == 4);
		}
		attack.awaitRefusals("message-size", 20);
	}

	@Test
	default void tenMegabytesOfMetadata(Attack attack) throws Exception {
		byte[] block = Http2Frame.headers(GET_FEATURE, Map.of("large", "x".repeat(10 * 1024 * 1024)));
		for (int i = 0; i < 10; i++) {
			RogueClient client = attack.connect().preface();
			try {
				for (int from = 0; from < block.length; from += 16_000) {
					int length = Math.min(16_000, block.length - from);
					byte[] piece = new byte[length];
					System.arraycopy(block, from, piece, 0, length);
					client.frame((from == 0) ? Http2Frame.HEADERS : Http2Frame.CONTINUATION,
							(from + length == block.length) ? Http2Frame.END_HEADERS : 0, 1, piece);
				}
				client.flush();
			}
			catch (IOException ex) {
				// Closed after the first of them.
			}
			assertThat(client.closed()).succeedsWithin(Attack.TIMEOUT);
		}
		attack.awaitRefusals("metadata-size", 10);
	}

	@Test
	default void answersThatAreNeverRead(Attack attack) throws Exception {
		for (int i = 0; i < 10; i++) {
			// 100 streams of 256 MiB each, and a window that never opens.
			RogueClient client = attack.connect().preface(65_535);
			for (int stream = 1; stream < 200; stream += 2) {
				client.call(stream, LIST_FEATURES).message(stream, false, 0, new byte[0], true);
			}
			client.flush();
			await().atMost(Attack.TIMEOUT).until(() -> client.received(Http2Frame.DATA), (count) -> count > 0);
		}
		// Their handler asks whether they read, so none of them holds too much.
		assertThat(List.of("outbound-messages", "outbound-wait", "outbound-buffer"))
			.allSatisfy((reason) -> assertThat(attack.stats().get(reason)).isEqualTo(attack.before().get(reason)));
	}

}
