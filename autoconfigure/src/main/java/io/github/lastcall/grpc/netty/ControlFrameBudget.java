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
package io.github.lastcall.grpc.netty;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Number of frames without a call that a client may still send on a connection. Frames of
 * the server, and time, increase it. Confined to the event loop of the connection.
 */
final class ControlFrameBudget {

	static final Duration WINDOW = Duration.ofSeconds(10);

	private final int max;

	private final LongSupplier nanoTime;

	private long spent;

	private long since;

	/**
	 * Creates a new budget.
	 * @param max maximum number of frames in {@link #WINDOW}, 0 for no limit
	 * @param nanoTime the clock, as {@link System#nanoTime()}
	 */
	ControlFrameBudget(int max, LongSupplier nanoTime) {
		this.max = max;
		this.nanoTime = nanoTime;
		this.since = nanoTime.getAsLong();
	}

	void allow(int frames) {
		this.spent = Math.max(this.spent - frames, 0);
	}

	/**
	 * Spends frames.
	 * @param frames the number of frames
	 * @return whether the budget was large enough
	 */
	boolean spend(int frames) {
		this.spent += frames;
		if (this.max == 0 || this.spent <= this.max) {
			return true;
		}
		// Elapsed time is credited only here, so a burst can be twice as large.
		long now = this.nanoTime.getAsLong();
		long allowed = (long) ((double) (now - this.since) / WINDOW.toNanos() * this.max);
		if (allowed > 0) {
			this.since = now;
			this.spent = Math.max(this.spent - allowed, 0);
		}
		return this.spent <= this.max;
	}

}
