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
import java.util.concurrent.TimeUnit;

import io.github.lastcall.benchmarks.Growth.Point;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;

/**
 * Heap of many watchers, and how long a flip takes to reach the last of them.
 */
final class WatcherGrowth {

	private static final String SERVER = "health";

	private static final int CONNECTIONS = 100;

	/**
	 * With fewer, it is lost in what else the heap holds.
	 */
	private static final int ENOUGH_FOR_HEAP = 1000;

	private final List<Integer> sizes;

	private final int flips;

	WatcherGrowth(Options options) {
		this.sizes = options.numbers("watchers", "1,10,100,1000,10000");
		this.flips = options.number("flips", 15);
	}

	List<Point> measure() throws IOException, InterruptedException {
		List<Point> points = new ArrayList<>();
		Candidate candidate = new Candidate(SERVER, ServerKind.named(SERVER), Jdks.own());
		try (MeasuredServer server = MeasuredServer.start(candidate, "-Xmx1g")) {
			// The first ones are for the compiler.
			measure(server, CONNECTIONS, new ArrayList<>());
			for (int size : this.sizes) {
				measure(server, size, points);
			}
		}
		return points;
	}

	private void measure(MeasuredServer server, int size, List<Point> points) throws InterruptedException {
		List<ManagedChannel> channels = server.channels(Math.min(size, CONNECTIONS));
		try {
			channels.forEach(
					(channel) -> HealthGrpc.newBlockingStub(channel).check(HealthCheckRequest.getDefaultInstance()));
			long before = server.probe().liveHeap();
			Watchers watchers = Watchers.open(channels, size);
			long after = server.probe().liveHeap();
			List<Double> millis = new ArrayList<>();
			for (int i = 0; i < this.flips; i++) {
				millis.add(watchers.flip(channels.get(0)));
			}
			points.add(new Point(size, "flip to last watcher told, ms", SERVER, Spread.of(millis)));
			if (size >= ENOUGH_FOR_HEAP) {
				points.add(new Point(size, "heap per watcher, KiB", SERVER,
						Spread.of(List.of((after - before) / 1024.0 / size))));
			}
		}
		finally {
			channels.forEach(ManagedChannel::shutdownNow);
		}
		// The server is to forget these before the next come.
		TimeUnit.SECONDS.sleep(1);
	}

}
