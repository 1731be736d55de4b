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
import io.github.lastcall.benchmarks.service.ControlService;
import io.github.lastcall.benchmarks.service.EmptyService;
import io.github.lastcall.benchmarks.service.LoadMethods;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import org.jspecify.annotations.Nullable;

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
		this.watchers = options.list("watchers", "1,1000,10000").stream().map(Integer::valueOf).toList();
		this.connections = options.number("connections", 100);
		this.out = Path.of(options.text("out", "benchmarks/results"));
	}

	void run() throws Exception {
		Map<String, Object> result = new LinkedHashMap<>();
		result.put("environment", Environment.describe());
		try (Replica server = new Replica(ServerKind.named("health"), "server", "-Xmx1g", "-XX:+UseSerialGC")) {
			server.start();
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

	private List<ManagedChannel> connect(Replica server, int count) {
		List<ManagedChannel> channels = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", server.port())
				.usePlaintext()
				.directExecutor()
				.build();
			channels.add(channel);
			HealthGrpc.newBlockingStub(channel).check(HealthCheckRequest.getDefaultInstance());
		}
		return channels;
	}

	private Map<String, Object> throughput(Replica server) throws InterruptedException {
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
				long before = control(channels.get(0), ControlService.CPU, 0);
				double rate = loop.callsPerSecond(this.roundNanos);
				double cpu = control(channels.get(0), ControlService.CPU, 0) - before;
				double calls = rate * this.roundNanos / 1e9;
				samples.computeIfAbsent(name, (key) -> new ArrayList<>()).add(new Sample(rate, cpu / 1e3 / calls));
			}
		}
		channels.forEach(ManagedChannel::shutdownNow);
		Map<String, Object> result = new LinkedHashMap<>();
		List<Sample> check = samples.getOrDefault("check", List.of());
		samples.forEach((name, all) -> {
			Map<String, Object> entry = new LinkedHashMap<>();
			entry.put("callsPerSecond", median(all.stream().map(Sample::rate).toList()));
			entry.put("serverCpuMicrosPerCall", median(all.stream().map(Sample::cpuMicros).toList()));
			List<Double> ratios = new ArrayList<>();
			for (int i = 0; i < all.size(); i++) {
				ratios.add(check.get(i).rate() / all.get(i).rate());
			}
			entry.put("checkToThis", median(ratios));
			entry.put("rounds", all);
			result.put(name, entry);
			System.out.printf("%-18s %10.0f calls/s   %6.1f us of the server's CPU per call   Check / this: %.3f%n",
					name, entry.get("callsPerSecond"), entry.get("serverCpuMicrosPerCall"), entry.get("checkToThis"));
		});
		return result;
	}

	private Map<String, Object> watchers(Replica server, int count) {
		List<ManagedChannel> channels = connect(server, Math.min(count, this.connections));
		long before = control(channels.get(0), ControlService.HEAP, 0);
		List<Watcher> watchers = watch(channels, count);
		long after = control(channels.get(0), ControlService.HEAP, 0);
		List<Double> millis = new ArrayList<>();
		for (int i = 0; i < this.rounds; i++) {
			millis.add(flip(channels.get(0), watchers));
		}
		channels.forEach(ManagedChannel::shutdownNow);
		sleep(TimeUnit.SECONDS.toNanos(1));
		Map<String, Object> result = new LinkedHashMap<>();
		result.put("watchers", count);
		result.put("connections", channels.size());
		result.put("flipToLastToldMillis", median(millis));
		result.put("rounds", millis);
		// Of a few, it is lost in what else the heap holds.
		Long heap = (count >= 1000) ? (after - before) / count : null;
		result.put("heapBytesPerWatcher", heap);
		System.out.printf(
				"%6d watchers on %3d connections: last one told after %.1f ms (worst of %d: %.1f), "
						+ "%s bytes of heap each%n",
				count, channels.size(), median(millis), this.rounds, Collections.max(millis),
				(heap != null) ? heap : "-");
		return result;
	}

	/**
	 * Turn health over and back.
	 * @return milliseconds from the flip to the last watcher told
	 */
	private static double flip(ManagedChannel channel, List<Watcher> watchers) {
		CountDownLatch told = Watcher.expect(watchers, ServingStatus.NOT_SERVING);
		long flipped = control(channel, ControlService.GATE, 0);
		await(told);
		double millis = Watcher.lastToldNanos(watchers, flipped) / 1e6;
		CountDownLatch back = Watcher.expect(watchers, ServingStatus.SERVING);
		control(channel, ControlService.GATE, 1);
		await(back);
		return millis;
	}

	/**
	 * The real thing, once: from SIGTERM to the last watcher told.
	 */
	private Map<String, Object> sigterm(Replica server, int count) throws InterruptedException {
		List<ManagedChannel> channels = connect(server, Math.min(count, this.connections));
		List<Watcher> watchers = watch(channels, count);
		CountDownLatch told = Watcher.expect(watchers, ServingStatus.NOT_SERVING);
		long terminated = System.nanoTime();
		server.process().terminate();
		await(told);
		double millis = Watcher.lastToldNanos(watchers, terminated) / 1e6;
		server.process().awaitExit(60_000);
		double exit = (System.nanoTime() - terminated) / 1e6;
		channels.forEach(ManagedChannel::shutdownNow);
		System.out.printf(
				"%6d watchers: last one told %.1f ms after SIGTERM, exit after %.0f ms (propagation delay 5 s)%n",
				count, millis, exit);
		return new TreeMap<>(Map.of("watchers", count, "lastToldMillis", millis, "exitMillis", exit));
	}

	private List<Watcher> watch(List<ManagedChannel> channels, int count) {
		List<Watcher> watchers = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			watchers.add(new Watcher());
		}
		CountDownLatch told = Watcher.expect(watchers, ServingStatus.SERVING);
		for (int i = 0; i < count; i++) {
			watchers.get(i).watch(channels.get(i % channels.size()));
		}
		await(told);
		return watchers;
	}

	private static long control(ManagedChannel channel, MethodDescriptor<byte[], byte[]> method, long argument) {
		return LoadMethods
			.number(ClientCalls.blockingUnaryCall(channel, method, CallOptions.DEFAULT, LoadMethods.number(argument)));
	}

	private static double median(List<Double> values) {
		List<Double> sorted = new ArrayList<>(values);
		Collections.sort(sorted);
		int middle = sorted.size() / 2;
		return (sorted.size() % 2 == 1) ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
	}

	private static void sleep(long nanos) {
		try {
			TimeUnit.NANOSECONDS.sleep(nanos);
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static void await(CountDownLatch latch) {
		try {
			if (!latch.await(60, TimeUnit.SECONDS)) {
				throw new IllegalStateException("%d have not come within a minute".formatted(latch.getCount()));
			}
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

	private static final class Watcher extends ClientCall.Listener<HealthCheckResponse> {

		private @Nullable ClientCall<HealthCheckRequest, HealthCheckResponse> call;

		private volatile ServingStatus expected = ServingStatus.UNKNOWN;

		private volatile CountDownLatch told = new CountDownLatch(0);

		private volatile long toldNanos;

		static CountDownLatch expect(List<Watcher> watchers, ServingStatus status) {
			CountDownLatch told = new CountDownLatch(watchers.size());
			for (Watcher watcher : watchers) {
				watcher.told = told;
				watcher.expected = status;
			}
			return told;
		}

		static long lastToldNanos(List<Watcher> watchers, long since) {
			return watchers.stream().mapToLong((watcher) -> watcher.toldNanos - since).max().orElseThrow();
		}

		void watch(ManagedChannel channel) {
			ClientCall<HealthCheckRequest, HealthCheckResponse> call = channel.newCall(HealthGrpc.getWatchMethod(),
					CallOptions.DEFAULT);
			this.call = call;
			call.start(this, new Metadata());
			call.request(1);
			call.sendMessage(HealthCheckRequest.getDefaultInstance());
			call.halfClose();
		}

		@Override
		public void onMessage(HealthCheckResponse message) {
			this.toldNanos = System.nanoTime();
			if (message.getStatus() == this.expected) {
				this.told.countDown();
			}
			ClientCall<HealthCheckRequest, HealthCheckResponse> call = this.call;
			if (call != null) {
				call.request(1);
			}
		}

	}

}
