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
package io.github.lastcall.grpc.testing;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Measures how late a sleeping thread wakes, which is time that the machine did not give
 * to anybody here: other builds, other guests of the host. A bound in seconds is extended
 * by it, as jHiccup does for latencies.
 */
public final class MachineDelay implements AutoCloseable {

	private static final Duration SLEEP = Duration.ofMillis(5);

	private final Thread thread = new Thread(this::measure, "machine-delay");

	private volatile boolean closed;

	private volatile long longest;

	private volatile long total;

	/**
	 * Start to measure.
	 */
	public static MachineDelay start() {
		MachineDelay delay = new MachineDelay();
		delay.thread.start();
		return delay;
	}

	private void measure() {
		long before = System.nanoTime();
		while (!this.closed) {
			LockSupport.parkNanos(SLEEP.toNanos());
			long now = System.nanoTime();
			long late = Math.max(now - before - 2 * SLEEP.toNanos(), 0);
			this.longest = Math.max(this.longest, late);
			this.total += late;
			before = now;
		}
	}

	/**
	 * The longest single delay so far.
	 */
	public Duration longest() {
		return Duration.ofNanos(this.longest);
	}

	/**
	 * All delays so far.
	 */
	public Duration total() {
		return Duration.ofNanos(this.total);
	}

	@Override
	public void close() throws InterruptedException {
		this.closed = true;
		this.thread.join();
	}

}
