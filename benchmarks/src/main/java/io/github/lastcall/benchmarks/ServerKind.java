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

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A server that can be measured.
 *
 * @param name its name in options and results
 * @param module the folder of its module under {@code benchmarks/servers}
 * @param mainClass its main class
 * @param arguments its arguments, with {@code {port}} for the port
 */
record ServerKind(String name, String module, String mainClass, List<String> arguments) {

	private static final String PACKAGE = "io.github.lastcall.benchmarks.server.";

	private static final Map<String, ServerKind> ALL = new TreeMap<>();
	static {
		lastCall("lastcall", "LastCallServer", "propagation-delay=5s");
		lastCall("lastcall-no-delay", "LastCallServer", "propagation-delay=0s");
		lastCall("lastcall-no-grace", "LastCallServer", "propagation-delay=0s", "grace-period=0s");
		lastCall("health", "HealthServer", "propagation-delay=5s");
		lastCall("limits", "LimitsServer", "propagation-delay=0s");
		add("plain", "plain", "PlainServer", "{port}");
		add("boot", "boot", "BootServer", "--spring.grpc.server.port={port}", "--spring.grpc.server.address=127.0.0.1",
				"--spring.grpc.server.shutdown.grace-period=30s");
		add("netdevh", "netdevh", "NetDevhServer", "--grpc.server.port={port}", "--grpc.server.address=127.0.0.1",
				"--grpc.server.shutdown-grace-period=30s");
		add("lognet", "lognet", "LogNetServer", "--grpc.port={port}", "--grpc.shutdown-grace=30");
		add("armeria", "armeria", "ArmeriaServer", "{port}", "5");
		add("armeria-no-delay", "armeria", "ArmeriaServer", "{port}", "0");
	}

	static ServerKind named(String name) {
		ServerKind kind = ALL.get(name);
		if (kind == null) {
			throw new IllegalArgumentException("No such server: %s. There are %s".formatted(name, ALL.keySet()));
		}
		return kind;
	}

	List<String> arguments(int port) {
		List<String> arguments = new ArrayList<>();
		this.arguments.forEach((argument) -> arguments.add(argument.replace("{port}", String.valueOf(port))));
		return arguments;
	}

	private static void lastCall(String name, String mainClass, String... shutdown) {
		Stream<String> address = Stream.of("--grpc.server.port={port}", "--grpc.server.address=127.0.0.1");
		add(name, "lastcall", mainClass,
				Stream.concat(address, Stream.of(shutdown).map((setting) -> "--grpc.server.shutdown." + setting))
					.toArray(String[]::new));
	}

	private static void add(String name, String module, String mainClass, String... arguments) {
		ALL.put(name, new ServerKind(name, module, PACKAGE + module + "." + mainClass, List.of(arguments)));
	}

}
