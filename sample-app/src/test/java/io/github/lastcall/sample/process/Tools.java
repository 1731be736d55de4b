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

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;

import org.junit.jupiter.api.Assumptions;

/**
 * Other people's programs. A test that needs one that is not installed is reported as
 * skipped, with the reason.
 */
public final class Tools {

	private Tools() {
	}

	/**
	 * Buf's {@code buf}.
	 * @return the program
	 */
	public static String buf() {
		return require("buf", (program) -> true, "npm install -g @bufbuild/buf");
	}

	/**
	 * A Python that has gRPC. Not necessarily the first on the PATH.
	 * @return the program
	 */
	public static String pythonWithGrpc() {
		return require("python3", (program) -> run(program, "-c", "import grpc").exit() == 0,
				"apt-get install python3-grpcio");
	}

	/**
	 * HAProxy.
	 * @return the program
	 */
	public static String haproxy() {
		return require("haproxy", (program) -> true, "apt-get install haproxy");
	}

	/**
	 * Nginx with HTTP/2.
	 * @return the program
	 */
	public static String nginx() {
		return require("nginx", (program) -> run(program, "-V").output().contains("--with-http_v2_module"),
				"apt-get install nginx");
	}

	/**
	 * Node.
	 * @return the program
	 */
	public static String node() {
		return require("node", (program) -> true, "apt-get install nodejs");
	}

	/**
	 * TypeScript's compiler.
	 * @return the program
	 */
	public static String tsc() {
		return require("tsc", (program) -> run(program, "--version").exit() == 0, "npm install -g typescript");
	}

	/**
	 * A module that npm has installed for everyone.
	 * @param name the name of the module
	 * @return its directory
	 */
	public static Path nodeModule(String name) {
		Path module = nodeModules().resolve(name);
		Assumptions.assumeTrue(Files.isDirectory(module),
				() -> "%s is not installed (npm install -g %1$s)".formatted(name));
		return module;
	}

	/**
	 * Where npm installs modules for everyone.
	 * @return the directory
	 */
	public static Path nodeModules() {
		String npm = require("npm", (program) -> true, "apt-get install npm");
		// Warnings come first.
		return Path.of(run(npm, "root", "--global").output().lines().reduce("", (before, line) -> line));
	}

	private static String require(String name, Predicate<String> usable, String install) {
		// Servers are in a directory that not everyone has on the PATH.
		Optional<String> program = Stream
			.concat(Stream.of(System.getenv("PATH").split(File.pathSeparator)), Stream.of("/usr/sbin"))
			.map((directory) -> Path.of(directory, name))
			.filter(Files::isExecutable)
			.map(Path::toString)
			.filter(usable)
			.findFirst();
		Assumptions.assumeTrue(program.isPresent(), () -> "%s is not installed (%s)".formatted(name, install));
		return program.orElseThrow();
	}

	/**
	 * Run a program to its end.
	 * @param command the program and its arguments
	 * @return what it printed, and how it ended
	 */
	public static Result run(String... command) {
		try {
			Process process = start(command);
			String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
			if (!process.waitFor(60, TimeUnit.SECONDS)) {
				process.destroyForcibly();
				throw new IllegalStateException("%s does not end".formatted(List.of(command)));
			}
			return new Result(process.exitValue(), output);
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * A port that was free a moment ago. Who uses it has to be ready to try another one.
	 * @return the port
	 */
	public static int freePort() {
		try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			return socket.getLocalPort();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Start a program and wait for nothing.
	 * @param command the program and its arguments
	 * @return the process, whose output and errors are one stream
	 */
	public static Process start(String... command) throws IOException {
		return new ProcessBuilder(new ArrayList<>(List.of(command))).redirectErrorStream(true).start();
	}

	/**
	 * How a program has ended.
	 *
	 * @param exit its exit value
	 * @param output what it printed
	 */
	public record Result(int exit, String output) {

	}

}
