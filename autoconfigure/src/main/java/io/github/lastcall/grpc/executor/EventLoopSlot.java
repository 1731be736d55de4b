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

import java.util.concurrent.atomic.AtomicReference;

import org.jspecify.annotations.Nullable;

/**
 * What one event loop does right now, as far as an {@link EventLoopWatchdog} has to know.
 * Its thread writes, two ordered writes for each callback; the watchdog reads now and
 * then and finds out for how many of its samples nothing has changed. So nobody reads a
 * clock, and a pause of the whole process counts for nothing: it holds up the samples
 * too.
 */
final class EventLoopSlot {

	private final Thread thread;

	private final AtomicReference<@Nullable WatchedMethod> method = new AtomicReference<>();

	/**
	 * Published by the write of the method that follows.
	 */
	private int callbacks;

	/* What follows belongs to the watchdog. */

	private int sampledCallbacks;

	private int unchangedSamples;

	EventLoopSlot(Thread thread) {
		this.thread = thread;
	}

	Thread thread() {
		return this.thread;
	}

	/**
	 * A callback begins on the thread of the slot.
	 * @param method whose callback it is
	 * @return whether {@link #exit()} must follow; not for one that runs within another
	 */
	boolean enter(WatchedMethod method) {
		if (this.method.getPlain() != null) {
			return false;
		}
		this.callbacks++;
		this.method.setRelease(method);
		return true;
	}

	/**
	 * The callback has returned.
	 */
	void exit() {
		this.method.setRelease(null);
	}

	/**
	 * Look what the thread does.
	 * @param limit for how many samples after the first one a callback may last
	 * @return the method whose callback has lasted that long, {@code null} if none has
	 */
	@Nullable WatchedMethod sample(int limit) {
		WatchedMethod method = this.method.getAcquire();
		if (method == null || this.callbacks != this.sampledCallbacks) {
			this.sampledCallbacks = this.callbacks;
			this.unchangedSamples = 0;
			return null;
		}
		this.unchangedSamples++;
		return (this.unchangedSamples >= limit) ? method : null;
	}

	/**
	 * Whether the callback of the last sample still runs.
	 * @return whether nothing has changed since
	 */
	boolean isUnchanged() {
		return this.method.getAcquire() != null && this.callbacks == this.sampledCallbacks;
	}

}
