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

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * Growth of the number of threads at work, beyond those that are woken or started one at
 * a time. While calls wait, it looks at the pool once in a window of time. If they wait
 * for longer than half a window, it wakes or starts as many threads as would have run
 * them in that window (Little's law), at most doubling those at work.
 * <p>
 * While handlers that compute saturate the processors, it lets no more of them run than
 * there are processors, and one more: further ones would not compute faster, but take
 * processor time from the event loops, and calls that wait in the queue of the pool can
 * still be refused. Handlers that block at the time run beside them.
 * <p>
 * No lost request: a call is in the queue before {@link #request()} reads
 * {@link #requested}, and {@link #look()} resets that before it reads the queue. So a
 * call that waits has a look ahead of it, which requests the next one.
 */
final class ThreadGrowth {

	static final Duration WINDOW = Duration.ofMillis(40);

	private static final int MAX_COMPUTING = Runtime.getRuntime().availableProcessors() + 1;

	private final CallQueue queue;

	private final int maxThreads;

	private final BooleanSupplier starter;

	private final LongSupplier completedCalls;

	private final IntSupplier computing;

	private final ServerTimer timer;

	private final AtomicBoolean requested = new AtomicBoolean();

	private volatile long lastLook;

	/**
	 * Accessed by the timer only, as the next one.
	 */
	private long completed;

	/**
	 * Whether the last look found too few threads, and has begun to measure the load of
	 * the processors.
	 */
	private boolean measuring;

	/**
	 * Creates a new growth.
	 * @param queue the queue of the pool
	 * @param maxThreads the maximum number of threads
	 * @param starter starts a thread, and returns whether it could
	 * @param completedCalls the number of calls that the pool has run
	 * @param computing the number of workers whose handlers compute, if these have
	 * saturated the processors since it was last called; 0 otherwise
	 * @param timer the timer
	 */
	ThreadGrowth(CallQueue queue, int maxThreads, BooleanSupplier starter, LongSupplier completedCalls,
			IntSupplier computing, ServerTimer timer) {
		this.queue = queue;
		this.maxThreads = maxThreads;
		this.starter = starter;
		this.completedCalls = completedCalls;
		this.computing = computing;
		this.timer = timer;
		this.lastLook = timer.nanoTime() - WINDOW.toNanos();
	}

	/**
	 * Called for a call for which no thread is woken or started at once.
	 */
	void request() {
		if (!this.requested.get() && this.requested.compareAndSet(false, true)) {
			boolean scheduled = false;
			try {
				this.timer.scheduleAt(this::look, this.lastLook + WINDOW.toNanos());
				scheduled = true;
			}
			finally {
				if (!scheduled) {
					this.requested.set(false);
				}
			}
		}
	}

	private void look() {
		long now = this.timer.nanoTime();
		double windows = (double) (now - this.lastLook) / WINDOW.toNanos();
		this.lastLook = now;
		this.requested.set(false);
		int waiting = this.queue.waiting();
		long before = this.completed;
		this.completed = this.completedCalls.getAsLong();
		int missing = missing(waiting, (this.completed - before) / windows);
		int computing = (missing > 0) ? this.computing.getAsInt() : 0;
		if (missing == 0 || this.measuring) {
			this.queue
				.limitWorkers((computing > 0) ? this.queue.active() - computing + MAX_COMPUTING : Integer.MAX_VALUE);
		}
		if (missing > 0 && computing == 0 && this.measuring) {
			add(missing);
		}
		this.measuring = missing > 0;
		if (waiting > 0) {
			request();
		}
	}

	/**
	 * Returns the number of threads that are missing: none if calls wait for less than
	 * half a window.
	 * @param completedInWindow the number of calls that those at work run in a window
	 */
	private int missing(int waiting, double completedInWindow) {
		if (waiting <= completedInWindow / 2) {
			return 0;
		}
		int working = Math.max(1, this.queue.active());
		double needed = Math.ceil(waiting * working / Math.max(1, completedInWindow));
		return (int) Math.min(Math.min(needed, waiting), Math.min(working, this.maxThreads - working));
	}

	private void add(int threads) {
		int missing = threads;
		while (missing > 0 && this.queue.idle().wake(false)) {
			missing--;
		}
		try {
			while (missing > 0 && this.queue.lacksWorkers() && this.starter.getAsBoolean()) {
				missing--;
			}
		}
		catch (OutOfMemoryError ex) {
			// No thread could be started. The existing ones run the calls.
		}
	}

}
