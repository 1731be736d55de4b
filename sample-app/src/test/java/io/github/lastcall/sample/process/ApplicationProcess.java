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

package io.github.lastcall.sample.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;

import static org.awaitility.Awaitility.await;

/**
 * An application as a process of its own, on free ports.
 */
public class ApplicationProcess implements AutoCloseable {

	/**
	 * The Java that runs the tests.
	 */
	public static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java").toString();

	private static final Pattern GRPC_PORT = Pattern.compile("gRPC server 'network' listens on port (\\d+)");

	private static final Pattern WEB_PORT = Pattern.compile("(?:Tomcat|Netty) started on port (\\d+)");

	/**
	 * The tests start applications often and let none run long.
	 */
	private static final List<String> STARTS_SOONER = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

	private final Process process;

	private final List<String> log = new CopyOnWriteArrayList<>();

	private final CompletableFuture<Integer> grpcPort = new CompletableFuture<>();

	private final CompletableFuture<Integer> webPort = new CompletableFuture<>();

	private final CompletableFuture<Integer> managementPort = new CompletableFuture<>();

	private final CompletableFuture<Void> serving = new CompletableFuture<>();

	private final List<ManagedChannel> channels = new ArrayList<>();

	private final HttpClient http = HttpClient.newHttpClient();

	/**
	 * Start an application and wait for nothing.
	 * @param arguments what {@code java} is told: a jar, or a class path and a class, and
	 * the arguments of the application
	 */
	public ApplicationProcess(List<String> arguments) throws IOException {
		this(arguments, Map.of());
	}

	/**
	 * Start an application with environment variables and wait for nothing.
	 * @param arguments what {@code java} is told: a jar, or a class path and a class, and
	 * the arguments of the application
	 * @param variables environment variables beside those of the tests
	 */
	public ApplicationProcess(List<String> arguments, Map<String, String> variables) throws IOException {
		List<String> command = new ArrayList<>();
		command.add(JAVA);
		command.addAll(STARTS_SOONER);
		command.add("-Xmx256m");
		command.addAll(arguments);
		ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
		builder.environment().putAll(variables);
		this.process = builder.start();
		Thread reader = new Thread(this::readLog, "application-log");
		reader.setDaemon(true);
		reader.start();
	}

	private void readLog() {
		try (BufferedReader reader = this.process.inputReader()) {
			for (String line = reader.readLine(); line != null; line = reader.readLine()) {
				this.log.add(line);
				complete(this.grpcPort, GRPC_PORT.matcher(line));
				complete(this.webPort.isDone() ? this.managementPort : this.webPort, WEB_PORT.matcher(line));
				if (line.contains("STARTING -> SERVING")) {
					this.serving.complete(null);
				}
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		finally {
			this.serving.completeExceptionally(new IllegalStateException("The process has ended"));
		}
	}

	private static void complete(CompletableFuture<Integer> port, Matcher matcher) {
		if (matcher.find()) {
			port.complete(Integer.valueOf(matcher.group(1)));
		}
	}

	/**
	 * Wait until the application serves, and end it if it does not.
	 */
	public void awaitServing() {
		try {
			// On a busy machine, several at a time take a while.
			this.serving.get(5, TimeUnit.MINUTES);
		}
		catch (Exception ex) {
			close();
			throw new IllegalStateException("The application does not serve:\n" + log(), ex);
		}
	}

	public int grpcPort() {
		return this.grpcPort.join();
	}

	/**
	 * The port of the web server, once it listens.
	 * @return the port
	 */
	public int webPort() {
		return this.webPort.join();
	}

	/**
	 * The port of Actuator, of an application where it has a port of its own.
	 * @return the port
	 */
	public int managementPort() {
		return this.managementPort.join();
	}

	/**
	 * A new connection.
	 * @return a channel without retries
	 */
	public synchronized ManagedChannel channel() {
		ManagedChannel channel = NettyChannelBuilder.forAddress("localhost", grpcPort())
			.usePlaintext()
			.disableRetry()
			.build();
		this.channels.add(channel);
		return channel;
	}

	public int httpStatus(String path) throws IOException, InterruptedException {
		return http(path).statusCode();
	}

	public HttpResponse<String> http(String path) throws IOException, InterruptedException {
		return http(webPort(), path);
	}

	public HttpResponse<String> http(int port, String path) throws IOException, InterruptedException {
		HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
			.timeout(Duration.ofSeconds(30))
			.build();
		return this.http.send(request, HttpResponse.BodyHandlers.ofString());
	}

	public HttpResponse<String> post(String path) throws IOException, InterruptedException {
		HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + webPort() + path))
			.timeout(Duration.ofSeconds(60))
			.header("Content-Type", "application/json")
			.POST(HttpRequest.BodyPublishers.ofString("{}"))
			.build();
		return this.http.send(request, HttpResponse.BodyHandlers.ofString());
	}

	/**
	 * Send a signal, as Kubernetes and {@code kill} do.
	 * @param name the name of the signal, such as TERM
	 * @return when it was sent, by {@link System#nanoTime()}
	 */
	public long signal(String name) throws IOException, InterruptedException {
		// The time before the kill command runs: what it takes counts against us.
		long sent = System.nanoTime();
		int exit = new ProcessBuilder("kill", "-" + name, Long.toString(this.process.pid())).inheritIO()
			.start()
			.waitFor();
		if (exit != 0) {
			throw new IllegalStateException("kill ended with " + exit);
		}
		return sent;
	}

	/**
	 * Wait until the process has ended.
	 * @return when it ended, by {@link System#nanoTime()}
	 */
	public long awaitExit() throws InterruptedException {
		if (!this.process.waitFor(120, TimeUnit.SECONDS)) {
			throw new IllegalStateException("The process does not end:\n" + log());
		}
		return System.nanoTime();
	}

	/**
	 * Wait until the log has a line.
	 * @param text what the line contains
	 */
	public void awaitLog(String text) {
		await().atMost(Duration.ofMinutes(2))
			.pollInterval(Duration.ofMillis(1))
			.until(() -> !isAlive() || this.log.stream().anyMatch((line) -> line.contains(text)));
	}

	/**
	 * Whether SIGINT does nothing to the process, because it did nothing to its parent.
	 * @return whether interrupts are ignored, as far as that can be found out
	 */
	public boolean ignoresInterrupts() throws IOException {
		Path status = Path.of("/proc", Long.toString(this.process.pid()), "status");
		if (!Files.exists(status)) {
			return false;
		}
		return Files.readAllLines(status)
			.stream()
			.filter((line) -> line.startsWith("SigIgn:"))
			.anyMatch((line) -> (Long.parseUnsignedLong(line.substring("SigIgn:".length()).trim(), 16) & 2) != 0);
	}

	/**
	 * How the process has ended.
	 * @return its exit value
	 */
	public int exitValue() {
		return this.process.exitValue();
	}

	public boolean isAlive() {
		return this.process.isAlive();
	}

	public String log() {
		return String.join("\n", this.log);
	}

	@Override
	public synchronized void close() {
		this.channels.forEach(ManagedChannel::shutdownNow);
		this.process.destroyForcibly().onExit().join();
	}

}
