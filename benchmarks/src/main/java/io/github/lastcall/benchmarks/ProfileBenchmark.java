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
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

/**
 * Where the processor time and the bytes of a call go, or the processor time of a start:
 * what is behind the figures of the other benchmarks.
 */
final class ProfileBenchmark {

	private static final String START = "start";

	private static final long EXIT_MILLIS = 60_000;

	private final Options options;

	private final List<String> of;

	private final Load load;

	private final int seconds;

	private final int runs;

	ProfileBenchmark(Options options) {
		this.options = options;
		this.of = options.list("of", "cpu,alloc,start");
		this.load = Load.named(options.list("calls", "unary")).get(0);
		this.seconds = options.number("seconds", 10);
		this.runs = options.number("runs", 10);
	}

	void run() throws Exception {
		Results results = new Results("profile", this.options);
		Jdks jdks = new Jdks(this.options);
		StringBuilder text = new StringBuilder();
		for (String what : this.of) {
			if (what.equals(START)) {
				text.append(starts(Candidate.of(this.options.list("starts", "application,lastcall,boot"), jdks)));
			}
			else {
				text.append(calls(ProfiledEvent.named(what), Candidate
					.of(this.options.list("servers", "plain-direct,lastcall-direct,armeria,plain,lastcall"), jdks)));
			}
		}
		results.markdown(text.toString());
	}

	private String calls(ProfiledEvent event, List<Candidate> candidates) throws Exception {
		boolean cpu = event == ProfiledEvent.CPU;
		Map<String, Map<String, Double>> columns = new LinkedHashMap<>();
		for (Candidate candidate : candidates) {
			columns.put(candidate.name(), calls(event, candidate));
		}
		return "%s of one of %s, by the innermost frame that belongs to something known.%n%n%s%n".formatted(
				cpu ? "Microseconds of the server's processor time" : "Bytes that the server allocates",
				this.load.text(), table("part", columns, cpu ? "%.2f" : "%.0f"));
	}

	private Map<String, Double> calls(ProfiledEvent event, Candidate candidate) throws Exception {
		Profiler profiler = new Profiler(candidate, folder());
		try (MeasuredServer server = MeasuredServer.start(candidate)) {
			LoadRunner.run(server, this.load, TimeUnit.SECONDS.toNanos(this.seconds));
			// What a call costs is what it costs without the profiler.
			Round round = LoadRunner.run(server, this.load, TimeUnit.SECONDS.toNanos(this.seconds));
			profiler.start(event, server.replica().process());
			LoadRunner.run(server, this.load, TimeUnit.SECONDS.toNanos(this.seconds));
			Profile profile = profiler.stop(event, server.replica().process());
			double total = (event == ProfiledEvent.CPU) ? round.cpuMicrosPerCall() : round.allocatedBytesPerCall();
			return scaled(profile, ServerParts::of, total / profile.samples());
		}
	}

	private String starts(List<Candidate> candidates) throws Exception {
		Map<String, List<Map<String, Double>>> starts = new LinkedHashMap<>();
		for (int i = 0; i <= this.runs; i++) {
			for (Candidate candidate : candidates) {
				Map<String, Double> start = start(candidate);
				if (i > 0) {
					starts.computeIfAbsent(candidate.name(), (name) -> new ArrayList<>()).add(start);
				}
			}
		}
		Map<String, Map<String, Double>> columns = new LinkedHashMap<>();
		starts.forEach((name, all) -> columns.put(name, mean(all)));
		return "Milliseconds of processor time from the start of the process to the started application, mean of %d starts.%n%n%s%n"
			.formatted(this.runs, table("thread", columns, "%.0f"));
	}

	private Map<String, Double> start(Candidate candidate) throws Exception {
		Profiler profiler = new Profiler(candidate, folder());
		try (Replica replica = new Replica(candidate, "profiled",
				List.of(MeasuredServer.HEAP, profiler.jvmOption(ProfiledEvent.CPU)))) {
			Files.deleteIfExists(replica.log());
			StartTime time = new StartTime(replica);
			replica.begin();
			time.startedMillis();
			double cpuMillis = replica.process().cpuMillis();
			replica.process().terminate();
			replica.process().awaitExit(EXIT_MILLIS);
			Profile profile = profiler.read(ProfiledEvent.CPU);
			return scaled(profile, ServerParts::ofStart, cpuMillis / profile.samples());
		}
	}

	private static Path folder() throws IOException {
		return Files.createDirectories(Path.of("benchmarks", "target", "profiles"));
	}

	private static Map<String, Double> scaled(Profile profile, Function<String[], String> owner, double factor) {
		Map<String, Double> scaled = new HashMap<>();
		profile.by(owner).forEach((name, samples) -> scaled.put(name, samples * factor));
		return scaled;
	}

	private static Map<String, Double> mean(List<Map<String, Double>> all) {
		Map<String, Double> mean = new HashMap<>();
		all.forEach((one) -> one.forEach((name, value) -> mean.merge(name, value / all.size(), Double::sum)));
		return mean;
	}

	private static String table(String what, Map<String, Map<String, Double>> columns, String format) {
		List<String> head = new ArrayList<>(List.of(what));
		columns.keySet().forEach((name) -> head.add("`" + name + "`"));
		Table table = new Table(head.toArray(String[]::new));
		Set<String> rows = new LinkedHashSet<>();
		columns.values().forEach((column) -> rows.addAll(column.keySet()));
		rows.stream().sorted().forEach((row) -> table.row(cells(row, columns, (column) -> column.get(row), format)));
		table.row(cells("all", columns, (column) -> column.values().stream().mapToDouble(Double::doubleValue).sum(),
				format));
		return table.toString();
	}

	private static String[] cells(String row, Map<String, Map<String, Double>> columns,
			Function<Map<String, Double>, @Nullable Double> value, String format) {
		List<String> cells = new ArrayList<>(List.of(row));
		columns.values().forEach((column) -> {
			Double cell = value.apply(column);
			cells.add((cell != null) ? format.formatted(cell) : "-");
		});
		return cells.toArray(String[]::new);
	}

}
