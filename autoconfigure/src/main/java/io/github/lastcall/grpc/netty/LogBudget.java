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
 * The number of lines that a log may still have in the current window.
 */
final class LogBudget {

	static final int LINES = 10;

	static final Duration WINDOW = Duration.ofSeconds(10);

	/**
	 * Answer for a line that must be left out.
	 */
	static final int EXHAUSTED = -1;

	private final LongSupplier nanoTime;

	private long windowStart;

	private int lines;

	private int leftOut;

	LogBudget(LongSupplier nanoTime) {
		this.nanoTime = nanoTime;
		this.windowStart = nanoTime.getAsLong();
	}

	/**
	 * Take one line.
	 * @return the number of lines left out before it, or {@link #EXHAUSTED}
	 */
	synchronized int take() {
		long now = this.nanoTime.getAsLong();
		if (now - this.windowStart >= WINDOW.toNanos()) {
			this.windowStart = now;
			this.lines = 0;
		}
		if (this.lines == LINES) {
			this.leftOut++;
			return EXHAUSTED;
		}
		this.lines++;
		int before = this.leftOut;
		this.leftOut = 0;
		return before;
	}

	/**
	 * Text for the end of the next line.
	 * @param leftOut the number of lines left out before it
	 * @return the text, empty for none
	 */
	static String suffix(int leftOut) {
		return (leftOut > 0) ? " (" + leftOut + " lines omitted before)" : "";
	}

}
