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
import java.util.concurrent.TimeUnit;

import com.google.protobuf.BytesValue;
import io.github.lastcall.benchmarks.service.Work;

/**
 * Last Call on every kind of executor, with handlers that compute, that block, and a mix.
 */
final class ExecutorBenchmark {

	private static final String BASE = "lastcall-200";

	private static final String SERVERS = "lastcall-16,lastcall-64,lastcall-200,lastcall-400,lastcall-jdk-pool,lastcall-cached,"
			+ "lastcall-direct";

	private static final long COMPUTE_NANOS = TimeUnit.MICROSECONDS.toNanos(5);

	private static final int BLOCKED_MILLIS = 20;

	private static final int ONE_OF = 10;

	private final Options options;

	private final Jdks jdks;

	ExecutorBenchmark(Options options) {
		this.options = options;
		this.jdks = new Jdks(options);
	}

	void run() throws Exception {
		Results results = new Results("executors", this.options);
		StringBuilder servers = new StringBuilder(SERVERS);
		this.jdks.names().forEach((jdk) -> servers.append(",lastcall-200@%1$s,lastcall-virtual@%1$s".formatted(jdk)));
		List<Candidate> candidates = Candidate.of(this.options.list("servers", servers.toString()), this.jdks);
		List<Load> loads = loads();
		try (InterleavedRounds rounds = new InterleavedRounds(candidates, loads, this.options, 5, 2, 3)) {
			Measurements measurements = rounds.run();
			List<ServerFacts> facts = new ArrayList<>();
			for (MeasuredServer server : rounds.servers()) {
				facts.add(ServerFacts.of(server));
			}
			results.json(Map.of("servers", facts, "rounds", measurements.all()));
			results.markdown(new ComparisonReport(BASE, facts, loads, measurements, List.of()).toString());
		}
	}

	private static List<Load> loads() {
		long turns = Work.turnsIn(COMPUTE_NANOS);
		BytesValue compute = new Work(turns, 0).request();
		BytesValue block = new Work(0, BLOCKED_MILLIS).request();
		return List.of(Load.work("compute", "unary calls that compute for 5 us", 64, () -> compute),
				Load.work("block", "unary calls that block for 20 ms", 512, () -> block),
				Load.work("mix", "unary calls, of which one in ten blocks for 20 ms and the others compute for 5 us",
						512, Workload.oneIn(ONE_OF, block, compute)));
	}

}
