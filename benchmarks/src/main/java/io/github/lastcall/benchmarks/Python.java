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

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * A Python that has gRPC. Not necessarily the first on the {@code PATH}.
 *
 * @param program the program
 * @param grpcio the version of its gRPC
 */
record Python(String program, String grpcio) {

	/**
	 * What to say where there is none.
	 */
	static final String MISSING = "no python3 on the PATH has grpcio (apt-get install python3-grpcio)";

	static Optional<Python> find() {
		return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
			.map((folder) -> Path.of(folder, "python3"))
			.filter(Files::isExecutable)
			.flatMap((program) -> withGrpc(program.toString()).stream())
			.findFirst();
	}

	private static Optional<Python> withGrpc(String program) {
		try {
			Process process = new ProcessBuilder(program, "-c", "import grpc; print(grpc.__version__)")
				.redirectError(ProcessBuilder.Redirect.DISCARD)
				.start();
			String version = new String(process.getInputStream().readAllBytes()).strip();
			return (process.waitFor() == 0) ? Optional.of(new Python(program, version)) : Optional.empty();
		}
		catch (IOException ex) {
			return Optional.empty();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

}
