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

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.IntStream;

import static org.awaitility.Awaitility.await;

import io.github.lastcall.sample.process.Tools;

/**
 * The clients of {@link Traffic} once more, in Node.
 */
final class NodeTraffic implements Calls {

	private static final int CLIENTS = 5;

	private final Process process;

	private final AtomicLongArray calls = new AtomicLongArray(CLIENTS);

	private final Queue<String> failures = new ConcurrentLinkedQueue<>();

	private final Thread reader = new Thread(this::read, "node-traffic");

	private NodeTraffic(Process process) {
		this.process = process;
	}

	/**
	 * Start the clients.
	 * @param port the port of the balancer
	 * @return the running clients
	 */
	static NodeTraffic start(int port) throws IOException {
		ProcessBuilder builder = new ProcessBuilder(Tools.node(), "src/test/node/traffic.js", "../proto/src/main/proto",
				importedRules(), Integer.toString(port), Integer.toString(CLIENTS));
		builder.environment().put("NODE_PATH", Tools.nodeModules().toString());
		NodeTraffic traffic = new NodeTraffic(builder.redirectErrorStream(true).start());
		traffic.reader.start();
		return traffic;
	}

	/**
	 * What the protocol of the sample imports is in a jar, and Node reads directories.
	 */
	private static String importedRules() throws IOException {
		Path directory = Path.of("target", "imported-proto");
		String name = "buf/validate/validate.proto";
		Path file = directory.resolve(name);
		Files.createDirectories(file.getParent());
		try (InputStream rules = NodeTraffic.class.getResourceAsStream("/" + name)) {
			Files.copy(rules, file, StandardCopyOption.REPLACE_EXISTING);
		}
		return directory.toString();
	}

	private void read() {
		try (BufferedReader lines = this.process.inputReader()) {
			for (String line = lines.readLine(); line != null; line = lines.readLine()) {
				if (line.length() == 1 && Character.isDigit(line.charAt(0))) {
					this.calls.incrementAndGet(line.charAt(0) - '0');
				}
				else {
					this.failures.add(line);
				}
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Override
	public void awaitCalls(int more) {
		long[] enough = IntStream.range(0, CLIENTS).mapToLong((client) -> this.calls.get(client) + more + 1).toArray();
		await().atMost(1, TimeUnit.MINUTES)
			.until(() -> !this.process.isAlive()
					|| IntStream.range(0, CLIENTS).allMatch((client) -> this.calls.get(client) >= enough[client]));
	}

	@Override
	public long calls() {
		return IntStream.range(0, CLIENTS).mapToLong(this.calls::get).sum() + this.failures.size();
	}

	@Override
	public List<String> failures() {
		return List.copyOf(this.failures);
	}

	@Override
	public void close() throws IOException, InterruptedException {
		this.process.outputWriter().close();
		if (!this.process.waitFor(1, TimeUnit.MINUTES)) {
			this.process.destroyForcibly().waitFor();
		}
		this.reader.join();
	}

}
