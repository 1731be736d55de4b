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
 * Current callback of one event loop, for an {@link EventLoopWatchdog}. The thread of the
 * loop does two ordered writes per callback; the watchdog samples and counts for how many
 * samples nothing has changed. No clock is read, and a pause of the whole process does
 * not count, because it delays the samples too.
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
	 * Records that a callback begins on the thread of the slot.
	 * @param method the method of the callback
	 * @return whether {@link #exit()} must follow; {@code false} within another callback
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
	 * Records that the callback has returned.
	 */
	void exit() {
		this.method.setRelease(null);
	}

	/**
	 * Samples the thread.
	 * @param limit the number of samples after the first one that a callback may last
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
	 * Returns whether the callback of the last sample is still running.
	 * @return whether nothing has changed since
	 */
	boolean isUnchanged() {
		return this.method.getAcquire() != null && this.callbacks == this.sampledCallbacks;
	}

}
