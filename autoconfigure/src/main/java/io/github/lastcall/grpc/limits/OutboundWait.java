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

package io.github.lastcall.grpc.limits;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

import io.github.lastcall.grpc.executor.ServerTimer;

/**
 * Wait of a handler until its client has read some of what was sent to it.
 */
public final class OutboundWait {

	private final Thread thread = Thread.currentThread();

	private final ServerTimer timer;

	private final long enough;

	private volatile long progressNanos;

	/**
	 * Creates a wait of the current thread.
	 * @param timer provides the time
	 * @param enough the number of queued bytes at which the wait is over
	 */
	public OutboundWait(ServerTimer timer, long enough) {
		this.timer = timer;
		this.enough = enough;
		this.progressNanos = timer.nanoTime();
	}

	/**
	 * Notes that something has been written.
	 * @param left the number of bytes that are still queued
	 */
	public void progress(long left) {
		this.progressNanos = this.timer.nanoTime();
		if (left <= this.enough) {
			wake();
		}
	}

	/**
	 * Wakes the waiting thread, for example because the call has ended.
	 */
	public void wake() {
		LockSupport.unpark(this.thread);
	}

	/**
	 * Waits until enough has been written, the call has ended, or nothing has been
	 * written for too long.
	 * @param call the call, which reports to this wait
	 * @param ended whether the call has ended
	 * @param patience how long to wait while nothing is written
	 * @return the outcome
	 */
	public Outcome await(OutboundBuffers.Holder call, BooleanSupplier ended, Duration patience) {
		while (isWaiting(call, ended)) {
			if (this.thread.isInterrupted()) {
				return Outcome.INTERRUPTED;
			}
			long due = this.progressNanos + patience.toNanos();
			if (due - this.timer.nanoTime() <= 0) {
				return Outcome.NO_PROGRESS;
			}
			Runnable cancel = this.timer.scheduleAt(this::wake, due);
			// The timer may have used up the permit of a wake-up.
			if (isWaiting(call, ended)) {
				LockSupport.park(call);
			}
			cancel.run();
		}
		return Outcome.ROOM;
	}

	private boolean isWaiting(OutboundBuffers.Holder call, BooleanSupplier ended) {
		return call.queued() > this.enough && !ended.getAsBoolean();
	}

	/**
	 * Outcome of a wait.
	 */
	public enum Outcome {

		/**
		 * The client has read enough, or the call has ended.
		 */
		ROOM,

		/**
		 * The client has not read anything for too long.
		 */
		NO_PROGRESS,

		/**
		 * The thread has been interrupted.
		 */
		INTERRUPTED

	}

}
