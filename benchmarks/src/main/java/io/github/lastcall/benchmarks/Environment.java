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
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Where something was measured.
 */
final class Environment {

	/**
	 * Column of {@code /proc/stat}, see {@code proc_stat(5)}.
	 */
	private static final int STEAL = 8;

	private static final double TICKS_PER_SECOND = 100;

	private Environment() {
	}

	static Map<String, Object> describe() {
		Map<String, Object> environment = new LinkedHashMap<>();
		environment.put("when", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
		environment.put("commit", firstLine("git", "describe", "--always", "--dirty"));
		environment.put("processors", Runtime.getRuntime().availableProcessors());
		environment.put("processor", valueOf("model name", Path.of("/proc/cpuinfo")));
		environment.put("memory", valueOf("MemTotal", Path.of("/proc/meminfo")));
		environment.put("java", System.getProperty("java.vm.version"));
		environment.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
		environment.put("haproxy", firstLine("haproxy", "-v"));
		environment.put("nginx", firstLine("nginx", "-v"));
		environment.put("grpcio", Python.find().map(Python::grpcio).orElse("none"));
		return environment;
	}

	/**
	 * Seconds for which this machine wanted its processors and others had them, of all
	 * processors together, since it was started; 0 if it does not know.
	 */
	static double stolenSeconds() {
		String[] columns = valueOf("cpu ", Path.of("/proc/stat")).split("\\s+");
		return (columns.length > STEAL) ? Double.parseDouble(columns[STEAL]) / TICKS_PER_SECOND : 0;
	}

	private static String valueOf(String name, Path file) {
		try (Stream<String> lines = Files.lines(file)) {
			return lines.filter((line) -> line.startsWith(name))
				.map((line) -> line.substring(line.indexOf(':') + 1).strip())
				.findFirst()
				.orElse("unknown");
		}
		catch (IOException ex) {
			return "unknown";
		}
	}

	private static String firstLine(String... command) {
		try {
			Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
			String output = new String(process.getInputStream().readAllBytes());
			return List.of(output.split("\n")).get(0).replaceAll(" - http.*", "");
		}
		catch (IOException ex) {
			return "none";
		}
	}

}
