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

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

import io.github.lastcall.benchmarks.service.ControlService;
import io.github.lastcall.benchmarks.service.LoadMethods;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;

/**
 * What the defaults of the limits rest on: what connections, calls and resets cost a
 * server with a heap of 512 MiB, and what clients need that do nothing wrong.
 */
final class LimitsBenchmark {

	private static final String HEAP = "-Xmx512m";

	private static final String PASSWORD = "benchmark";

	private final int connections;

	private final int seconds;

	private final int handshakesAtOnce;

	private final Path out;

	LimitsBenchmark(Options options) {
		this.connections = options.number("connections", 5000);
		this.seconds = options.number("seconds", 10);
		this.handshakesAtOnce = options.number("handshakes-at-once", 64);
		this.out = Path.of(options.text("out", "benchmarks/results"));
	}

	void run() throws Exception {
		Map<String, Object> result = new LinkedHashMap<>();
		result.put("environment", Environment.describe());
		result.put("heap", HEAP);
		result.put("memory", memory());
		result.put("resets", resets());
		result.put("honestClients", honestClients());
		result.put("handshakes", handshakes());
		Files.createDirectories(this.out);
		Json.write(this.out.resolve("limits.json"), result);
	}

	private List<Map<String, Object>> memory() throws Exception {
		List<Map<String, Object>> result = new ArrayList<>();
		try (Replica server = replica("-Dgrpc.server.limits.handshake-timeout=10m")) {
			server.start();
			ManagedChannel control = channel(server);
			// What the first connections load stays.
			connect(server, 200, Stage.ONE_CALL).forEach(FrameConnection::close);
			for (Stage stage : Stage.values()) {
				Memory before = settled(control);
				List<FrameConnection> open = connect(server, stage.connections(this.connections), stage);
				result.add(Memory.of(control).since(before, stage.text, open.size() * stage.calls(), open.size()));
				open.forEach(FrameConnection::close);
			}
			control.shutdownNow();
		}
		return result;
	}

	private static List<FrameConnection> connect(Replica server, int count, Stage stage) throws IOException {
		List<FrameConnection> open = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			FrameConnection connection = new FrameConnection(server.port());
			open.add(connection);
			if (stage == Stage.HANDSHAKE) {
				connection.awaitAccepted();
			}
			else {
				connection.begin();
				for (int call = 0; call < stage.calls; call++) {
					connection.open(1 + 2 * call, LoadMethods.UNARY.getFullMethodName());
				}
				connection.sync();
			}
		}
		return open;
	}

	/**
	 * The memory once the connections of before have gone.
	 */
	private static Memory settled(ManagedChannel control) throws InterruptedException {
		Memory last = Memory.of(control);
		while (true) {
			TimeUnit.SECONDS.sleep(2);
			Memory next = Memory.of(control);
			if (Math.abs(next.heap() - last.heap()) < 100_000) {
				return next;
			}
			last = next;
		}
	}

	/**
	 * What it costs the server that a client opens calls and resets them at once.
	 */
	private Map<String, Object> resets() throws Exception {
		int resets = 100_000;
		try (Replica server = replica("-Dgrpc.server.limits.resets-per-connection=0")) {
			server.start();
			ManagedChannel control = channel(server);
			Map<String, Object> result = new LinkedHashMap<>();
			// The first time warms up.
			for (int round = 0; round < 2; round++) {
				Memory before = settled(control);
				long cpu = Control.ask(control, ControlService.CPU, 0);
				long started = System.nanoTime();
				try (FrameConnection connection = new FrameConnection(server.port()).begin()) {
					for (int i = 0; i < resets; i++) {
						connection.open(1 + 2 * i, LoadMethods.UNARY.getFullMethodName()).reset(1 + 2 * i);
					}
					connection.sync();
					long nanos = System.nanoTime() - started;
					result.put("resets", resets);
					result.put("resetsPerSecond", resets * 1_000_000_000L / nanos);
					result.put("serverCpuMicrosPerReset",
							(Control.ask(control, ControlService.CPU, 0) - cpu) / 1000.0 / resets);
					result.put("heapBytesPerResetAfterwards", (Memory.of(control).heap() - before.heap()) / resets);
				}
			}
			control.shutdownNow();
			System.out.println("resets: " + result);
			return result;
		}
	}

	/**
	 * What a client has open, and how many deadlines it misses, when the handler is as
	 * fast as it should be and when it is too slow for all of them.
	 */
	private List<Map<String, Object>> honestClients() throws Exception {
		List<Map<String, Object>> result = new ArrayList<>();
		try (Replica server = replica()) {
			server.start();
			new DeadlineLoad(server.port(), 500, 20, 1000).run(this.seconds);
			for (int rate : new int[] { 100, 500, 1000 }) {
				result.add(new DeadlineLoad(server.port(), rate, 100, 1000).run(this.seconds));
			}
			for (int rate : new int[] { 90, 150, 300, 900, 1500 }) {
				result.add(new DeadlineLoad(server.port(), rate, 5000, 1000).run(2 * this.seconds));
			}
		}
		result.forEach((one) -> System.out.println("honest client: " + one));
		return result;
	}

	/**
	 * How long it takes from the connection to the acknowledged settings, when many come
	 * at once and other clients keep the server busy.
	 */
	private List<Map<String, Object>> handshakes() throws Exception {
		List<Map<String, Object>> result = new ArrayList<>();
		try (Replica server = replica()) {
			server.start();
			result.add(storm("plaintext", server, () -> new FrameConnection(server.port())));
		}
		Path store = certificate();
		SSLContext context = trusting(store);
		String bundle = "-Dspring.ssl.bundle.jks.limits.keystore.";
		try (Replica server = replica(bundle + "location=file:" + store, bundle + "password=" + PASSWORD,
				"-Dgrpc.server.ssl.bundle=limits", "-Dgrpc.server.health.port=" + Ports.free())) {
			server.begin();
			Callable<FrameConnection> connect = () -> new FrameConnection(tls(context, server.port()));
			awaitTls(connect);
			result.add(storm("TLS", server, connect));
		}
		return result;
	}

	private Map<String, Object> storm(String name, Replica server, Callable<FrameConnection> connect) throws Exception {
		int threads = this.handshakesAtOnce;
		int count = 2000;
		ExecutorService executor = Executors.newFixedThreadPool(threads);
		List<FrameConnection> open = Collections.synchronizedList(new ArrayList<>());
		List<Double> millis = new ArrayList<>();
		int failed = 0;
		try {
			// The first ones warm up.
			for (int round = 0; round < 2; round++) {
				millis.clear();
				failed = 0;
				CountDownLatch start = new CountDownLatch(1);
				List<Future<Double>> handshakes = new ArrayList<>();
				for (int i = 0; i < count; i++) {
					handshakes.add(executor.submit(() -> {
						start.await();
						long started = System.nanoTime();
						open.add(connect.call().begin());
						return (System.nanoTime() - started) / 1e6;
					}));
				}
				long started = System.nanoTime();
				start.countDown();
				for (Future<Double> handshake : handshakes) {
					try {
						millis.add(handshake.get(10, TimeUnit.MINUTES));
					}
					catch (ExecutionException ex) {
						// The server has given up.
						failed++;
					}
				}
				System.out.printf("%s: %d handshakes in %d ms%n", name, count,
						TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - started));
			}
		}
		finally {
			executor.shutdownNow();
			open.forEach(FrameConnection::close);
		}
		Collections.sort(millis);
		Map<String, Object> result = new LinkedHashMap<>();
		result.put("transport", name);
		result.put("handshakes", count);
		result.put("atOnce", threads);
		result.put("failed", failed);
		result.put("medianMillis", millis.get(millis.size() / 2));
		result.put("99thPercentileMillis", millis.get(millis.size() * 99 / 100));
		result.put("slowestMillis", millis.get(millis.size() - 1));
		System.out.println("handshakes: " + result + " on port " + server.port());
		return result;
	}

	private static void awaitTls(Callable<FrameConnection> connect) throws Exception {
		long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
		while (true) {
			try (FrameConnection connection = connect.call()) {
				connection.begin();
				return;
			}
			catch (IOException ex) {
				if (System.nanoTime() > deadline) {
					throw ex;
				}
				TimeUnit.MILLISECONDS.sleep(100);
			}
		}
	}

	private static SSLSocket tls(SSLContext context, int port) throws IOException {
		Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
		SSLSocket tls = (SSLSocket) context.getSocketFactory().createSocket(socket, "localhost", port, true);
		SSLParameters parameters = tls.getSSLParameters();
		parameters.setApplicationProtocols(new String[] { "h2" });
		tls.setSSLParameters(parameters);
		return tls;
	}

	private static Path certificate() throws Exception {
		Path directory = Files.createTempDirectory("limits");
		Path store = directory.resolve("limits.p12");
		List<String> command = List.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
				"-genkeypair", "-alias", "server", "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=localhost",
				"-ext", "san=dns:localhost,ip:127.0.0.1", "-validity", "2", "-storetype", "PKCS12", "-keystore",
				store.toString(), "-storepass", PASSWORD);
		if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
			throw new IllegalStateException("keytool has failed");
		}
		store.toFile().deleteOnExit();
		directory.toFile().deleteOnExit();
		return store;
	}

	private static SSLContext trusting(Path store) throws Exception {
		KeyStore keys = KeyStore.getInstance("PKCS12");
		try (InputStream in = Files.newInputStream(store)) {
			keys.load(in, PASSWORD.toCharArray());
		}
		KeyStore trusted = KeyStore.getInstance("PKCS12");
		trusted.load(null, null);
		trusted.setCertificateEntry("server", keys.getCertificate("server"));
		TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
		trust.init(trusted);
		SSLContext context = SSLContext.getInstance("TLS");
		context.init(null, trust.getTrustManagers(), null);
		return context;
	}

	private static Replica replica(String... options) {
		List<String> all = new ArrayList<>(List.of(HEAP, "-XX:+ExitOnOutOfMemoryError"));
		all.addAll(List.of(options));
		return new Replica(ServerKind.named("limits"), "server", all.toArray(String[]::new));
	}

	private static ManagedChannel channel(Replica server) {
		return NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().directExecutor().build();
	}

	/**
	 * How far a connection has come.
	 */
	private enum Stage {

		HANDSHAKE("a connection that has said nothing", 0),

		IDLE("an idle connection", 0),

		ONE_CALL("a connection with an open call", 1),

		MANY_CALLS("an open call of 1000 on a connection", 1000);

		private final String text;

		private final int calls;

		Stage(String text, int calls) {
			this.text = text;
			this.calls = calls;
		}

		/**
		 * As many as the server lets in, or has calls for.
		 */
		int connections(int most) {
			return (this == MANY_CALLS) ? 10 : most;
		}

		int calls() {
			return Math.max(this.calls, 1);
		}

	}

	/**
	 * What the server holds after a garbage collection, in bytes.
	 */
	private record Memory(long heap, long direct) {

		static Memory of(ManagedChannel control) {
			return new Memory(Control.ask(control, ControlService.HEAP, 0),
					Control.ask(control, ControlService.DIRECT, 0));
		}

		Map<String, Object> since(Memory before, String what, int count, int connections) {
			Map<String, Object> result = new LinkedHashMap<>();
			result.put("what", what);
			result.put("count", count);
			result.put("connections", connections);
			result.put("heapBytesEach", (this.heap - before.heap) / count);
			result.put("directBytesEach", (this.direct - before.direct) / count);
			result.put("heapBytes", this.heap);
			System.out.println("memory: " + result);
			return result;
		}

	}

}
