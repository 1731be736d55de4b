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
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * How long a server takes to start, and what it adds to the application without it.
 */
final class StartupBenchmark {

	private static final long TRAINING_MILLIS = 120_000;

	private static final String WITHOUT = "application";

	private final Options options;

	private final int runs;

	private final boolean archived;

	private final Set<Path> archives = new HashSet<>();

	StartupBenchmark(Options options) {
		this.options = options;
		this.runs = options.number("runs", 15);
		this.archived = Boolean.parseBoolean(options.text("cds", "false"));
	}

	void run() throws Exception {
		Results results = new Results(this.archived ? "startup-cds" : "startup", this.options);
		List<Candidate> candidates = Candidate.of(
				this.options.list("servers", WITHOUT + ",lastcall,boot,netdevh,lognet,armeria,plain"),
				new Jdks(this.options));
		Map<String, List<Start>> starts = new LinkedHashMap<>();
		// The first ones warm the file system and this process.
		for (int i = 0; i <= this.runs; i++) {
			System.out.printf("run %d of %d%n", i, this.runs);
			for (Candidate candidate : candidates) {
				Start start = start(candidate);
				if (i > 0) {
					starts.computeIfAbsent(candidate.name(), (name) -> new ArrayList<>()).add(start);
				}
			}
		}
		results.json(Map.of("runs", starts));
		results.markdown(report(starts));
	}

	/**
	 * Two starts: a client that calls as soon as the port is open would have its share of
	 * the time until the application has started.
	 */
	private Start start(Candidate candidate) throws IOException, InterruptedException {
		Double started = candidate.kind().isBoot() ? start(candidate, StartTime::startedMillis) : null;
		Double answered = candidate.kind().isServer() ? start(candidate, StartTime::firstAnswerMillis) : null;
		return new Start(started, answered);
	}

	private double start(Candidate candidate, Until until) throws IOException, InterruptedException {
		List<String> jvmOptions = new ArrayList<>(List.of(MeasuredServer.HEAP));
		if (this.archived) {
			jvmOptions.add("-XX:SharedArchiveFile=" + archive(candidate));
		}
		try (Replica replica = new Replica(candidate, "startup", jvmOptions)) {
			Files.deleteIfExists(replica.log());
			StartTime time = new StartTime(replica);
			replica.begin();
			return until.millis(time);
		}
	}

	/**
	 * The archive of the classes that one start has loaded.
	 */
	private Path archive(Candidate candidate) throws IOException, InterruptedException {
		Path archive = Path.of("benchmarks", "target", candidate.name() + ".jsa").toAbsolutePath();
		if (this.archives.add(archive)) {
			try (Replica training = new Replica(candidate, "training",
					List.of("-XX:ArchiveClassesAtExit=" + archive, "-Dspring.context.exit=onRefresh"))) {
				training.begin();
				if (!training.process().awaitExit(TRAINING_MILLIS)) {
					throw new IllegalStateException("No archive of the classes, see " + training.log());
				}
			}
		}
		return archive;
	}

	private String report(Map<String, List<Start>> starts) {
		Table table = new Table("server", "started, ms", "more than `" + WITHOUT + "`, ms", "first answered call, ms");
		starts.forEach((name, own) -> {
			List<Double> more = new ArrayList<>();
			List<Start> without = starts.getOrDefault(WITHOUT, List.of());
			for (int i = 0; i < without.size(); i++) {
				Double started = own.get(i).startedMillis();
				if (started != null) {
					more.add(started - Objects.requireNonNull(without.get(i).startedMillis()));
				}
			}
			table.row("`" + name + "`", text(own.stream().map(Start::startedMillis).toList()), text(more),
					text(own.stream().map(Start::answeredMillis).toList()));
		});
		return ("%d turns of each, interleaved. Median, in brackets the range. Started: from the start of the JVM to the "
				+ "event of Spring Boot, as its log says. First answered call: from the start of another process, at the client.%n%n%s")
			.formatted(this.runs, table);
	}

	private static String text(List<? extends @Nullable Double> values) {
		List<Double> known = new ArrayList<>();
		for (Double value : values) {
			if (value != null) {
				known.add(value);
			}
		}
		return known.isEmpty() ? "-" : Spread.of(known).text("%.0f");
	}

	/**
	 * Until when a start takes.
	 */
	private interface Until {

		double millis(StartTime time) throws IOException, InterruptedException;

	}

	/**
	 * Two starts in a row.
	 *
	 * @param startedMillis until Spring Boot has started the application, if it is one
	 * @param answeredMillis until the first call is answered, if there is a server
	 */
	private record Start(@Nullable Double startedMillis, @Nullable Double answeredMillis) {

	}

}
