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

import java.util.Collection;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Limit of the number of workers that run at the same time while the processors are
 * saturated. Further ones would not compute faster, but take processor time from the
 * event loops, and calls that wait in the queue of the pool can still be refused.
 * <p>
 * Wake-up latency is the signal: a worker that is woken but does not run has to wait for
 * a processor. A slow wake-up removes a quarter of the workers that compete for the
 * processors, not of those that block; a fast one adds a quarter to the limit. So it
 * settles where the threads of the process wait for about {@link #SLOW} nanoseconds. At
 * the limit, one more worker is woken at intervals, to measure. A worker that blocks in
 * native code, such as a socket's, counts as competing: if it is removed, the processors
 * become less busy, and fast wake-ups raise the limit again.
 * <p>
 * No lost retry: a call is in the queue before {@link #retry(Runnable)} reads
 * {@link #retryScheduled}, and that is reset before the retry reads the queue.
 */
final class WorkerLimit {

	/**
	 * More than a time slice of the scheduler, and little for a call.
	 */
	static final long SLOW = TimeUnit.MILLISECONDS.toNanos(2);

	/**
	 * Time between two wake-ups at the limit.
	 */
	static final long INTERVAL = TimeUnit.MILLISECONDS.toNanos(5);

	private static final int MIN_COMPETING = Runtime.getRuntime().availableProcessors() + 1;

	private final ServerTimer timer;

	/**
	 * Changed by the signalled worker only, of which there is one at a time.
	 */
	private volatile int limit;

	private volatile long lastWakeup;

	private final AtomicBoolean retryScheduled = new AtomicBoolean();

	/**
	 * Creates a new limit.
	 * @param timer the timer
	 * @param limit the limit until the first wake-up, {@code Integer.MAX_VALUE} for none
	 */
	WorkerLimit(ServerTimer timer, int limit) {
		this.timer = timer;
		this.limit = limit;
		this.lastWakeup = timer.nanoTime();
	}

	int get() {
		return this.limit;
	}

	/**
	 * Returns whether no further worker should run.
	 * @param active the number of workers that do not wait for calls
	 */
	boolean isReached(int active) {
		return active >= this.limit;
	}

	/**
	 * Returns whether a worker may be woken now: below the limit, or to measure.
	 */
	boolean allowsWakeup(int active) {
		return !isReached(active) || this.timer.nanoTime() - this.lastWakeup >= INTERVAL;
	}

	/**
	 * Called before a worker is woken. Until it runs, no other one is.
	 */
	void wakingUp() {
		this.lastWakeup = this.timer.nanoTime();
	}

	/**
	 * Called by the worker that has been woken: adapts the limit.
	 * @param active the number of workers that do not wait for calls
	 * @param workers all workers
	 */
	void wokenUp(int active, Collection<? extends Thread> workers) {
		if (this.timer.nanoTime() - this.lastWakeup > SLOW) {
			int competing = (int) workers.stream()
				.filter((worker) -> worker.getState() == Thread.State.RUNNABLE)
				.count();
			this.limit = Math.max(0, active - competing) + Math.max(MIN_COMPETING, competing - competing / 4);
		}
		else if (this.limit < Integer.MAX_VALUE) {
			this.limit = (int) Math.min(Integer.MAX_VALUE, this.limit + this.limit / 4L + 1);
		}
	}

	/**
	 * Runs a task when the next wake-up is allowed. Called while calls wait at the limit,
	 * because the workers that run may block for long, and no other call may come.
	 */
	void retry(Runnable task) {
		if (!this.retryScheduled.get() && this.retryScheduled.compareAndSet(false, true)) {
			boolean scheduled = false;
			try {
				this.timer.scheduleAt(() -> {
					this.retryScheduled.set(false);
					task.run();
				}, this.lastWakeup + INTERVAL);
				scheduled = true;
			}
			finally {
				if (!scheduled) {
					this.retryScheduled.set(false);
				}
			}
		}
	}

}
