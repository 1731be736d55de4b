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
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;

import com.sun.management.OperatingSystemMXBean;
import io.github.lastcall.benchmarks.service.CallMethods;
import io.github.lastcall.benchmarks.service.CallPattern;
import io.github.lastcall.benchmarks.service.ClosedLoop;
import io.github.lastcall.benchmarks.service.LoopOutcome;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * A server that has warmed up, and the client that loads it.
 */
final class LoadedServer implements AutoCloseable {

	private static final int CONNECTIONS = 8;

	/**
	 * Few, so that the server does not begin with many threads.
	 */
	private static final int WARMUP_CALLS_IN_FLIGHT = 8;

	/**
	 * The first second is that of starting threads: it counts for statuses only.
	 */
	private static final long SETTLE_NANOS = TimeUnit.SECONDS.toNanos(1);

	private static final OperatingSystemMXBean SYSTEM = (OperatingSystemMXBean) ManagementFactory
		.getOperatingSystemMXBean();

	private final MeasuredServer server;

	private final LoadClient client;

	private final LoadClient probes;

	private LoadedServer(MeasuredServer server, LoadClient.Retries retries) {
		this.server = server;
		this.client = new LoadClient(server.replica().port(), CONNECTIONS, retries);
		this.probes = new LoadClient(server.replica().port(), 1, LoadClient.Retries.NONE);
	}

	/**
	 * Start a server, and let the compilers be through with it.
	 */
	static LoadedServer start(Candidate candidate, LoadClient.Retries retries, double warmupSeconds)
			throws IOException, InterruptedException {
		LoadedServer loaded = new LoadedServer(MeasuredServer.startBehindClient(candidate), retries);
		try {
			loaded.capacity(Workload.named("compute-5us"), WARMUP_CALLS_IN_FLIGHT, warmupSeconds);
			return loaded;
		}
		catch (InterruptedException | RuntimeException ex) {
			loaded.close();
			throw ex;
		}
	}

	/**
	 * Measure what succeeds when so many calls are in flight.
	 */
	Capacity capacity(Workload handlers, int callsInFlight, double seconds) throws InterruptedException {
		long nanos = (long) (seconds * TimeUnit.SECONDS.toNanos(1));
		long[] cpu = new long[2];
		LoopOutcome outcome = new ClosedLoop<>(this.client.channels(),
				new CallPattern<>(CallMethods.WORK, handlers.request(), 1, 1), callsInFlight)
			.run(SETTLE_NANOS / 2, nanos, (latency) -> {
			}, () -> cpu[0] = SYSTEM.getProcessCpuTime(), () -> cpu[1] = SYSTEM.getProcessCpuTime());
		return new Capacity(outcome.callsPerSecond(), (cpu[1] - cpu[0]) / (double) nanos);
	}

	/**
	 * Learn what is normal without load.
	 */
	Recovery recovery(Workload handlers, int seconds) throws InterruptedException {
		return new Recovery(this.probes, handlers.request(), seconds);
	}

	/**
	 * Offer a load.
	 * @param handlers what handlers do
	 * @param rate calls per second
	 * @param seconds how long
	 * @param recovery measures until when service is not normal, unless {@code null}
	 * @param recoverySeconds how long at most
	 */
	Offer offer(Workload handlers, int rate, int seconds, @Nullable Recovery recovery, int recoverySeconds)
			throws IOException, InterruptedException {
		OpenLoop load = new OpenLoop(this.client.channels(), handlers.request(), rate, seconds);
		this.server.probe().reset();
		double stolenBefore = Environment.stolenSeconds();
		long clientBefore = SYSTEM.getProcessCpuTime();
		long serverBefore = this.server.probe().usage().cpuNanos();
		load.send(this.client.thread());
		double nanos = TimeUnit.SECONDS.toNanos(seconds);
		double clientProcessors = (SYSTEM.getProcessCpuTime() - clientBefore) / nanos;
		Probe.Usage usage = this.server.probe().usage();
		double recoveryMillis = (recovery != null) ? recovery.measure(recoverySeconds) : Double.NaN;
		load.await();
		Histogram latencies = load.latencies(SETTLE_NANOS);
		return new Offer(rate, load.okPerSecond(SETTLE_NANOS), load.statuses(), load.attempts() / (double) load.calls(),
				millis(latencies, 50), millis(latencies, 99), millis(load.delays(), 99), clientProcessors,
				(usage.cpuNanos() - serverBefore) / nanos, usage.peakThreads(),
				this.server.replica().process().peakResidentBytes(), recoveryMillis,
				Environment.stolenSeconds() - stolenBefore);
	}

	private static double millis(Histogram histogram, double percentile) {
		return (histogram.getTotalCount() > 0) ? histogram.getValueAtPercentile(percentile) / 1e6 : Double.NaN;
	}

	@Override
	public void close() throws IOException {
		this.probes.close();
		this.client.close();
		this.server.close();
	}

}
