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
import java.util.function.LongSupplier;

/**
 * Limits how many lines are logged in a window of time, and counts those that are left
 * out. A window begins with its first line. Thread-safe.
 */
public final class LogLimiter {

	/**
	 * Lines in each window, by default.
	 */
	public static final int LINES = 10;

	/**
	 * Length of a window, by default.
	 */
	public static final Duration WINDOW = Duration.ofSeconds(10);

	private final int maxLines;

	private final long windowNanos;

	private final LongSupplier nanoTime;

	private long windowStart;

	private int lines;

	private int leftOut;

	/**
	 * Creates a new limiter for {@value #LINES} lines in 10 s.
	 * @param nanoTime the clock, as {@link System#nanoTime()}
	 */
	public LogLimiter(LongSupplier nanoTime) {
		this(LINES, WINDOW, nanoTime);
	}

	/**
	 * Creates a new limiter.
	 * @param lines the maximum number of lines in each window
	 * @param window the length of a window
	 * @param nanoTime the clock, as {@link System#nanoTime()}
	 */
	public LogLimiter(int lines, Duration window, LongSupplier nanoTime) {
		this.maxLines = lines;
		this.windowNanos = window.toNanos();
		this.nanoTime = nanoTime;
	}

	/**
	 * Requests to log a line. Lines that must not be logged are counted.
	 * @return whether the line may be logged
	 */
	public synchronized boolean tryAcquire() {
		long now = this.nanoTime.getAsLong();
		if (this.lines == 0 || now - this.windowStart >= this.windowNanos) {
			this.windowStart = now;
			this.lines = 0;
		}
		if (this.lines == this.maxLines) {
			this.leftOut++;
			return false;
		}
		this.lines++;
		return true;
	}

	/**
	 * Returns the number of lines left out since the last call, and counts from 0 again.
	 */
	public synchronized int takeLeftOut() {
		int count = this.leftOut;
		this.leftOut = 0;
		return count;
	}

	/**
	 * Returns the end of a line that may be logged: the number of lines left out before
	 * it.
	 * @return the text, empty if no line was left out
	 */
	public String suffix() {
		int count = takeLeftOut();
		return (count > 0) ? " (" + count + " lines omitted before)" : "";
	}

}
