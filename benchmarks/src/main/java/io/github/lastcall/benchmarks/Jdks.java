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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The JDKs that run the servers: the one of this process, and those that
 * {@code --java NAME=HOME,...} names.
 */
final class Jdks {

	private static final Path OWN = Path.of(System.getProperty("java.home"));

	private final Map<String, Path> homes = new LinkedHashMap<>();

	Jdks(Options options) {
		String text = options.text("java", "");
		for (String entry : text.isEmpty() ? new String[0] : text.split(",")) {
			String[] parts = entry.split("=", 2);
			if (parts.length < 2 || !Files.isExecutable(Path.of(parts[1], "bin", "java"))) {
				throw new IllegalArgumentException("--java needs NAME=HOME of a JDK, not " + entry);
			}
			this.homes.put(parts[0], Path.of(parts[1]));
		}
	}

	static Path own() {
		return OWN;
	}

	Set<String> names() {
		return this.homes.keySet();
	}

	Path home(String name) {
		Path home = this.homes.get(name);
		if (home == null) {
			throw new IllegalArgumentException(
					"No JDK '%s': say where it is with --java %s=HOME".formatted(name, name));
		}
		return home;
	}

	/**
	 * The version of a JDK, as it says itself.
	 */
	static String version(Path home) throws IOException {
		return Files.readAllLines(home.resolve("release"))
			.stream()
			.filter((line) -> line.startsWith("JAVA_VERSION="))
			.map((line) -> line.substring(line.indexOf('=') + 1).replace("\"", ""))
			.findFirst()
			.orElse("unknown");
	}

}
