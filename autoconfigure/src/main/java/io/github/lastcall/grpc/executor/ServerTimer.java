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

/**
 * Clock and timer of this library.
 *
 * @hidden
 */
public interface ServerTimer {

	/**
	 * Returns the current time of a clock for measuring, as {@link System#nanoTime()}.
	 * @return nanoseconds since some moment
	 */
	long nanoTime();

	/**
	 * Runs a task once after a delay, on a thread of this library. Tasks must not block.
	 * @return cancels the task if it has not run yet
	 */
	default Runnable schedule(Runnable task, Duration delay) {
		return scheduleAt(task, nanoTime() + delay.toNanos());
	}

	/**
	 * Runs a task once at a time, on a thread of this library. Tasks must not block.
	 * @param nanoTime the time on the clock of {@link #nanoTime()}; immediately if it has
	 * passed
	 * @return cancels the task if it has not run yet
	 */
	Runnable scheduleAt(Runnable task, long nanoTime);

}
