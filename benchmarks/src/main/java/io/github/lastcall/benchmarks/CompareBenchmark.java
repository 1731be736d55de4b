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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Servers side by side: throughput, latency, and what a call costs.
 */
final class CompareBenchmark {

	private static final String BASE = "plain";

	private static final String SERVERS = "plain,plain-200,plain-direct,lastcall-no-metrics,lastcall,lastcall-tracing,"
			+ "lastcall-direct,boot,netdevh,netdevh-same-grpc,lognet,lognet-same-grpc,armeria-blocking,armeria";

	private static final List<String> PAIRS = List.of("lastcall/plain", "lastcall/plain-200", "lastcall/boot",
			"lastcall-tracing/boot", "lastcall-tracing/lastcall", "lastcall-direct/plain-direct",
			"lastcall-direct/armeria");

	private final String name;

	private final String servers;

	private final List<String> pairs;

	private final String calls;

	private final Options options;

	private final Jdks jdks;

	CompareBenchmark(Options options) {
		this("compare", SERVERS, PAIRS, "unary,unary-64k,stream,ping-pong", options);
	}

	private CompareBenchmark(String name, String servers, List<String> pairs, String calls, Options options) {
		this.name = name;
		this.servers = servers;
		this.pairs = pairs;
		this.calls = calls;
		this.options = options;
		this.jdks = new Jdks(options);
	}

	/**
	 * What a token costs: checked by Last Call, by hand and by Spring Boot's own.
	 */
	static CompareBenchmark security(Options options) {
		return new CompareBenchmark("security", "lastcall,lastcall-by-hand,lastcall-security,boot,boot-security",
				List.of("lastcall-security/lastcall-by-hand", "lastcall-security/boot-security",
						"lastcall-security/lastcall", "boot-security/boot"),
				"unary", options);
	}

	void run() throws Exception {
		List<Candidate> candidates = Candidate.of(this.options.list("servers", defaultServers()), this.jdks);
		List<Load> loads = Load.named(this.options.list("calls", this.calls));
		Results results = new Results(this.name, this.options);
		try (InterleavedRounds rounds = new InterleavedRounds(candidates, loads, this.options, 7, 1.8, 8)) {
			Measurements measurements = rounds.run();
			List<ServerFacts> servers = new ArrayList<>();
			for (MeasuredServer server : rounds.servers()) {
				servers.add(ServerFacts.of(server));
			}
			Map<String, Object> json = new LinkedHashMap<>();
			json.put("servers", servers);
			json.put("rounds", measurements.all());
			results.json(json);
			results.markdown(new ComparisonReport(BASE, servers, loads, measurements, pairs()).toString());
			new ComparisonPicture(servers, loads, measurements).write(results.picture(""));
		}
	}

	/**
	 * What the targets are about.
	 */
	private List<String> pairs() {
		List<String> pairs = new ArrayList<>(this.pairs);
		this.jdks.names().forEach((jdk) -> pairs.add("lastcall-virtual@%1$s/plain@%1$s".formatted(jdk)));
		return this.options.list("pairs", String.join(",", pairs));
	}

	/**
	 * Each named JDK adds what it lets servers do: virtual threads.
	 */
	private String defaultServers() {
		StringBuilder servers = new StringBuilder(this.servers);
		this.jdks.names()
			.forEach((jdk) -> servers.append(",plain@%1$s,lastcall@%1$s,lastcall-virtual@%1$s".formatted(jdk)));
		return servers.toString();
	}

}
