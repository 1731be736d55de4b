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

import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * The tables of a comparison.
 */
final class ComparisonReport {

	private static final double MEBIBYTE = 1024.0 * 1024;

	private final String base;

	private final List<ServerFacts> servers;

	private final List<Load> loads;

	/**
	 * A drift that is worth a word.
	 */
	private static final double DRIFT = 0.1;

	private final Measurements measurements;

	private final List<String> pairs;

	/**
	 * Create a report.
	 * @param base the server whose throughput is 1
	 * @param servers in the order of the rows
	 * @param loads a table for each
	 * @param measurements the numbers
	 * @param pairs servers that are compared with each other, as {@code one/other}; those
	 * that are not there are left out
	 */
	ComparisonReport(String base, List<ServerFacts> servers, List<Load> loads, Measurements measurements,
			List<String> pairs) {
		this.base = base;
		this.servers = servers;
		this.loads = loads;
		this.measurements = measurements;
		this.pairs = pairs;
	}

	@Override
	public String toString() {
		StringBuilder text = new StringBuilder("Medians of the rounds, in brackets their range.\n");
		for (Load load : this.loads) {
			text.append("\n%s: %s. %d in flight on %d connections.\n\n".formatted(load.name(), load.text(),
					load.callsInFlight(), load.connections()));
			text.append(table(load));
			failures(load, text);
			pairs(load, text);
			drifts(load, text);
		}
		return text.append('\n').append(facts()).toString();
	}

	private Table table(Load load) {
		Table table = new Table("server", "calls/s", "/ " + this.base, "CPU us/call", "p50 ms", "p99 ms", "p99.9 ms",
				"bytes/call", "peak heap MiB", "threads", "failed");
		for (ServerFacts server : this.servers) {
			String name = server.name();
			table.row("`" + name + "`", spread(load, name, Round::callsPerSecond).text("%.0f"), ratio(load, name),
					spread(load, name, Round::cpuMicrosPerCall).text("%.1f"),
					spread(load, name, Round::p50Millis).text("%.2f"),
					spread(load, name, Round::p99Millis).text("%.2f"),
					spread(load, name, Round::p999Millis).text("%.2f"),
					spread(load, name, Round::allocatedBytesPerCall).text("%.0f"),
					spread(load, name, (round) -> round.peakHeapBytes() / MEBIBYTE).text("%.0f"),
					spread(load, name, Round::peakThreads).text("%.0f"),
					String.valueOf(this.measurements.failed(load.name(), name)));
		}
		return table;
	}

	private String ratio(Load load, String server) {
		return this.measurements.of(load.name(), this.base).isEmpty() ? "-"
				: ratio(load, server, this.base, Round::callsPerSecond);
	}

	private Spread spread(Load load, String server, ToDoubleFunction<Round> value) {
		return this.measurements.spread(load.name(), server, value);
	}

	private void failures(Load load, StringBuilder text) {
		for (ServerFacts server : this.servers) {
			Map<String, Long> failures = this.measurements.failures(load.name(), server.name());
			if (!failures.isEmpty()) {
				text.append("\nFailed on `%s`: %s\n".formatted(server.name(), failures));
			}
		}
	}

	private void pairs(Load load, StringBuilder text) {
		Table table = new Table("medians of the rounds' ratios", "calls/s", "CPU us/call", "p99", "bytes/call");
		boolean any = false;
		for (String pair : this.pairs) {
			String one = pair.substring(0, pair.indexOf('/'));
			String other = pair.substring(pair.indexOf('/') + 1);
			if (!this.measurements.of(load.name(), one).isEmpty()
					&& !this.measurements.of(load.name(), other).isEmpty()) {
				any = true;
				table.row("`%s` / `%s`".formatted(one, other), ratio(load, one, other, Round::callsPerSecond),
						ratio(load, one, other, Round::cpuMicrosPerCall), ratio(load, one, other, Round::p99Millis),
						ratio(load, one, other, Round::allocatedBytesPerCall));
			}
		}
		if (any) {
			text.append('\n').append(table);
		}
	}

	private String ratio(Load load, String one, String other, ToDoubleFunction<Round> value) {
		return this.measurements.ratio(load.name(), one, other, value).text("%.2f");
	}

	private void drifts(Load load, StringBuilder text) {
		for (ServerFacts server : this.servers) {
			double drift = this.measurements.drift(load.name(), server.name());
			if (Math.abs(drift - 1) > DRIFT) {
				text.append("\n`%s` was %.2f times as fast in the last third of the rounds as in the first.\n"
					.formatted(server.name(), drift));
			}
		}
	}

	private Table facts() {
		Table table = new Table("server", "grpc-java", "Java", "heap after all, collected, MiB");
		for (ServerFacts server : this.servers) {
			table.row("`" + server.name() + "`", server.grpc(), server.java(),
					"%.0f".formatted(server.liveHeapBytes() / MEBIBYTE));
		}
		return table;
	}

}
