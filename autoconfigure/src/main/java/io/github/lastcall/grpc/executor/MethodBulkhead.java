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

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;

/**
 * Limits the threads of a pool that the calls of one method occupy. Calls beyond the
 * limit wait here, in their order; no worker of the pool sees them.
 * <p>
 * A call holds a permit from its admission until it has run. Invariants:
 * <ul>
 * <li>{@link #calls} counts the admitted calls and those that wait. Up to the limit, the
 * calls that enter are admitted; beyond it, each waits, and each call that exits hands
 * its permit to one that waits. So at most as many calls as the limit are admitted, and
 * calls wait only while that many are.</li>
 * <li>A call is counted before it waits. An exiting call that finds none leaves its
 * permit for the one that has been counted and is about to wait. Both happen under the
 * lock of the waiting calls: while one waits, no permit is left.</li>
 * </ul>
 */
final class MethodBulkhead {

	private final CallQueue queue;

	private final int limit;

	private final AtomicInteger calls = new AtomicInteger();

	/**
	 * Guarded by itself.
	 */
	private final Deque<Runnable> waiting = new ArrayDeque<>();

	/**
	 * Number of permits left for calls that are about to wait. Guarded by the waiting
	 * calls.
	 */
	private int permitsLeft;

	/**
	 * Creates a new bulkhead.
	 * @param queue the queue whose calls it admits
	 * @param limit the maximum number of admitted calls
	 */
	MethodBulkhead(CallQueue queue, int limit) {
		this.queue = queue;
		this.limit = limit;
	}

	boolean isOf(CallQueue queue) {
		return this.queue == queue;
	}

	int limit() {
		return this.limit;
	}

	/**
	 * Returns the number of calls, admitted or waiting.
	 */
	int calls() {
		return this.calls.get();
	}

	/**
	 * Admits a call, or lets it wait.
	 * @param call the call
	 * @return whether it is admitted
	 */
	boolean enter(Runnable call) {
		if (this.calls.incrementAndGet() <= this.limit) {
			return true;
		}
		synchronized (this.waiting) {
			if (this.permitsLeft > 0) {
				this.permitsLeft--;
				return true;
			}
			this.waiting.addLast(call);
			return false;
		}
	}

	/**
	 * Returns the permit of an admitted call.
	 * @return the call that is admitted instead, {@code null} if none waits
	 */
	@Nullable Runnable exit() {
		if (this.calls.getAndDecrement() <= this.limit) {
			return null;
		}
		synchronized (this.waiting) {
			Runnable next = this.waiting.pollFirst();
			if (next == null) {
				this.permitsLeft++;
			}
			return next;
		}
	}

	/**
	 * Removes the waiting calls of a pool that is stopped.
	 * @param target the collection that they are added to
	 * @return the number of calls
	 */
	int drainTo(Collection<? super Runnable> target) {
		synchronized (this.waiting) {
			int drained = this.waiting.size();
			target.addAll(this.waiting);
			this.waiting.clear();
			return drained;
		}
	}

}
