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

package io.github.lastcall.benchmarks;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;

/**
 * HAProxy, which balances connections (L4) or calls (L7) and asks each replica for its
 * health.
 */
final class HaProxy {

	private HaProxy() {
	}

	static Balancer start(Mode mode, List<Replica> replicas) throws IOException {
		int port = Ports.free();
		Path folder = Path.of("benchmarks", "target", "haproxy-" + port);
		Files.createDirectories(folder);
		Path config = folder.resolve("haproxy.cfg");
		Files.writeString(config, config(mode, port, replicas));
		// In the foreground, -db: the process that is stopped is the one that serves.
		return Balancer.to(port, ManagedProcess.start(List.of("haproxy", "-db", "-f", config.toString()),
				folder.resolve("haproxy.log")));
	}

	private static String config(Mode mode, int port, List<Replica> replicas) {
		boolean calls = mode == Mode.L7;
		StringBuilder servers = new StringBuilder();
		for (int i = 0; i < replicas.size(); i++) {
			servers.append("    server r%d %s check%s\n".formatted(i + 1, replicas.get(i).address(),
					calls ? " proto h2 check-proto none" : ""));
		}
		return """
				global
				    nbthread 1
				    log stdout format raw daemon notice
				    tune.h2.max-concurrent-streams 1000

				defaults
				    mode %s
				    log global
				    option dontlog-normal
				    balance roundrobin
				    timeout connect 2s
				    timeout client 1h
				    timeout server 1h

				frontend clients
				    bind 127.0.0.1:%d%s
				    default_backend replicas

				backend replicas
				    option tcp-check
				    tcp-check connect
				    tcp-check send-binary %s
				    # The answer comes behind other frames: wait for it, then look what it says.
				    tcp-check expect binary 000000000208
				    tcp-check expect min-recv 1 binary 00000000020801
				    default-server inter 1s fall 2 rise 1
				%s""".formatted(calls ? "http" : "tcp", port, calls ? " proto h2" : "", HealthCheck.hex(), servers);
	}

	enum Mode {

		/**
		 * Connections are balanced.
		 */
		L4,

		/**
		 * Calls are balanced.
		 */
		L7

	}

	/**
	 * What a client sends to call {@code grpc.health.v1.Health/Check} for the overall
	 * status: the preface, SETTINGS, HEADERS and DATA.
	 */
	private static final class HealthCheck {

		private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

		private static final int DATA = 0;

		private static final int HEADERS = 1;

		private static final int SETTINGS = 4;

		private static final int END_STREAM = 1;

		private static final int END_HEADERS = 4;

		private HealthCheck() {
		}

		static String hex() {
			ByteArrayOutputStream bytes = new ByteArrayOutputStream();
			bytes.writeBytes(PREFACE);
			frame(bytes, SETTINGS, 0, 0, new byte[0]);
			frame(bytes, HEADERS, END_HEADERS, 1, headers());
			frame(bytes, DATA, END_STREAM, 1, new byte[5]);
			return HexFormat.of().formatHex(bytes.toByteArray());
		}

		/**
		 * HPACK, with indexes into the static table and without a dynamic one.
		 */
		private static byte[] headers() {
			ByteArrayOutputStream block = new ByteArrayOutputStream();
			// :method POST, :scheme http
			block.write(0x83);
			block.write(0x86);
			// :path, :authority
			block.write(0x04);
			string(block, "/grpc.health.v1.Health/Check");
			block.write(0x01);
			string(block, "localhost");
			// content-type has number 31: 15, and 16 more
			block.write(0x0f);
			block.write(0x10);
			string(block, "application/grpc");
			block.write(0x00);
			string(block, "te");
			string(block, "trailers");
			return block.toByteArray();
		}

		private static void string(ByteArrayOutputStream block, String value) {
			block.write(value.length());
			block.writeBytes(value.getBytes(StandardCharsets.US_ASCII));
		}

		private static void frame(ByteArrayOutputStream bytes, int type, int flags, int stream, byte[] payload) {
			bytes.writeBytes(
					new byte[] { 0, 0, (byte) payload.length, (byte) type, (byte) flags, 0, 0, 0, (byte) stream });
			bytes.writeBytes(payload);
		}

	}

}
