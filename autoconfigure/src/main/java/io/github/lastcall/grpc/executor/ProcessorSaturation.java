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
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntSupplier;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;

/**
 * Counts the workers of a pool whose handlers compute, if these have saturated the
 * processors since the last look: hardly any processor time is idle (of the container, if
 * it has a limit), there is such a worker for each processor, and these use much of what
 * this process uses. 0 if they have not, or the JVM does not measure the processor time
 * of threads.
 */
final class ProcessorSaturation implements IntSupplier {

	private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

	private static final double SATURATED_LOAD = 0.9;

	/**
	 * The rest is for the event loops, and for compilers while the application is young.
	 */
	private static final double WORKERS_SHARE = 0.3;

	/**
	 * Share of the time for which a worker runs at least that computes, as a divisor: a
	 * fair share with fifty on each processor. It runs for less if it blocks for most of
	 * the time, unless its code is new to the compilers: then it blocks at a look.
	 */
	private static final int COMPUTING_SHARE = 50;

	private final Collection<ServerThread> workers;

	/**
	 * Processor time of the workers that did not block at the last look, by thread. Those
	 * that block are not asked for theirs, as there may be thousands.
	 */
	private Map<Long, Long> workersNanos = Map.of();

	private long allNanos;

	private long lastLook = System.nanoTime();

	ProcessorSaturation(Collection<ServerThread> workers) {
		this.workers = workers;
	}

	@Override
	@SuppressWarnings("deprecation") // Thread.threadId() is not in Java 17
	public int getAsInt() {
		if (!(ManagementFactory.getThreadMXBean() instanceof ThreadMXBean threads)
				|| !(ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system)
				|| !threads.isThreadCpuTimeSupported() || !threads.isThreadCpuTimeEnabled()) {
			return 0;
		}
		long now = System.nanoTime();
		long computingNanos = (now - this.lastLook) / COMPUTING_SHARE;
		this.lastLook = now;
		Map<Long, Long> before = this.workersNanos;
		this.workersNanos = new HashMap<>();
		long[] ids = this.workers.stream()
			.filter((worker) -> worker.getState() == Thread.State.RUNNABLE)
			.mapToLong(Thread::getId)
			.toArray();
		long[] nanos = threads.getThreadCpuTime(ids);
		long used = 0;
		int computing = 0;
		for (int i = 0; i < ids.length; i++) {
			this.workersNanos.put(ids[i], nanos[i]);
			long usedByWorker = Math.max(0, nanos[i] - before.getOrDefault(ids[i], nanos[i]));
			used += usedByWorker;
			if (usedByWorker >= computingNanos) {
				computing++;
			}
		}
		long allBefore = this.allNanos;
		this.allNanos = system.getProcessCpuTime();
		boolean saturated = system.getCpuLoad() >= SATURATED_LOAD && computing >= PROCESSORS
				&& used >= WORKERS_SHARE * (this.allNanos - allBefore);
		return saturated ? computing : 0;
	}

}
