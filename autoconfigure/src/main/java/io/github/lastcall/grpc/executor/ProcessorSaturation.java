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

package io.github.lastcall.grpc.executor;

import java.lang.management.ManagementFactory;
import java.util.Collection;
import java.util.function.BooleanSupplier;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;

/**
 * Tells whether handlers that compute have saturated the processors since the last look:
 * hardly any processor time is idle (of the container, if it has a limit), and most of
 * what the threads of this process use is used by the workers of a pool. Handlers that
 * block leave most of it to the event loops, even if other processes saturate the
 * machine. Never the case if the JVM does not measure the processor time of threads.
 */
final class ProcessorSaturation implements BooleanSupplier {

	private static final double SATURATED_LOAD = 0.9;

	/**
	 * Measured in windows of 40 ms: mostly 0.1 to 0.6 for calls that block for 100 ms,
	 * and mostly 0.7 to 0.9 for calls that compute for 1 ms.
	 */
	private static final double WORKERS_SHARE = 0.65;

	private final Collection<ServerThread> workers;

	private long workersNanos;

	private long allNanos;

	ProcessorSaturation(Collection<ServerThread> workers) {
		this.workers = workers;
	}

	@Override
	@SuppressWarnings("deprecation") // Thread.threadId() is not in Java 17
	public boolean getAsBoolean() {
		if (!(ManagementFactory.getThreadMXBean() instanceof ThreadMXBean threads)
				|| !(ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system)
				|| !threads.isThreadCpuTimeSupported() || !threads.isThreadCpuTimeEnabled()) {
			return false;
		}
		long workersBefore = this.workersNanos;
		long allBefore = this.allNanos;
		this.workersNanos = nanos(threads, this.workers.stream().mapToLong(Thread::getId).toArray());
		this.allNanos = nanos(threads, threads.getAllThreadIds());
		return system.getCpuLoad() >= SATURATED_LOAD
				&& this.workersNanos - workersBefore >= WORKERS_SHARE * (this.allNanos - allBefore);
	}

	private static long nanos(ThreadMXBean threads, long[] ids) {
		long sum = 0;
		for (long nanos : threads.getThreadCpuTime(ids)) {
			sum += Math.max(0, nanos);
		}
		return sum;
	}

}
