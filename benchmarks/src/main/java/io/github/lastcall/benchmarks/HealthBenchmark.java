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

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import com.google.protobuf.Empty;
import io.github.lastcall.benchmarks.service.ClosedLoop;
import io.github.lastcall.benchmarks.service.EmptyService;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;

/**
 * What health costs, on a server in a process of its own.
 */
final class HealthBenchmark {

	private static final int CALLING_CONNECTIONS = 4;

	private final int rounds;

	private final long roundNanos;

	private final List<Integer> watchers;

	private final int connections;

	private final Path out;

	HealthBenchmark(Options options) {
		this.rounds = options.number("rounds", 15);
		this.roundNanos = TimeUnit.SECONDS.toNanos(options.number("seconds", 2));
		this.watchers = options.numbers("watchers", "1,1000,10000");
		this.connections = options.number("connections", 100);
		this.out = Path.of(options.text("out", "benchmarks/results"));
	}

	void run() throws Exception {
		Map<String, Object> result = new LinkedHashMap<>();
		result.put("environment", Environment.describe());
		Candidate candidate = new Candidate("health", ServerKind.named("health"), Jdks.own());
		try (MeasuredServer server = MeasuredServer.start(candidate, "-Xmx1g", "-XX:+UseSerialGC")) {
			result.put("throughput", throughput(server));
			List<Map<String, Object>> told = new ArrayList<>();
			for (int count : this.watchers) {
				told.add(watchers(server, count));
			}
			result.put("watchers", told);
			result.put("sigterm", sigterm(server, Collections.max(this.watchers)));
		}
		Files.createDirectories(this.out);
		Json.write(this.out.resolve("health.json"), result);
	}

	private static List<ManagedChannel> connect(MeasuredServer server, int count) {
		List<ManagedChannel> channels = server.channels(count);
		channels
			.forEach((channel) -> HealthGrpc.newBlockingStub(channel).check(HealthCheckRequest.getDefaultInstance()));
		return channels;
	}

	private Map<String, Object> throughput(MeasuredServer server) throws InterruptedException {
		List<ManagedChannel> channels = connect(server, CALLING_CONNECTIONS);
		Map<String, ClosedLoop<?, ?>> loops = new LinkedHashMap<>();
		loops.put("check",
				new ClosedLoop<>(channels, HealthGrpc.getCheckMethod(), HealthCheckRequest.getDefaultInstance()));
		for (String executor : List.of("EmptyOnEventLoop", "EmptyOnExecutor")) {
			loops.put(executor, new ClosedLoop<>(channels, EmptyService.method("lastcall.benchmarks." + executor),
					Empty.getDefaultInstance()));
		}
		Map<String, List<Sample>> samples = new LinkedHashMap<>();
		for (Map.Entry<String, ClosedLoop<?, ?>> loop : loops.entrySet()) {
			loop.getValue().callsPerSecond(2 * this.roundNanos);
			samples.put(loop.getKey(), new ArrayList<>());
		}
		List<String> order = new ArrayList<>(loops.keySet());
		for (int i = 0; i < this.rounds; i++) {
			// Nobody is always the first of a round.
			Collections.rotate(order, 1);
			for (String name : order) {
				ClosedLoop<?, ?> loop = Objects.requireNonNull(loops.get(name));
				long before = server.probe().usage().cpuNanos();
				double rate = loop.callsPerSecond(this.roundNanos);
				double cpu = server.probe().usage().cpuNanos() - before;
				double calls = rate * this.roundNanos / 1e9;
				samples.computeIfAbsent(name, (key) -> new ArrayList<>()).add(new Sample(rate, cpu / 1e3 / calls));
			}
		}
		channels.forEach(ManagedChannel::shutdownNow);
		Map<String, Object> result = new LinkedHashMap<>();
		List<Sample> check = samples.getOrDefault("check", List.of());
		samples.forEach((name, all) -> {
			Map<String, Object> entry = new LinkedHashMap<>();
			entry.put("callsPerSecond", Spread.of(all.stream().map(Sample::rate).toList()).median());
			entry.put("serverCpuMicrosPerCall", Spread.of(all.stream().map(Sample::cpuMicros).toList()).median());
			List<Double> ratios = new ArrayList<>();
			for (int i = 0; i < all.size(); i++) {
				ratios.add(check.get(i).rate() / all.get(i).rate());
			}
			entry.put("checkToThis", Spread.of(ratios).median());
			entry.put("rounds", all);
			result.put(name, entry);
			System.out.printf("%-18s %10.0f calls/s   %6.1f us of the server's CPU per call   Check / this: %.3f%n",
					name, entry.get("callsPerSecond"), entry.get("serverCpuMicrosPerCall"), entry.get("checkToThis"));
		});
		return result;
	}

	private Map<String, Object> watchers(MeasuredServer server, int count) {
		List<ManagedChannel> channels = connect(server, Math.min(count, this.connections));
		long before = server.probe().liveHeap();
		Watchers watchers = Watchers.open(channels, count);
		long after = server.probe().liveHeap();
		List<Double> millis = new ArrayList<>();
		for (int i = 0; i < this.rounds; i++) {
			millis.add(watchers.flip(channels.get(0)));
		}
		channels.forEach(ManagedChannel::shutdownNow);
		sleep(TimeUnit.SECONDS.toNanos(1));
		Map<String, Object> result = new LinkedHashMap<>();
		result.put("watchers", count);
		result.put("connections", channels.size());
		result.put("flipToLastToldMillis", Spread.of(millis).median());
		result.put("rounds", millis);
		// Of a few, it is lost in what else the heap holds.
		Long heap = (count >= 1000) ? (after - before) / count : null;
		result.put("heapBytesPerWatcher", heap);
		System.out.printf(
				"%6d watchers on %3d connections: last one told after %.1f ms (worst of %d: %.1f), "
						+ "%s bytes of heap each%n",
				count, channels.size(), Spread.of(millis).median(), this.rounds, Collections.max(millis),
				(heap != null) ? heap : "-");
		return result;
	}

	/**
	 * The real thing, once: from SIGTERM to the last watcher told.
	 */
	private Map<String, Object> sigterm(MeasuredServer server, int count) throws InterruptedException {
		List<ManagedChannel> channels = connect(server, Math.min(count, this.connections));
		Watchers watchers = Watchers.open(channels, count);
		CountDownLatch told = watchers.expect(ServingStatus.NOT_SERVING);
		long terminated = System.nanoTime();
		server.replica().process().terminate();
		double millis = watchers.lastToldMillis(told, terminated);
		server.replica().process().awaitExit(60_000);
		double exit = (System.nanoTime() - terminated) / 1e6;
		channels.forEach(ManagedChannel::shutdownNow);
		System.out.printf(
				"%6d watchers: last one told %.1f ms after SIGTERM, exit after %.0f ms (propagation delay 5 s)%n",
				count, millis, exit);
		return new TreeMap<>(Map.of("watchers", count, "lastToldMillis", millis, "exitMillis", exit));
	}

	private static void sleep(long nanos) {
		try {
			TimeUnit.NANOSECONDS.sleep(nanos);
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * What one round has shown.
	 *
	 * @param rate calls per second
	 * @param cpuMicros microseconds of the server's CPU per call
	 */
	private record Sample(double rate, double cpuMicros) {

	}

}
