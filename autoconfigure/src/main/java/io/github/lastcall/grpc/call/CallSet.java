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

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Set of calls in flight, with a limit.
 */
final class CallSet {

	private final Set<InFlightCall> calls = ConcurrentHashMap.newKeySet();

	/**
	 * Number of calls. Incremented before a call is added and decremented after it has
	 * been removed, so a call that is in the set has been counted.
	 */
	private final AtomicInteger count = new AtomicInteger();

	private final int limit;

	CallSet(int limit) {
		this.limit = limit;
	}

	/**
	 * Adds a call, even if it exceeds the limit.
	 * @return whether the call is within the limit
	 */
	boolean add(InFlightCall call) {
		int count = this.count.incrementAndGet();
		boolean added = false;
		try {
			added = this.calls.add(call);
		}
		finally {
			if (!added) {
				this.count.decrementAndGet();
			}
		}
		return count <= this.limit;
	}

	void remove(InFlightCall call) {
		if (this.calls.remove(call)) {
			this.count.decrementAndGet();
		}
	}

	int limit() {
		return this.limit;
	}

	int size() {
		return this.count.get();
	}

	/**
	 * Passes each call to an action, except for those that are added or removed
	 * meanwhile.
	 */
	void forEach(Consumer<InFlightCall> action) {
		this.calls.forEach(action);
	}

}
