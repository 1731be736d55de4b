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
import com.google.protobuf.BytesValue;
import io.github.lastcall.benchmarks.service.CallMethods;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCalls;

/**
 * Heap, throughput and the drain of a server with many idle connections. Each has made a
 * call.
 */
final class ConnectionGrowth {

	/**
	 * Without a propagation delay: it would be most of the drain.
	 */
	private static final String SERVER = "lastcall-no-delay";

	/**
	 * The limit must leave room for the connections under load.
	 */
	private static final int ROOM = 100;

	/**
	 * With fewer, it is lost in what else the heap holds.
	 */
	private static final int ENOUGH_FOR_HEAP = 1000;

	private static final long WARMUP_NANOS = TimeUnit.SECONDS.toNanos(10);

	private static final long ROUND_NANOS = TimeUnit.SECONDS.toNanos(2);

	private final List<Integer> sizes;

	private final int runs;

	ConnectionGrowth(Options options) {
		this.sizes = options.numbers("connections", "1,1000,10000");
		this.runs = options.number("drains", 3);
	}

	List<Point> measure() throws IOException, InterruptedException {
		Map<Integer, List<Run>> all = new LinkedHashMap<>();
		for (int i = 0; i < this.runs; i++) {
			for (int size : this.sizes) {
				all.computeIfAbsent(size, (key) -> new ArrayList<>()).add(measure(size));
			}
		}
		List<Point> points = new ArrayList<>();
		for (int size : this.sizes) {
			List<Run> runs = all.getOrDefault(size, List.of());
			if (size >= ENOUGH_FOR_HEAP) {
				points.add(new Point(size, "heap per idle connection, KiB", SERVER,
						Spread.of(runs.stream().map(Run::heapKibibytes).toList())));
			}
			points.add(new Point(size, "unary calls/s beside them", SERVER,
					Spread.of(runs.stream().map(Run::callsPerSecond).toList())));
			points.add(new Point(size, "SIGTERM to exit, ms", SERVER,
					Spread.of(runs.stream().map(Run::exitMillis).toList())));
		}
		return points;
	}

	private static Run measure(int connections) throws IOException, InterruptedException {
		Candidate candidate = new Candidate(SERVER,
				ServerKind.named(SERVER).with("--grpc.server.limits.connections=" + (connections + ROOM)), Jdks.own());
		List<ManagedChannel> channels = List.of();
		try (MeasuredServer server = MeasuredServer.start(candidate, "-Xmx1g")) {
			Load load = Load.CALLS.get(0);
			LoadRunner.run(server, load, WARMUP_NANOS);
			long before = server.probe().liveHeap();
			channels = server.channels(connections);
			channels.forEach((channel) -> ClientCalls.blockingUnaryCall(channel, CallMethods.ECHO, CallOptions.DEFAULT,
					BytesValue.getDefaultInstance()));
			double heap = (server.probe().liveHeap() - before) / 1024.0 / connections;
			double rate = LoadRunner.run(server, load, ROUND_NANOS).callsPerSecond();
			long terminated = System.nanoTime();
			server.replica().process().terminate();
			if (!server.replica().process().awaitExit(60_000)) {
				throw new IllegalStateException("The server does not exit");
			}
			return new Run(heap, rate, (System.nanoTime() - terminated) / 1e6);
		}
		finally {
			channels.forEach(ManagedChannel::shutdownNow);
		}
	}

	private record Run(double heapKibibytes, double callsPerSecond, double exitMillis) {

	}

}
