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
import java.util.ArrayList;
import java.util.List;

import io.github.lastcall.benchmarks.Growth.Point;
import io.github.lastcall.benchmarks.service.CallMethods;
import io.github.lastcall.benchmarks.service.CallPattern;

/**
 * Throughput and latency with many calls in flight, beside plain grpc-java.
 */
final class InFlightGrowth {

	/**
	 * Enough for the limit of calls per connection.
	 */
	private static final int CONNECTIONS = 8;

	private final Options options;

	private final List<Integer> sizes;

	InFlightGrowth(Options options) {
		this.options = options;
		this.sizes = options.numbers("in-flight", "1,16,256,4096");
	}

	List<Point> measure() throws IOException, InterruptedException {
		List<Load> loads = this.sizes.stream().map(InFlightGrowth::load).toList();
		List<Candidate> candidates = Candidate.of(this.options.list("servers", "lastcall,plain"),
				new Jdks(this.options));
		try (InterleavedRounds rounds = new InterleavedRounds(candidates, loads, this.options, 5, 2, 6)) {
			Measurements measurements = rounds.run();
			List<Point> points = new ArrayList<>();
			for (Candidate candidate : candidates) {
				for (Load load : loads) {
					String server = candidate.name();
					if (measurements.failed(load.name(), server) > 0) {
						throw new IllegalStateException("%s with %d calls in flight: %s".formatted(server,
								load.callsInFlight(), measurements.failures(load.name(), server)));
					}
					points.add(new Point(load.callsInFlight(), "unary calls/s", server,
							measurements.spread(load.name(), server, Round::callsPerSecond)));
					points.add(new Point(load.callsInFlight(), "p99, ms", server,
							measurements.spread(load.name(), server, Round::p99Millis)));
				}
			}
			return points;
		}
	}

	private static Load load(int callsInFlight) {
		return new Load("in-flight-" + callsInFlight, "unary calls",
				CallPattern.unary(CallMethods.ECHO, CallMethods.message(new byte[16])), callsInFlight,
				Math.min(callsInFlight, CONNECTIONS));
	}

}
