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
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

import io.github.lastcall.benchmarks.service.ClosedLoop;
import io.github.lastcall.benchmarks.service.LoopOutcome;
import io.grpc.ManagedChannel;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Puts a server under a load for one round, on connections of the round's own: which
 * event loops they share is chance, so let there be many chances.
 */
final class LoadRunner {

	/**
	 * Until the connections are open and calls end as often as they begin.
	 */
	private static final long SETTLE_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

	private static final int SIGNIFICANT_DIGITS = 3;

	private LoadRunner() {
	}

	static Round run(MeasuredServer server, Load load, long nanos) throws InterruptedException {
		List<ManagedChannel> channels = server.channels(load.connections());
		try {
			return run(server, load.on(channels), nanos);
		}
		finally {
			channels.forEach(ManagedChannel::shutdownNow);
		}
	}

	private static Round run(MeasuredServer server, ClosedLoop<?, ?> loop, long nanos) throws InterruptedException {
		Histogram latencies = new ConcurrentHistogram(SIGNIFICANT_DIGITS);
		AtomicReference<Probe.@Nullable Usage> begin = new AtomicReference<>();
		AtomicReference<Probe.@Nullable Usage> end = new AtomicReference<>();
		server.probe().reset();
		LoopOutcome outcome = loop.run(SETTLE_NANOS, nanos, latencies::recordValue,
				() -> begin.set(server.probe().usage()), () -> end.set(server.probe().usage()));
		Probe.Usage before = Objects.requireNonNull(begin.get());
		Probe.Usage after = Objects.requireNonNull(end.get());
		// NaN, and no number, when none has ended.
		double calls = (outcome.callsBetween() > 0) ? outcome.callsBetween() : Double.NaN;
		return new Round(outcome.callsPerSecond(), (after.cpuNanos() - before.cpuNanos()) / 1e3 / calls,
				millis(latencies, 50), millis(latencies, 99), millis(latencies, 99.9),
				(after.allocatedBytes() - before.allocatedBytes()) / calls, after.peakHeapBytes(), after.peakThreads(),
				outcome.failures());
	}

	private static double millis(Histogram latencies, double percentile) {
		return (latencies.getTotalCount() > 0) ? latencies.getValueAtPercentile(percentile) / 1e6 : Double.NaN;
	}

}
