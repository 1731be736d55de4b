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

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import org.springframework.util.unit.DataSize;

/**
 * The process of an {@link AttackedApplication}, which has a small heap unless its attack
 * needs a larger one.
 */
final class AttackedProcess implements AutoCloseable {

	private static final String ENDED = "";

	private final Process process;

	private final Queue<String> log = new ConcurrentLinkedQueue<>();

	private final BlockingQueue<String> stats = new LinkedBlockingQueue<>();

	private final CompletableFuture<Integer> port = new CompletableFuture<>();

	private AttackedProcess(Process process) {
		this.process = process;
		Thread reader = new Thread(this::readOutput, "attacked-output");
		reader.setDaemon(true);
		reader.start();
	}

	/**
	 * Start an application and wait until it serves.
	 * @param executor the value of {@code grpc.server.executor.type}
	 * @param settings its memory, options and arguments
	 */
	static AttackedProcess start(String executor, Settings settings) throws IOException {
		List<String> command = new ArrayList<>();
		command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
		command.add("-Xmx" + settings.heap());
		command.add("-XX:+ExitOnOutOfMemoryError");
		// A third of the processor time that it takes to start otherwise.
		command.add("-XX:TieredStopAtLevel=1");
		command.addAll(settings.options());
		command.addAll(List.of("-cp", System.getProperty("java.class.path"), AttackedApplication.class.getName(),
				"--grpc.server.port=0", "--spring.main.banner-mode=off", "--grpc.server.executor.type=" + executor));
		// A machine that is too busy is not the fault of a callback, which would be
		// logged with its stack.
		command.add("--grpc.server.executor.block-warning=10s");
		// Less than the defaults, which some attacks wait for.
		command.add("--grpc.server.limits.handshake-timeout=3s");
		command.add("--grpc.server.limits.outbound-wait=3s");
		command.addAll(settings.arguments());
		AttackedProcess started = new AttackedProcess(new ProcessBuilder(command).redirectErrorStream(true).start());
		try {
			started.port.get(3, TimeUnit.MINUTES);
			return started;
		}
		catch (Exception ex) {
			started.close();
			throw new IllegalStateException("The application does not serve:\n" + String.join("\n", started.log), ex);
		}
	}

	int port() {
		return this.port.join();
	}

	/**
	 * What it has logged so far.
	 */
	List<String> log() {
		return List.copyOf(this.log);
	}

	/**
	 * Ask how it is, after a garbage collection.
	 */
	Stats stats() throws IOException, InterruptedException {
		String line = ENDED;
		if (this.process.isAlive()) {
			Writer in = this.process.outputWriter();
			in.write("\n");
			in.flush();
			line = this.stats.poll(2, TimeUnit.MINUTES);
		}
		if (line == null || line.equals(ENDED)) {
			throw new IllegalStateException("The application %s:\n%s"
				.formatted((line == null) ? "does not answer" : "has ended", String.join("\n", this.log)));
		}
		Map<String, Long> values = new HashMap<>();
		for (String pair : line.split(" ")) {
			int equals = pair.indexOf('=');
			values.put(pair.substring(0, equals), Long.valueOf(pair.substring(equals + 1)));
		}
		return new Stats(values);
	}

	/**
	 * The most memory that it has had so far, in bytes: heap, threads, code and all.
	 */
	long peakResidentMemory() throws IOException {
		try (Stream<String> lines = Files.lines(Path.of("/proc", Long.toString(this.process.pid()), "status"))) {
			String peak = lines.filter((line) -> line.startsWith("VmHWM:")).findFirst().orElseThrow();
			return DataSize.ofKilobytes(Long.parseLong(peak.replaceAll("\\D", ""))).toBytes();
		}
	}

	/**
	 * Send SIGTERM and wait for the end.
	 * @return the exit code
	 */
	int terminate() throws InterruptedException {
		// That of the process itself closes the standard input too, with which it ends.
		this.process.toHandle().destroy();
		return this.process.waitFor();
	}

	private void readOutput() {
		try (BufferedReader reader = this.process.inputReader()) {
			for (String line = reader.readLine(); line != null; line = reader.readLine()) {
				if (line.startsWith("STATS ")) {
					this.stats.add(line.substring("STATS ".length()));
				}
				else if (line.startsWith("PORT ")) {
					this.port.complete(Integer.valueOf(line.substring("PORT ".length())));
				}
				else {
					this.log.add(line);
				}
			}
		}
		catch (IOException ex) {
			// Destroyed at the end of its attack.
		}
		finally {
			this.stats.add(ENDED);
			this.port.completeExceptionally(new IllegalStateException("The process has ended"));
		}
	}

	@Override
	public void close() {
		this.process.destroyForcibly().onExit().join();
	}

	/**
	 * Attacks of equal settings can share a process.
	 *
	 * @param heap the value of {@code -Xmx}
	 * @param options further options of the Java virtual machine
	 * @param arguments further arguments of the application
	 */
	record Settings(String heap, List<String> options, List<String> arguments) {

		static Settings of(@Nullable AttackedServer server) {
			return (server != null)
					? new Settings(server.heap(), List.of(server.options()), List.of(server.arguments()))
					: new Settings("256m", List.of(), List.of());
		}

	}

	/**
	 * How the application was at one moment.
	 */
	record Stats(Map<String, Long> values) {

		long get(String name) {
			Long value = this.values.get(name);
			if (value == null) {
				throw new IllegalArgumentException("No " + name + " in " + this.values);
			}
			return value;
		}

	}

}
