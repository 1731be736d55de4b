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
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

import io.github.lastcall.grpc.attack.AttackedProcess.Stats;
import io.github.lastcall.grpc.testing.RogueClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * One attack on a server in a process of its own. {@link AttackExtension} hands it to the
 * test and checks the rest.
 */
final class Attack {

	/**
	 * How much longer than usual the attacks are that come in numbers.
	 */
	static final int SCALE = Integer.getInteger("attacks.scale", 1);

	static final Duration TIMEOUT = Duration.ofMinutes(1);

	private static final int THREADS = 16;

	private final AttackedProcess server;

	private final Queue<RogueClient> clients = new ConcurrentLinkedQueue<>();

	private final AtomicInteger connections = new AtomicInteger();

	private final Stats before;

	private final int linesBefore;

	private final long begun = System.nanoTime();

	Attack(AttackedProcess server) throws IOException, InterruptedException {
		this.server = server;
		this.before = server.stats();
		this.linesBefore = server.log().size();
	}

	int port() {
		return this.server.port();
	}

	/**
	 * Connect, and say nothing yet. The connection is closed after the attack.
	 */
	RogueClient connect() throws IOException {
		return opened(RogueClient.connect(port()));
	}

	/**
	 * Connect, and never read what the server sends. The connection is closed after the
	 * attack.
	 */
	RogueClient connectDeaf() throws IOException {
		return opened(RogueClient.deaf(port()));
	}

	/**
	 * Close a connection after the attack.
	 */
	RogueClient opened(RogueClient client) {
		this.clients.add(client);
		this.connections.incrementAndGet();
		return client;
	}

	/**
	 * Connect from one of many addresses of this machine, as one has too few ports. The
	 * attack has to close the connection.
	 */
	Socket socket(int number) throws IOException {
		this.connections.incrementAndGet();
		Socket socket = new Socket();
		socket.setSoTimeout((int) TIMEOUT.toMillis());
		socket.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] { 127, 0, 1, (byte) (1 + number % 100) }),
				0));
		socket.connect(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port()), (int) TIMEOUT.toMillis());
		return socket;
	}

	/**
	 * The number of connections that the attack has opened.
	 */
	int connections() {
		return this.connections.get();
	}

	/**
	 * The state of the server before the attack.
	 */
	Stats before() {
		return this.before;
	}

	/**
	 * The state of the server now, after a garbage collection.
	 */
	Stats stats() throws IOException, InterruptedException {
		return this.server.stats();
	}

	/**
	 * The lines that the server has logged since the attack began.
	 */
	List<String> log() {
		List<String> log = this.server.log();
		return log.subList(this.linesBefore, log.size());
	}

	/**
	 * The lines that the server has logged before the attack began.
	 */
	List<String> logOfStart() {
		return this.server.log().subList(0, this.linesBefore);
	}

	/**
	 * The time since the attack began.
	 */
	Duration elapsed() {
		return Duration.ofNanos(System.nanoTime() - this.begun);
	}

	/**
	 * Wait until the server has refused something often enough.
	 */
	void awaitRefusals(String reason, long atLeast) {
		awaitRefusals(List.of(reason), atLeast);
	}

	/**
	 * Wait until the server has refused something often enough, for one reason or the
	 * other.
	 */
	void awaitRefusals(List<String> reasons, long atLeast) {
		await().atMost(TIMEOUT).pollInterval(Duration.ofMillis(200)).untilAsserted(() -> {
			Stats now = stats();
			assertThat(reasons.stream().mapToLong((reason) -> now.get(reason) - this.before.get(reason)).sum())
				.as(reasons.toString())
				.isGreaterThanOrEqualTo(atLeast);
		});
	}

	/**
	 * Wait until the server has refused something, or an end that needs no refusal.
	 */
	void awaitRefusalOr(String reason, BooleanSupplier end) {
		await().atMost(TIMEOUT)
			.pollInterval(Duration.ofMillis(200))
			.until(() -> stats().get(reason) > this.before.get(reason) || end.getAsBoolean());
	}

	/**
	 * Close the connections that are still open.
	 */
	void end() {
		this.clients.forEach(RogueClient::close);
	}

	/**
	 * Repeat until the server closes the connection, at most so many times.
	 * @return how often it was sent
	 */
	static int untilClosed(RogueClient client, int max, Send send) {
		int sent = 0;
		try {
			while (sent < max && !client.closed().isDone()) {
				send.send(1 + 2 * sent);
				sent++;
			}
			client.flush();
		}
		catch (IOException ex) {
			// Closed.
		}
		return sent;
	}

	/**
	 * Do the same so many times, several at once. One of a hundred may fail to connect.
	 */
	static void inParallel(int count, Part part) throws InterruptedException {
		AtomicInteger next = new AtomicInteger();
		AtomicInteger failed = new AtomicInteger();
		ExecutorService threads = Executors.newFixedThreadPool(THREADS);
		for (int i = 0; i < THREADS; i++) {
			threads.execute(() -> {
				for (int number = next.getAndIncrement(); number < count; number = next.getAndIncrement()) {
					try {
						part.run(number);
					}
					catch (IOException ex) {
						failed.incrementAndGet();
					}
				}
			});
		}
		threads.shutdown();
		assertThat(threads.awaitTermination(1, TimeUnit.HOURS)).isTrue();
		assertThat(failed).hasValueLessThan(Math.max(count / 100, 1));
	}

	/**
	 * Read until the server closes the connection.
	 */
	static void readAll(InputStream in) throws IOException {
		byte[] buffer = new byte[4096];
		while (in.read(buffer) != -1) {
			// Whatever it is.
		}
	}

	@FunctionalInterface
	interface Send {

		void send(int stream) throws IOException;

	}

	@FunctionalInterface
	interface Part {

		void run(int number) throws IOException;

	}

}
