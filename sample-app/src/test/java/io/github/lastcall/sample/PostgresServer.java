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
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import io.github.lastcall.sample.process.Tools;

/**
 * A PostgreSQL server of the test's own: new, in a temporary directory, on a free port,
 * gone afterwards. It needs PostgreSQL's programs, from Debian's package or on the path.
 */
final class PostgresServer implements AutoCloseable {

	private final Path programs;

	private final Path directory;

	private final int port;

	private PostgresServer(Path programs, Path directory, int port) {
		this.programs = programs;
		this.directory = directory;
		this.port = port;
	}

	static boolean isInstalled() throws IOException {
		return findPrograms().isPresent();
	}

	static PostgresServer start() throws IOException, InterruptedException {
		Path programs = findPrograms().orElseThrow();
		Path directory = Files.createTempDirectory("postgres");
		PostgresServer server = new PostgresServer(programs, directory, Tools.freePort());
		try {
			server.initialize();
		}
		catch (IOException | InterruptedException | RuntimeException ex) {
			server.close();
			throw ex;
		}
		return server;
	}

	String url(String database) {
		return "jdbc:postgresql://127.0.0.1:%d/%s?user=tester&password=unused".formatted(this.port, database);
	}

	private void initialize() throws IOException, InterruptedException {
		if (isRoot()) {
			Files.setOwner(this.directory,
					this.directory.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody"));
		}
		run("initdb", "--pgdata=" + data(), "--username=tester", "--auth=trust", "--encoding=UTF8", "--no-locale",
				"--no-sync");
		startAgain();
	}

	/**
	 * Stop, as for maintenance: connections are closed, and new ones refused. The data
	 * stays.
	 */
	void stop() throws IOException, InterruptedException {
		stop("fast");
	}

	/**
	 * Start on the same port, after {@link #stop()}.
	 */
	void startAgain() throws IOException, InterruptedException {
		String options = "-F -p %d -c listen_addresses=127.0.0.1 -c unix_socket_directories=''".formatted(this.port);
		run("pg_ctl", "start", "--wait", "--pgdata=" + data(), "--log=" + this.directory.resolve("log"),
				"--options=" + options);
	}

	private void stop(String mode) throws IOException, InterruptedException {
		run("pg_ctl", "stop", "--wait", "--mode=" + mode, "--pgdata=" + data());
	}

	private Path data() {
		return this.directory.resolve("data");
	}

	@Override
	public void close() throws IOException, InterruptedException {
		if (Files.exists(data().resolve("postmaster.pid"))) {
			stop("immediate");
		}
		try (Stream<Path> files = Files.walk(this.directory)) {
			files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
		}
	}

	private void run(String program, String... arguments) throws IOException, InterruptedException {
		List<String> command = new ArrayList<>();
		if (isRoot()) {
			// PostgreSQL refuses to run as root.
			command.addAll(List.of("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"));
		}
		command.add(this.programs.resolve(program).toString());
		command.addAll(List.of(arguments));
		// Not a pipe, which the server would inherit and hold open.
		Path output = Files.createTempFile("postgres", ".log");
		try {
			Process process = new ProcessBuilder(command).directory(this.directory.toFile())
				.redirectErrorStream(true)
				.redirectOutput(output.toFile())
				.start();
			if (!process.waitFor(1, TimeUnit.MINUTES) || process.exitValue() != 0) {
				process.destroyForcibly();
				throw new IllegalStateException("%s failed: %s".formatted(command, Files.readString(output)));
			}
		}
		finally {
			Files.delete(output);
		}
	}

	private static boolean isRoot() {
		return "root".equals(System.getProperty("user.name"));
	}

	private static Optional<Path> findPrograms() throws IOException {
		List<Path> directories = new ArrayList<>();
		Path debian = Path.of("/usr/lib/postgresql");
		if (Files.isDirectory(debian)) {
			try (Stream<Path> versions = Files.list(debian)) {
				directories
					.addAll(versions.sorted(Comparator.reverseOrder()).map((path) -> path.resolve("bin")).toList());
			}
		}
		directories.addAll(path());
		return directories.stream()
			.filter((directory) -> Files.isExecutable(directory.resolve("initdb"))
					&& Files.isExecutable(directory.resolve("pg_ctl")))
			.findFirst();
	}

	private static Collection<Path> path() {
		String path = System.getenv().getOrDefault("PATH", "");
		return Stream.of(path.split(File.pathSeparator)).filter((entry) -> !entry.isEmpty()).map(Path::of).toList();
	}

}
