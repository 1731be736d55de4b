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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

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

	private static final Path SERVERS = Path.of("benchmarks", "servers");

	private static final Pattern GRPC_API = Pattern.compile("grpc-api-([^:/]*)\\.jar");

	private static final Pattern LAST_CALL_CLASSES = Pattern
		.compile("[^:]*lastcall-spring-boot-autoconfigure-[^:/]*\\.jar");

	private static final String LAST_CALL = "lastcall.LastCallServer";

	private static final String METERS = "io.github.lastcall.grpc.autoconfigure.GrpcServerMetricsAutoConfiguration";

	private static final String SECURED = "lastcall-security";

	private static final Map<String, ServerKind> ALL = new TreeMap<>();
	static {
		lastCall("lastcall", LAST_CALL, "--grpc.server.shutdown.propagation-delay=5s");
		lastCall("lastcall-no-delay", LAST_CALL, "--grpc.server.shutdown.propagation-delay=0s");
		lastCall("lastcall-no-grace", LAST_CALL, "--grpc.server.shutdown.propagation-delay=0s",
				"--grpc.server.shutdown.grace-period=0s");
		lastCall("lastcall-no-metrics", LAST_CALL, "--spring.autoconfigure.exclude=" + METERS);
		lastCall("lastcall-no-limits", LAST_CALL, "--grpc.server.limits.connections=0",
				"--grpc.server.limits.concurrent-calls=0", "--grpc.server.limits.concurrent-calls-per-connection=0",
				"--grpc.server.limits.resets-per-connection=0");
		lastCall("lastcall-virtual", LAST_CALL, "--spring.threads.virtual.enabled=true");
		lastCall("lastcall-direct", LAST_CALL, "--grpc.server.executor.type=direct");
		for (int threads : List.of(16, 64, 200, 400)) {
			lastCall("lastcall-" + threads, LAST_CALL, "--grpc.server.executor.threads=" + threads);
		}
		lastCall("lastcall-cached", "lastcall.CachedPoolServer");
		lastCall("lastcall-jdk-pool", "lastcall.JdkPoolServer");
		lastCall("lastcall-services", "lastcall.ManyServicesServer");
		lastCall("health", "lastcall.HealthServer", "--grpc.server.shutdown.propagation-delay=5s");
		lastCall("limits", "lastcall.LimitsServer", "--grpc.server.shutdown.propagation-delay=0s");
		ALL.put("lastcall-tracing", named("lastcall").with("--management.tracing.sampling.probability=1")
			.in("lastcall-tracing", "lastcall-tracing", PACKAGE + "lastcall.tracing.TracingServer"));
		ALL.put("lastcall-security",
				named("lastcall").in("lastcall-security", SECURED, PACKAGE + "lastcall.security.SecuredServer"));
		ALL.put("lastcall-by-hand",
				named("lastcall").in("lastcall-by-hand", SECURED, PACKAGE + "lastcall.security.ByHandServer"));
		add("application", "application", "application.Application", "--spring.main.keep-alive=true");
		add("plain", "plain", "plain.PlainServer", "{port}");
		add("plain-direct", "plain", "plain.PlainServer", "{port}", "direct");
		add("plain-200", "plain", "plain.PlainServer", "{port}", "200");
		add("boot", "boot", "boot.BootServer", "--spring.grpc.server.port={port}",
				"--spring.grpc.server.address=127.0.0.1", "--spring.grpc.server.shutdown.grace-period=30s");
		ALL.put("boot-security", named("boot").in("boot-security", "boot-security", named("boot").mainClass()));
		add("netdevh", "netdevh", "netdevh.NetDevhServer", "--grpc.server.port={port}",
				"--grpc.server.address=127.0.0.1", "--grpc.server.shutdown-grace-period=30s");
		add("lognet", "lognet", "lognet.LogNetServer", "--grpc.port={port}", "--grpc.shutdown-grace=30");
		for (String older : List.of("netdevh", "lognet")) {
			ServerKind kind = named(older);
			String name = older + "-same-grpc";
			ALL.put(name, kind.in(name, name, kind.mainClass()));
		}
		add("armeria", "armeria", "armeria.ArmeriaServer", "{port}", "5");
		add("armeria-blocking", "armeria", "armeria.ArmeriaServer", "{port}", "5", "blocking");
		add("armeria-no-delay", "armeria", "armeria.ArmeriaServer", "{port}", "0");
	}

	static ServerKind named(String name) {
		ServerKind kind = ALL.get(name);
		if (kind == null) {
			throw new IllegalArgumentException("No such server: %s. There are %s".formatted(name, ALL.keySet()));
		}
		return kind;
	}

	private ServerKind in(String name, String module, String mainClass) {
		return new ServerKind(name, module, mainClass, this.arguments);
	}

	ServerKind with(String... more) {
		return new ServerKind(this.name, this.module, this.mainClass,
				Stream.concat(this.arguments.stream(), Stream.of(more)).toList());
	}

	/**
	 * The same with a maximum of threads, unless its arguments say already where calls
	 * run.
	 */
	ServerKind withThreads(int threads) {
		if (this.arguments.stream().anyMatch((argument) -> argument.matches(".*(executor\\.|threads\\.virtual).*"))) {
			return this;
		}
		return switch (this.module) {
			case "lastcall" -> with("--grpc.server.executor.threads=" + threads);
			case "boot" -> with("--benchmarks.threads=" + threads);
			default -> with(String.valueOf(threads));
		};
	}

	/**
	 * Whether it answers calls.
	 */
	boolean isServer() {
		return !this.module.equals("application");
	}

	/**
	 * Whether it is an application of Spring Boot.
	 */
	boolean isBoot() {
		return !this.module.equals("plain") && !this.module.equals("armeria");
	}

	/**
	 * Whether it makes a span for each call.
	 */
	boolean isTraced() {
		return this.module.equals("lastcall-tracing");
	}

	/**
	 * Whether its calls need a token.
	 */
	boolean isSecured() {
		return this.module.endsWith("-security");
	}

	String classPath() throws IOException {
		return classPath(null);
	}

	/**
	 * The class path.
	 * @param classes classes of Last Call instead of those of this build, or {@code null}
	 */
	String classPath(@Nullable Path classes) throws IOException {
		Path target = SERVERS.resolve(this.module).resolve("target");
		Path dependencies = target.resolve("classpath.txt");
		if (!Files.exists(dependencies)) {
			throw new IllegalStateException(dependencies
					+ " is missing: run in the root of the repository, after ./mvnw -Pbenchmarks -pl benchmarks -am -DskipTests package");
		}
		String classPath = jar(target) + ":" + Files.readString(dependencies).strip();
		if (classes == null) {
			return classPath;
		}
		if (!Files.isDirectory(classes)) {
			throw new IllegalArgumentException("No folder of classes: " + classes);
		}
		return LAST_CALL_CLASSES.matcher(classPath).replaceFirst(Matcher.quoteReplacement(classes.toString()));
	}

	/**
	 * Not the folder of classes: those of a folder are in no class data archive.
	 */
	private static Path jar(Path target) throws IOException {
		try (Stream<Path> files = Files.list(target)) {
			return files.filter((file) -> file.getFileName().toString().matches("lastcall-benchmarks-server-.*\\.jar"))
				.findFirst()
				.orElseThrow(() -> new IllegalStateException("No jar in " + target));
		}
	}

	/**
	 * The version of grpc-java that the server runs with.
	 */
	String grpcVersion() throws IOException {
		Matcher jar = GRPC_API.matcher(classPath());
		return jar.find() ? jar.group(1) : "none";
	}

	List<String> arguments(int port) {
		List<String> arguments = new ArrayList<>();
		this.arguments.forEach((argument) -> arguments.add(argument.replace("{port}", String.valueOf(port))));
		if (isSecured()) {
			arguments.add(BearerToken.property());
		}
		return arguments;
	}

	private static void lastCall(String name, String mainClass, String... arguments) {
		Stream<String> address = Stream.of("--grpc.server.port={port}", "--grpc.server.address=127.0.0.1");
		add(name, "lastcall", mainClass, Stream.concat(address, Stream.of(arguments)).toArray(String[]::new));
	}

	private static void add(String name, String module, String mainClass, String... arguments) {
		ALL.put(name, new ServerKind(name, module, PACKAGE + mainClass, List.of(arguments)));
	}

}
