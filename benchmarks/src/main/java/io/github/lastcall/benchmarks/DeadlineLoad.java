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
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import io.github.lastcall.benchmarks.service.LoadMethods;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;

/**
 * An honest client on one connection: so many calls per second, whatever becomes of them,
 * each with a deadline.
 */
final class DeadlineLoad {

	private final int port;

	private final int rate;

	private final int latencyMillis;

	private final int deadlineMillis;

	private final AtomicInteger open = new AtomicInteger();

	private final AtomicInteger mostOpen = new AtomicInteger();

	private final Map<Status.Code, AtomicInteger> outcomes = new ConcurrentHashMap<>();

	private final List<Long> missed = new ArrayList<>();

	DeadlineLoad(int port, int rate, int latencyMillis, int deadlineMillis) {
		this.port = port;
		this.rate = rate;
		this.latencyMillis = latencyMillis;
		this.deadlineMillis = deadlineMillis;
	}

	Map<String, Object> run(int seconds) throws InterruptedException {
		ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", this.port)
			.usePlaintext()
			.directExecutor()
			.disableRetry()
			.build();
		ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
		long started = System.nanoTime();
		AtomicLong begun = new AtomicLong();
		timer.scheduleAtFixedRate(() -> {
			long due = Math.min(System.nanoTime() - started, TimeUnit.SECONDS.toNanos(seconds)) * this.rate
					/ 1_000_000_000L;
			while (begun.get() < due) {
				begun.incrementAndGet();
				call(channel);
			}
		}, 0, 1, TimeUnit.MILLISECONDS);
		TimeUnit.SECONDS.sleep(seconds);
		timer.shutdown();
		timer.awaitTermination(10, TimeUnit.SECONDS);
		TimeUnit.MILLISECONDS.sleep(this.deadlineMillis + 1000);
		channel.shutdownNow();
		Map<String, Object> result = new LinkedHashMap<>();
		result.put("callsPerSecond", this.rate);
		result.put("handlerMillis", this.latencyMillis);
		result.put("deadlineMillis", this.deadlineMillis);
		result.put("calls", begun.get());
		result.put("mostOpenCalls", this.mostOpen.get());
		result.put("mostMissedDeadlinesIn10Seconds", mostMissed());
		result.put("outcomes", new TreeMap<>(this.outcomes));
		return result;
	}

	private void call(ManagedChannel channel) {
		this.mostOpen.accumulateAndGet(this.open.incrementAndGet(), Math::max);
		ClientCall<byte[], byte[]> call = channel.newCall(LoadMethods.UNARY,
				CallOptions.DEFAULT.withDeadlineAfter(this.deadlineMillis, TimeUnit.MILLISECONDS));
		call.start(new ClientCall.Listener<>() {

			@Override
			public void onClose(Status status, Metadata trailers) {
				DeadlineLoad.this.open.decrementAndGet();
				DeadlineLoad.this.outcomes.computeIfAbsent(status.getCode(), (code) -> new AtomicInteger())
					.incrementAndGet();
				if (status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
					synchronized (DeadlineLoad.this.missed) {
						DeadlineLoad.this.missed.add(System.nanoTime());
					}
				}
			}

		}, new Metadata());
		call.request(1);
		call.sendMessage(LoadMethods.number(this.latencyMillis));
		call.halfClose();
	}

	private int mostMissed() {
		synchronized (this.missed) {
			int most = 0;
			int from = 0;
			for (int to = 0; to < this.missed.size(); to++) {
				while (this.missed.get(to) - this.missed.get(from) > TimeUnit.SECONDS.toNanos(10)) {
					from++;
				}
				most = Math.max(most, to - from + 1);
			}
			return most;
		}
	}

}
