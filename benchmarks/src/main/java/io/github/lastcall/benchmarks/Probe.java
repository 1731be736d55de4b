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
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Asks the agent in a server's process what the process uses.
 */
final class Probe implements AutoCloseable {

	private static final Path AGENT = Path.of("benchmarks", "agent", "target", "lastcall-benchmarks-agent.jar");

	private final Socket socket;

	private final BufferedReader answers;

	private final PrintWriter questions;

	/**
	 * Connect to the agent of a process that serves already.
	 * @param port the port that was given to the agent
	 */
	Probe(int port) throws IOException {
		this.socket = new Socket(InetAddress.getLoopbackAddress(), port);
		this.answers = new BufferedReader(
				new InputStreamReader(this.socket.getInputStream(), StandardCharsets.US_ASCII));
		this.questions = new PrintWriter(this.socket.getOutputStream(), true, StandardCharsets.US_ASCII);
	}

	/**
	 * The option that lets a JVM have the agent.
	 */
	static String jvmOption(int port) {
		if (!Files.exists(AGENT)) {
			throw new IllegalStateException(AGENT + " is missing: build as docs/benchmarks.md says");
		}
		return "-javaagent:%s=%d".formatted(AGENT, port);
	}

	Usage usage() {
		String[] numbers = ask("usage").split(" ");
		return new Usage(Long.parseLong(numbers[0]), Long.parseLong(numbers[1]), Long.parseLong(numbers[2]),
				Integer.parseInt(numbers[3]), Long.parseLong(numbers[4]));
	}

	/**
	 * Let the peaks begin anew.
	 */
	void reset() {
		ask("reset");
	}

	/**
	 * Collect the garbage.
	 * @return the bytes of heap in use after that
	 */
	long liveHeap() {
		return Long.parseLong(ask("live"));
	}

	private String ask(String question) {
		try {
			this.questions.println(question);
			String answer = this.answers.readLine();
			if (answer == null) {
				throw new IllegalStateException("The server's process has ended");
			}
			return answer;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Override
	public void close() throws IOException {
		this.socket.close();
	}

	/**
	 * What a process has used.
	 *
	 * @param cpuNanos processor time, since the start
	 * @param allocatedBytes bytes of heap allocated, since the start
	 * @param peakHeapBytes the most that the heap held, garbage included, since the reset
	 * @param peakThreads the most platform threads since the reset
	 * @param spans spans that the server has exported
	 */
	record Usage(long cpuNanos, long allocatedBytes, long peakHeapBytes, int peakThreads, long spans) {

	}

}
