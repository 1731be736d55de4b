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
import java.util.concurrent.TimeUnit;

import com.google.protobuf.BytesValue;
import io.github.lastcall.benchmarks.service.CallMethods;
import io.github.lastcall.benchmarks.service.CallPattern;
import io.github.lastcall.benchmarks.service.ClosedLoop;
import io.github.lastcall.benchmarks.service.LoopOutcome;
import io.github.lastcall.benchmarks.service.Work;
import io.grpc.ManagedChannel;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Very many calls at once, each of which blocks its thread for a second: how long until
 * the last one has ended.
 */
final class BlockedBenchmark {

	private final Options options;

	private final int calls;

	private final int millis;

	private final int connections;

	private final int runs;

	BlockedBenchmark(Options options) {
		this.options = options;
		this.calls = options.number("calls", 10_000);
		this.millis = options.number("millis", 1000);
		this.connections = options.number("connections", 20);
		this.runs = options.number("runs", 5);
	}

	void run() throws Exception {
		Results results = new Results("blocked", this.options);
		Jdks jdks = new Jdks(this.options);
		List<String> servers = this.options.list("servers",
				jdks.names().isEmpty() ? "lastcall-virtual" : "lastcall-virtual@" + jdks.names().iterator().next());
		Table table = new Table("server", "first call to last answer, s", "slowest call, s", "peak heap MiB", "threads",
				"failed");
		Map<String, Object> json = new LinkedHashMap<>();
		for (Candidate candidate : Candidate.of(servers, jdks)) {
			try (MeasuredServer server = MeasuredServer.start(candidate)) {
				List<Run> runs = new ArrayList<>();
				measure(server);
				for (int i = 0; i < this.runs; i++) {
					runs.add(measure(server));
				}
				json.put(candidate.name(), Map.of("server", ServerFacts.of(server), "runs", runs));
				table.row("`" + candidate.name() + "`",
						Spread.of(runs.stream().map(Run::seconds).toList()).text("%.2f"),
						Spread.of(runs.stream().map(Run::slowestSeconds).toList()).text("%.2f"),
						Spread.of(runs.stream().map((run) -> run.peakHeapBytes() >> 20).toList()).text("%.0f"),
						Spread.of(runs.stream().map(Run::peakThreads).toList()).text("%.0f"), failed(runs));
			}
		}
		results.json(json);
		results.markdown(
				"%d calls at once on %d connections, each blocked for %d ms. Median of %d runs, in brackets their range.%n%n%s"
					.formatted(this.calls, this.connections, this.millis, this.runs, table));
	}

	private static String failed(List<Run> runs) {
		List<Map<String, Long>> failures = runs.stream().map(Run::failures).filter((some) -> !some.isEmpty()).toList();
		return failures.isEmpty() ? "0" : failures.toString();
	}

	private Run measure(MeasuredServer server) throws InterruptedException {
		List<ManagedChannel> channels = server.channels(this.connections);
		try {
			new ClosedLoop<>(channels, CallPattern.unary(CallMethods.ECHO, BytesValue.getDefaultInstance()),
					this.connections)
				.callsPerSecond(TimeUnit.MILLISECONDS.toNanos(200));
			Histogram latencies = new ConcurrentHistogram(3);
			server.probe().reset();
			long start = System.nanoTime();
			// No time at all: every caller makes one call.
			LoopOutcome outcome = new ClosedLoop<>(channels,
					CallPattern.unary(CallMethods.WORK, new Work(0, this.millis).request()), this.calls)
				.run(0, latencies::recordValue);
			double seconds = (System.nanoTime() - start) / 1e9;
			if (outcome.calls() + outcome.failed() != this.calls) {
				throw new IllegalStateException("Not one call for each caller: " + outcome);
			}
			Probe.Usage usage = server.probe().usage();
			return new Run(seconds, latencies.getMaxValue() / 1e9, usage.peakHeapBytes(), usage.peakThreads(),
					outcome.calls(), outcome.failures());
		}
		finally {
			channels.forEach(ManagedChannel::shutdownNow);
		}
	}

	/**
	 * What one run has shown.
	 *
	 * @param seconds from the first call to the last answer
	 * @param slowestSeconds the longest that a call took
	 * @param peakHeapBytes the most that the server's heap held
	 * @param peakThreads the most platform threads that the server had
	 * @param calls how many calls ended with OK
	 * @param failures how many failed, by reason
	 */
	private record Run(double seconds, double slowestSeconds, long peakHeapBytes, int peakThreads, long calls,
			Map<String, Long> failures) {

	}

}
