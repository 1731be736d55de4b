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
package io.github.lastcall.grpc.call;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

import io.github.lastcall.grpc.executor.ServerTimer;

/**
 * A handler that waits until its client has taken some of what was sent to it.
 */
final class OutboundWait {

	private final Thread thread = Thread.currentThread();

	private final ServerTimer timer;

	private final long enough;

	private volatile long progressNanos;

	/**
	 * Create a new wait of the current thread.
	 * @param timer tells and gives the time
	 * @param enough how much may be left when the wait is over
	 */
	OutboundWait(ServerTimer timer, long enough) {
		this.timer = timer;
		this.enough = enough;
		this.progressNanos = timer.nanoTime();
	}

	/**
	 * Something has been written.
	 * @param left how much is left
	 */
	void progress(long left) {
		this.progressNanos = this.timer.nanoTime();
		if (left <= this.enough) {
			wake();
		}
	}

	void wake() {
		LockSupport.unpark(this.thread);
	}

	/**
	 * Wait, until enough has been written, the call has ended, or nothing has been
	 * written for too long.
	 * @param call the call, which must know of this wait
	 * @param patience how long is too long
	 * @return how it ended
	 */
	Outcome await(OutboundCall call, Duration patience) {
		while (call.queued() > this.enough && call.whyEnded() == null) {
			if (this.thread.isInterrupted()) {
				return Outcome.INTERRUPTED;
			}
			long due = this.progressNanos + patience.toNanos();
			if (due - this.timer.nanoTime() <= 0) {
				return Outcome.NO_PROGRESS;
			}
			Runnable cancel = this.timer.scheduleAt(this::wake, due);
			LockSupport.park(call);
			cancel.run();
		}
		return Outcome.ROOM;
	}

	/**
	 * How a wait ends.
	 */
	enum Outcome {

		/**
		 * The client has read, or the call has ended.
		 */
		ROOM,

		/**
		 * The client has read nothing.
		 */
		NO_PROGRESS,

		/**
		 * Somebody else wants the handler to end.
		 */
		INTERRUPTED

	}

}
