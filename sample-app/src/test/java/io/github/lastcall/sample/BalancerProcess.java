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

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import static org.awaitility.Awaitility.await;

import io.github.lastcall.sample.process.Tools;

/**
 * A balancer as a process of its own, on a free port, with a temporary directory for what
 * it writes.
 */
final class BalancerProcess implements AutoCloseable {

	/**
	 * The files that users copy are the files that run here.
	 */
	static final Path DEPLOY = Path.of("..", "deploy");

	private static final Pattern PORT_IN_USE = Pattern.compile("cannot bind|in use", Pattern.CASE_INSENSITIVE);

	private static final int ATTEMPTS = 5;

	private final Process process;

	private final Path directory;

	private final int port;

	private BalancerProcess(Process process, Path directory, int port) {
		this.process = process;
		this.directory = directory;
		this.port = port;
	}

	/**
	 * Start a balancer and wait until it can be used. Another port is tried if somebody
	 * else takes the first one in the meantime.
	 * @param recipe how it is started
	 * @return the running balancer
	 */
	static BalancerProcess start(Recipe recipe) throws IOException, InterruptedException {
		for (int attempt = 1;; attempt++) {
			BalancerProcess balancer = launch(recipe);
			try {
				await().atMost(Duration.ofSeconds(60))
					.until(() -> !balancer.process.isAlive() || recipe.isReady(balancer.directory, balancer.port));
				if (balancer.process.isAlive()) {
					return balancer;
				}
				String output = Files.readString(output(balancer.directory));
				if (attempt == ATTEMPTS || !PORT_IN_USE.matcher(output).find()) {
					throw new IllegalStateException("The balancer does not start: " + output);
				}
				balancer.close();
			}
			catch (IOException | RuntimeException ex) {
				balancer.close();
				throw ex;
			}
		}
	}

	private static BalancerProcess launch(Recipe recipe) throws IOException {
		Path directory = Files.createTempDirectory("balancer");
		int port = Tools.freePort();
		Process process = recipe.prepare(directory, port)
			.redirectErrorStream(true)
			.redirectOutput(output(directory).toFile())
			.start();
		return new BalancerProcess(process, directory, port);
	}

	private static Path output(Path directory) {
		return directory.resolve("output.log");
	}

	Path directory() {
		return this.directory;
	}

	int port() {
		return this.port;
	}

	@Override
	public void close() throws IOException, InterruptedException {
		// Not by force: nginx' workers would survive it.
		this.process.destroy();
		if (!this.process.waitFor(30, TimeUnit.SECONDS)) {
			this.process.descendants().forEach(ProcessHandle::destroyForcibly);
			this.process.destroyForcibly().waitFor();
		}
		try (Stream<Path> files = Files.walk(this.directory)) {
			files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
		}
	}

	/**
	 * How a balancer is started.
	 */
	interface Recipe {

		/**
		 * Say what to run.
		 * @param directory where it may write
		 * @param port where it has to listen, on the loopback address
		 * @return what to run
		 */
		ProcessBuilder prepare(Path directory, int port) throws IOException;

		/**
		 * Whether it has come so far that it listens.
		 * @param directory where it may write
		 * @param port where it has to listen
		 * @return whether it can be used
		 */
		boolean isReady(Path directory, int port) throws IOException;

	}

}
