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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.benchmarks.Growth.Point;

/**
 * Start-up, heap and throughput of a server with many services.
 */
final class ServiceGrowth {

	private static final String SERVER = "lastcall-services";

	private static final long ROUND_NANOS = TimeUnit.SECONDS.toNanos(2);

	private final List<Integer> sizes;

	private final int runs;

	private final int rounds;

	ServiceGrowth(Options options) {
		this.sizes = options.numbers("services", "1,100,1000");
		this.runs = options.number("runs", 5);
		this.rounds = options.number("rounds", 5);
	}

	List<Point> measure() throws IOException, InterruptedException {
		Map<Integer, List<Double>> starts = new LinkedHashMap<>();
		for (int run = 0; run < this.runs; run++) {
			for (int size : this.sizes) {
				starts.computeIfAbsent(size, (key) -> new ArrayList<>()).add(startMillis(size));
			}
		}
		List<Point> points = new ArrayList<>();
		starts.forEach((size, millis) -> points
			.add(new Point(size, "process start to first answered call, ms", SERVER, Spread.of(millis))));
		for (int size : this.sizes) {
			try (MeasuredServer server = MeasuredServer.start(candidate(size))) {
				Load load = Load.CALLS.get(0);
				LoadRunner.run(server, load, 5 * ROUND_NANOS);
				List<Double> rates = new ArrayList<>();
				for (int i = 0; i < this.rounds; i++) {
					rates.add(LoadRunner.run(server, load, ROUND_NANOS).callsPerSecond());
				}
				points.add(new Point(size, "unary calls/s", SERVER, Spread.of(rates)));
				points.add(new Point(size, "heap in use after a collection, MiB", SERVER,
						Spread.of(List.of(server.probe().liveHeap() / 1048576.0))));
			}
		}
		return points;
	}

	private static double startMillis(int services) throws IOException, InterruptedException {
		try (Replica replica = new Replica(candidate(services), "services", List.of(MeasuredServer.HEAP))) {
			StartTime time = new StartTime(replica);
			replica.begin();
			return time.firstAnswerMillis();
		}
	}

	private static Candidate candidate(int services) {
		return new Candidate(SERVER, ServerKind.named(SERVER).with("--services=" + services), Jdks.own());
	}

}
