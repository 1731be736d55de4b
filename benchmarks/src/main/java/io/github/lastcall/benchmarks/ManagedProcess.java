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

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A process that does not outlive the benchmark.
 */
final class ManagedProcess implements AutoCloseable {

	private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();
	static {
		Runtime.getRuntime().addShutdownHook(new Thread(() -> RUNNING.forEach(Process::destroyForcibly)));
	}

	private final Process process;

	private ManagedProcess(Process process) {
		this.process = process;
	}

	static ManagedProcess start(List<String> command, Path log) throws IOException {
		Files.createDirectories(log.getParent());
		return start(new ProcessBuilder(command).redirectErrorStream(true)
			.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile())));
	}

	/**
	 * Start a process to talk with.
	 * @param command the program and its arguments
	 * @param log where its errors go
	 * @return the process
	 */
	static ManagedProcess startWithPipes(List<String> command, Path log) throws IOException {
		Files.createDirectories(log.getParent());
		return start(new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(log.toFile())));
	}

	private static ManagedProcess start(ProcessBuilder builder) throws IOException {
		Process process = builder.start();
		RUNNING.add(process);
		process.onExit().thenAccept(RUNNING::remove);
		return new ManagedProcess(process);
	}

	BufferedWriter input() {
		return this.process.outputWriter();
	}

	BufferedReader output() {
		return this.process.inputReader();
	}

	boolean isAlive() {
		return this.process.isAlive();
	}

	long pid() {
		return this.process.pid();
	}

	/**
	 * The processor time that a living process has used so far.
	 */
	double cpuMillis() {
		return this.process.info().totalCpuDuration().orElse(Duration.ZERO).toNanos() / 1e6;
	}

	/**
	 * The most memory that a living process has had resident so far.
	 */
	long peakResidentBytes() throws IOException {
		try (Stream<String> lines = Files.lines(Path.of("/proc", String.valueOf(pid()), "status"))) {
			return lines.filter((line) -> line.startsWith("VmHWM:"))
				.mapToLong((line) -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
				.findFirst()
				.orElseThrow();
		}
	}

	/**
	 * Send SIGTERM.
	 */
	void terminate() {
		this.process.destroy();
	}

	/**
	 * Wait for the exit, and send SIGKILL if it does not come.
	 * @return whether the process has exited by itself
	 */
	boolean awaitExit(long timeoutMillis) throws InterruptedException {
		if (this.process.waitFor(timeoutMillis, TimeUnit.MILLISECONDS)) {
			return true;
		}
		this.process.destroyForcibly().waitFor();
		return false;
	}

	@Override
	public void close() {
		this.process.destroyForcibly();
	}

}
