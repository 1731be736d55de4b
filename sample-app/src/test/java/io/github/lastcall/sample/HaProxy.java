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

package io.github.lastcall.sample;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import io.github.lastcall.sample.process.Tools;

/**
 * HAProxy with one of the files in {@code deploy/haproxy}, in front of two replicas.
 */
final class HaProxy implements AutoCloseable {

	private static final String STATS_SOCKET = "stats.sock";

	private final BalancerProcess process;

	private HaProxy(BalancerProcess process) {
		this.process = process;
	}

	/**
	 * Start HAProxy.
	 * @param file the name of the configuration file
	 * @param a what the file calls server a
	 * @param b what the file calls server b
	 * @return the running HAProxy, which has not checked its servers yet
	 */
	static HaProxy start(String file, SampleProcess a, SampleProcess b) throws IOException, InterruptedException {
		return new HaProxy(BalancerProcess.start(new BalancerProcess.Recipe() {

			@Override
			public ProcessBuilder prepare(Path directory, int port) {
				ProcessBuilder builder = new ProcessBuilder(Tools.haproxy(), "-db", "-f",
						BalancerProcess.DEPLOY.resolve("haproxy").resolve(file).toString());
				builder.environment()
					.putAll(Map.of("LASTCALL_BIND", "127.0.0.1:" + port, "LASTCALL_A", "127.0.0.1:" + a.grpcPort(),
							"LASTCALL_B", "127.0.0.1:" + b.grpcPort(), "LASTCALL_STATS_BIND",
							directory.resolve("page.sock").toString(), "LASTCALL_STATS_SOCKET",
							directory.resolve(STATS_SOCKET).toString()));
				return builder;
			}

			@Override
			public boolean isReady(Path directory, int port) throws IOException {
				return Files.exists(directory.resolve(STATS_SOCKET)) && !servers(directory).isEmpty();
			}

		}));
	}

	/**
	 * Start HAProxy as the rolling restart has it: one for connections and one for calls.
	 * @param l4Port where connections are balanced; calls are balanced on its own port
	 * @param ports the ports of the three replicas
	 * @return the running HAProxy, which has not checked its servers yet
	 */
	static HaProxy startForRollingRestart(int l4Port, List<Integer> ports) throws IOException, InterruptedException {
		return new HaProxy(BalancerProcess.start(new BalancerProcess.Recipe() {

			@Override
			public ProcessBuilder prepare(Path directory, int port) {
				ProcessBuilder builder = new ProcessBuilder(Tools.haproxy(), "-db", "-f",
						"src/test/resources/rolling-restart.cfg");
				builder.environment()
					.putAll(Map.of("LASTCALL_L4", "" + l4Port, "LASTCALL_L7", "" + port, "LASTCALL_A",
							"" + ports.get(0), "LASTCALL_B", "" + ports.get(1), "LASTCALL_C", "" + ports.get(2),
							"LASTCALL_STATS_SOCKET", directory.resolve(STATS_SOCKET).toString()));
				return builder;
			}

			@Override
			public boolean isReady(Path directory, int port) throws IOException {
				return Files.exists(directory.resolve(STATS_SOCKET)) && !servers(directory).isEmpty();
			}

		}));
	}

	int port() {
		return this.process.port();
	}

	/**
	 * Whether a server gets calls, in every backend that has it.
	 * @param name the name of the server
	 */
	boolean isUp(String name) throws IOException {
		return servers(this.process.directory()).stream()
			.filter((server) -> server.name().equals(name))
			.allMatch(Server::isUp);
	}

	/**
	 * Tell the rolling restart's backends where a server is, as discovery does.
	 * @param name the name of the server
	 * @param port its port from now on
	 */
	void move(String name, int port) throws IOException {
		for (String backend : List.of("connections", "calls")) {
			String server = "set server " + backend + "/" + name;
			String answer = ask(this.process.directory(), server + " addr 127.0.0.1 port " + port);
			if (!answer.contains("port changed")) {
				throw new IllegalStateException(answer);
			}
			ask(this.process.directory(), server + " state ready");
		}
	}

	/**
	 * What HAProxy thinks of a server at the moment.
	 * @param name the name of the server, a or b
	 * @return its state
	 */
	Server server(String name) throws IOException {
		return servers(this.process.directory()).stream()
			.filter((server) -> server.name().equals(name))
			.findFirst()
			.orElseThrow();
	}

	/**
	 * Ask for the statistics: one line for each server, its fields separated by commas.
	 */
	private static List<Server> servers(Path directory) throws IOException {
		return ask(directory, "show stat").lines()
			.map((line) -> line.split(",", -1))
			.filter((fields) -> fields.length > 17 && fields[1].matches("[a-f]"))
			.map((fields) -> new Server(fields[0], fields[1], fields[17], Long.parseLong(fields[7])))
			.toList();
	}

	private static String ask(Path directory, String command) throws IOException {
		try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
			channel.connect(UnixDomainSocketAddress.of(directory.resolve(STATS_SOCKET)));
			channel.write(ByteBuffer.wrap((command + "\n").getBytes(StandardCharsets.UTF_8)));
			return new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
		}
	}

	@Override
	public void close() throws IOException, InterruptedException {
		this.process.close();
	}

	/**
	 * A server as HAProxy sees it.
	 *
	 * @param backend the backend that it belongs to
	 * @param name its name
	 * @param status UP, DOWN, or something in between, such as "UP 1/2"
	 * @param sessions how many connections (L4) or calls (L7) it has been given so far
	 */
	record Server(String backend, String name, String status, long sessions) {

		boolean isUp() {
			return this.status.equals("UP");
		}

		boolean isDown() {
			return this.status.startsWith("DOWN");
		}

	}

}
