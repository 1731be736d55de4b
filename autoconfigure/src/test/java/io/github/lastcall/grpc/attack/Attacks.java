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
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPOutputStream;

import io.github.lastcall.grpc.attack.AttackedProcess.Stats;
import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.Http2Frame;
import io.github.lastcall.grpc.testing.RogueClient;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Attacks on a server with the default limits and a heap of 512 MiB. Each time two honest
 * clients beside them lose no call, one with a connection of its own and one that opens
 * another for each call, and the server has no error of memory, keeps its threads and a
 * readable log, gives back what the attackers held, and has counted why it refused what.
 *
 * <p>
 * {@code -Dattacks.scale=10}, or the profile {@code long-attacks}, makes those longer
 * that come in numbers.
 */
@Timeout(600)
@TestInstance(Lifecycle.PER_CLASS)
abstract class Attacks {

	private static final int SCALE = Integer.getInteger("attacks.scale", 1);

	private static final Duration TIMEOUT = Duration.ofMinutes(2);

	private static final String GET_FEATURE = "routeguide.RouteGuide/GetFeature";

	private static final String LIST_FEATURES = "routeguide.RouteGuide/ListFeatures";

	private static final String ROUTE_CHAT = "routeguide.RouteGuide/RouteChat";

	private static final String WATCH = "grpc.health.v1.Health/Watch";

	/**
	 * Of an attack that leaves no connection to others.
	 */
	private static final String EXHAUSTS_CONNECTIONS = "exhausts-connections";

	/**
	 * What the log may grow by in ten seconds of an attack for each reason, however many
	 * connections it has.
	 */
	private static final int LINES_FOR_A_REASON = 10;

	/**
	 * Beside those a line that sums up the others, and ten lines of grpc-java's.
	 */
	private static final int OTHER_LINES = 11;

	private final String executor;

	@SuppressWarnings("NullAway.Init") // Before all.
	private AttackedProcess server;

	private final List<RogueClient> clients = new ArrayList<>();

	private final AtomicInteger connections = new AtomicInteger();

	private Stats before = new Stats(Map.of());

	private int linesBefore;

	private long begun;

	private HonestClient honest;

	private @Nullable HonestClient newcomer;

	/**
	 * Attacks on a server whose calls run in one way.
	 * @param executor the value of {@code grpc.server.executor.type}
	 */
	Attacks(String executor) {
		this.executor = executor;
	}

	@BeforeAll
	void start() throws IOException {
		// A machine that is too busy with the attacks is no fault of a callback, which
		// would
		// be logged with its stack.
		this.server = AttackedProcess.start("512m", "--grpc.server.executor.type=" + this.executor,
				"--grpc.server.executor.block-warning=10s");
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@BeforeEach
	void beginHonestly(TestInfo test) throws Exception {
		this.clients.clear();
		this.connections.set(0);
		this.honest = HonestClient.onOneConnection(this.server.port());
		this.newcomer = test.getTags().contains(EXHAUSTS_CONNECTIONS) ? null
				: HonestClient.onAConnectionForEachCall(this.server.port());
		this.before = this.server.stats();
		this.linesBefore = this.server.log().size();
		this.begun = System.nanoTime();
	}

	@AfterEach
	void theServerIsAsItWas(TestInfo test) throws Exception {
		Stats during = this.server.stats();
		this.honest.close();
		if (this.newcomer != null) {
			this.newcomer.close();
		}
		this.clients.forEach(RogueClient::close);
		System.out.printf(
				"%s (%s): %d connections; honest client: %d calls, slowest %d ms; heap %d MB, direct %d MB; log: %d lines%n",
				test.getTestMethod().orElseThrow().getName(), this.executor, this.connections.get(),
				this.honest.calls(), this.honest.slowestMillis(), during.get("heap") >> 20, during.get("direct") >> 20,
				this.server.log().size() - this.linesBefore);
		assertThat(this.honest.failures()).isEmpty();
		assertThat(this.honest.calls()).isPositive();
		if (this.newcomer != null) {
			System.out.printf("  a new connection for each call: %d calls, slowest %d ms%n", this.newcomer.calls(),
					this.newcomer.slowestMillis());
			assertThat(this.newcomer.failures()).isEmpty();
			assertThat(this.newcomer.calls()).isPositive();
		}
		try (GrpcClient other = GrpcClient.of(this.server.port())) {
			await().atMost(TIMEOUT).ignoreExceptions().until(other::featureName, "served"::equals);
		}
		await().atMost(TIMEOUT).pollInterval(Duration.ofMillis(200)).untilAsserted(() -> {
			Stats after = this.server.stats();
			assertThat(after.get("open-calls")).isZero();
			assertThat(after.get("open-connections")).isZero();
			assertThat(after.get("workers")).isGreaterThanOrEqualTo(this.before.get("workers"));
		});
		List<String> log = linesOfAttack();
		// Netty has one of its own for memory outside of the heap.
		assertThat(log)
			.noneMatch((line) -> line.contains("OutOfMemoryError") || line.contains("OutOfDirectMemoryError"));
		assertThat(log).noneMatch((line) -> line.startsWith("\tat "));
		long windows = Duration.ofNanos(System.nanoTime() - this.begun).toSeconds() / 10 + 2;
		Stats after = this.server.stats();
		long reasons = Arrays.stream(RefusalReason.values())
			.filter((reason) -> after.get(reason.getTag()) > this.before.get(reason.getTag()))
			.count();
		assertThat((long) log.size()).isLessThanOrEqualTo(windows * (reasons * LINES_FOR_A_REASON + OTHER_LINES));
	}

	@Test
	void streamsOpenedWithoutEnd() throws Exception {
		for (int i = 0; i < 10; i++) {
			RogueClient client = connect().preface();
			untilClosed(client, 200_000, (stream) -> client.call(stream, ROUTE_CHAT));
		}
		assertThatRefusedFor("calls-per-connection", 10 * 100);
		assertThatRefusedFor("resets", 10);
	}

	@Test
	void aHundredThousandStreamsOpenedAndReset() throws Exception {
		int streams = 0;
		while (streams < 100_000 * SCALE) {
			RogueClient client = connect().preface();
			streams += untilClosed(client, 200_000, (stream) -> client.call(stream, GET_FEATURE).reset(stream));
			assertThat(client.closed()).succeedsWithin(TIMEOUT);
		}
		assertThatRefusedFor("resets", this.connections.get());
	}

	@Test
	void moreWatchesThanTheServerBears() throws Exception {
		for (int i = 0; i < 40; i++) {
			RogueClient client = connect().preface();
			for (int stream = 1; stream < 2000; stream += 2) {
				client.call(stream, WATCH).message(stream, false, 0, new byte[0], true);
			}
			client.flush();
			// Each has a status or its end.
			await().atMost(TIMEOUT).until(() -> client.received(Http2Frame.HEADERS), (count) -> count >= 1000);
		}
		// With a heap of 512 MiB there may be 32 768 of them.
		assertThatRefusedFor("infrastructure-streams", 40_000 - 32_768);
		try (GrpcClient probe = GrpcClient.of(this.server.port())) {
			assertThat(probe.health().check(HealthCheckRequest.getDefaultInstance()).getStatus())
				.isEqualTo(HealthCheckResponse.ServingStatus.SERVING);
		}
	}

	@Test
	@Tag(EXHAUSTS_CONNECTIONS)
	void moreIdleConnectionsThanTheServerBears() throws Exception {
		for (int i = 0; i < 10_500; i++) {
			RogueClient client = RogueClient.deaf(this.server.port());
			this.connections.incrementAndGet();
			this.clients.add(client);
			try {
				client.preface();
			}
			catch (IOException ex) {
				// Refused already.
			}
		}
		assertThatRefusedFor("connections", 500);
	}

	@Test
	void aFloodOfConnections() throws Exception {
		inParallel(20_000 * SCALE, (i) -> {
			try (Socket socket = socket(i)) {
				socket.setSoLinger(true, 0);
			}
		});
	}

	/**
	 * Both at once: each of them waits until the default of ten seconds is over.
	 */
	@Test
	void slowBeginnersAndHeadersWithoutEnd() throws Exception {
		List<RogueClient> slow = new ArrayList<>();
		for (int i = 0; i < 100; i++) {
			// From nothing at all to all but the last byte of the settings.
			byte[] beginning = new byte[Math.min(i, Http2Frame.PREFACE.length + 8)];
			System.arraycopy(Http2Frame.PREFACE, 0, beginning, 0,
					Math.min(beginning.length, Http2Frame.PREFACE.length));
			if (beginning.length > Http2Frame.PREFACE.length + 3) {
				beginning[Http2Frame.PREFACE.length + 3] = Http2Frame.SETTINGS;
			}
			slow.add(connect().bytes(beginning).flush());
		}
		byte[] headers = Http2Frame.headers(GET_FEATURE, Map.of());
		for (int i = 0; i < 500; i++) {
			RogueClient client = connect().preface();
			client.frame(Http2Frame.HEADERS, 0, 1, new byte[] { headers[0], headers[1] }).flush();
			client.frame(Http2Frame.CONTINUATION, 0, 1, new byte[] { headers[2] }).flush();
			slow.add(client);
		}
		// They are no calls. (Those of the honest clients may still be leaving when the
		// next ones have come.)
		assertThat(this.server.stats().get("open-calls")).isLessThan(10);
		for (RogueClient client : slow) {
			assertThat(client.closed()).succeedsWithin(TIMEOUT);
		}
		assertThatRefusedFor("handshake-timeout", slow.size());
	}

	@Test
	void messagesThatAreNeverComplete() throws Exception {
		byte[] piece = new byte[16_000];
		for (int i = 0; i < 5; i++) {
			RogueClient client = connect().preface();
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
		assertThatRefusedFor("inbound-buffer", 1);
	}

	@Test
	void aGibibyteAnnouncedAndTrickled() throws Exception {
		RogueClient client = connect().preface();
		for (int stream = 1; stream < 200; stream += 2) {
			client.call(stream, GET_FEATURE).message(stream, false, 1 << 30, new byte[] { 1 }, false).flush();
		}
		assertThatRefusedFor("message-size", 100);
	}

	@Test
	void gzipBombs() throws Exception {
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
			RogueClient client = connect().preface();
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
			await().atMost(TIMEOUT).until(() -> client.received(Http2Frame.HEADERS), (count) -> count == 4);
		}
		assertThatRefusedFor("message-size", 20);
	}

	@Test
	void tenMegabytesOfMetadata() throws Exception {
		byte[] block = Http2Frame.headers(GET_FEATURE, Map.of("large", "x".repeat(10 * 1024 * 1024)));
		for (int i = 0; i < 10; i++) {
			RogueClient client = connect().preface();
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
			assertThat(client.closed()).succeedsWithin(TIMEOUT);
		}
		assertThatRefusedFor("metadata-size", 10);
	}

	@Test
	void thousandsOfContinuations() throws Exception {
		for (int i = 0; i < 10; i++) {
			RogueClient client = connect().preface();
			client.frame(Http2Frame.HEADERS, 0, 1, new byte[] { 0 });
			untilClosed(client, 100_000, (stream) -> client.frame(Http2Frame.CONTINUATION, 0, 1, new byte[0]));
		}
		assertThatRefusedFor("flood", 10);
	}

	@Test
	void floodsOfPings() throws Exception {
		for (int i = 0; i < 10; i++) {
			RogueClient client = connect().preface();
			untilClosed(client, 100_000, (stream) -> client.ping());
		}
		assertThatRefusedFor("pings", 10);
	}

	@Test
	void floodsOfSettings() throws Exception {
		for (int i = 0; i < 2; i++) {
			// One that reads what it asked for, and one that does not.
			RogueClient client = connect().preface();
			for (int frame = 0; frame < 100_000; frame++) {
				client.frame(Http2Frame.SETTINGS, 0, 0);
			}
			client.flush();
			await().atMost(TIMEOUT).until(() -> client.received(Http2Frame.SETTINGS), (count) -> count >= 100_000);
			RogueClient deaf = RogueClient.deaf(this.server.port()).preface();
			this.connections.incrementAndGet();
			this.clients.add(deaf);
			untilClosed(deaf, 2_000_000, (stream) -> deaf.frame(Http2Frame.SETTINGS, 0, 0));
		}
		assertThatRefusedFor("flood", 2);
	}

	@Test
	void answersThatAreNeverRead() throws Exception {
		for (int i = 0; i < 10; i++) {
			// 100 streams of 256 MiB each, and a window that never opens.
			RogueClient client = connect().preface(65_535);
			for (int stream = 1; stream < 200; stream += 2) {
				client.call(stream, LIST_FEATURES).message(stream, false, 0, new byte[0], true);
			}
			client.flush();
			await().atMost(TIMEOUT).until(() -> client.received(Http2Frame.DATA), (count) -> count > 0);
		}
	}

	@Test
	void warningsForEachFrame() throws Exception {
		RogueClient client = connect().preface();
		for (int i = 0; i < 20_000; i++) {
			// Answers to questions that nobody has asked.
			client.frame(Http2Frame.PING, Http2Frame.ACK, 0, 0, 0, 0, 0, 0, 0, 0, 0);
		}
		client.frame(Http2Frame.SETTINGS, 0, 0).flush();
		await().atMost(TIMEOUT).until(() -> client.received(Http2Frame.SETTINGS), (count) -> count >= 3);
	}

	/**
	 * Makes the recordings anew that the mutated conversations begin with.
	 */
	@Test
	@EnabledIfSystemProperty(named = "attacks.record", matches = "true")
	void recordConversations() throws Exception {
		Conversations.record(this.server.port(), Path.of("src/test/resources"));
	}

	@Test
	void aHundredThousandMutatedConversations() throws Exception {
		Conversations conversations = Conversations.load();
		assertThat(conversations.recorded()).allSatisfy((bytes) -> assertThat(bytes.length).isGreaterThan(100));
		inParallel(100_000 * SCALE, (seed) -> {
			try (Socket socket = socket(seed)) {
				socket.getOutputStream().write(conversations.mutated(seed));
				socket.shutdownOutput();
				readAll(socket.getInputStream());
			}
			catch (IOException ex) {
				// Closed before it had read everything.
			}
		});
		assertThatRefusedFor("protocol", 10_000);
		await().atMost(TIMEOUT)
			.until(() -> linesOfAttack().stream()
				.anyMatch((line) -> line.matches(
						".*gRPC server 'network' refused more in the last 10s than is logged: .*protocol \\d+.*")));
	}

	private List<String> linesOfAttack() {
		List<String> log = this.server.log();
		return log.subList(this.linesBefore, log.size());
	}

	private RogueClient connect() throws IOException {
		RogueClient client = RogueClient.connect(this.server.port());
		this.clients.add(client);
		this.connections.incrementAndGet();
		return client;
	}

	/**
	 * From many addresses of this machine: one has too few ports.
	 */
	private Socket socket(int number) throws IOException {
		this.connections.incrementAndGet();
		Socket socket = new Socket();
		socket.setSoTimeout((int) TIMEOUT.toMillis());
		socket.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] { 127, 0, 1, (byte) (1 + number % 100) }),
				0));
		socket.connect(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), this.server.port()),
				(int) TIMEOUT.toMillis());
		return socket;
	}

	private static void readAll(InputStream in) throws IOException {
		byte[] buffer = new byte[4096];
		while (in.read(buffer) != -1) {
			// Whatever it is.
		}
	}

	/**
	 * Repeat until the server closes the connection, at most so many times.
	 * @return how often it was sent
	 */
	private static int untilClosed(RogueClient client, int max, Send send) throws IOException {
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

	private static void inParallel(int count, Attack attack) throws Exception {
		AtomicInteger next = new AtomicInteger();
		AtomicInteger failed = new AtomicInteger();
		ExecutorService threads = Executors.newFixedThreadPool(16);
		for (int i = 0; i < 16; i++) {
			threads.execute(() -> {
				for (int number = next.getAndIncrement(); number < count; number = next.getAndIncrement()) {
					try {
						attack.run(number);
					}
					catch (IOException ex) {
						failed.incrementAndGet();
					}
				}
			});
		}
		threads.shutdown();
		assertThat(threads.awaitTermination(9, TimeUnit.MINUTES)).isTrue();
		assertThat(failed).hasValueLessThan(count / 100);
	}

	private void assertThatRefusedFor(String reason, long atLeast) {
		await().atMost(TIMEOUT)
			.pollInterval(Duration.ofMillis(200))
			.untilAsserted(() -> assertThat(this.server.stats().get(reason) - this.before.get(reason)).as(reason)
				.isGreaterThanOrEqualTo(atLeast));
	}

	@FunctionalInterface
	private interface Send {

		void send(int stream) throws IOException;

	}

	@FunctionalInterface
	private interface Attack {

		void run(int number) throws IOException;

	}

}
