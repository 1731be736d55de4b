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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.Supplier;
import java.util.regex.Pattern;

import org.apache.commons.logging.Log;

/**
 * A log that stays readable while somebody floods the server: for each reason some lines
 * as they come, and then one that sums up the others of all reasons. One reason does not
 * use up the lines of another one.
 */
final class RefusalLog {

	/**
	 * How many lines of one reason there may be in each window before the others are only
	 * counted.
	 */
	static final int LINES = 10;

	static final Duration WINDOW = Duration.ofSeconds(10);

	private static final RefusalReason[] REASONS = RefusalReason.values();

	/**
	 * Names of methods and subjects of certificates are whatever a stranger writes into
	 * them.
	 */
	private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

	private static final int MAX_LENGTH = 1000;

	private final Log log;

	private final String subject;

	private final Executor windowEnd;

	private final AtomicBoolean inWindow = new AtomicBoolean();

	/**
	 * How many refusals there have been in the window, by the ordinal of their reason.
	 */
	private final AtomicIntegerArray refusals = new AtomicIntegerArray(REASONS.length);

	/**
	 * Create a new log.
	 * @param log where to write
	 * @param subject what each line begins with
	 * @param windowEnd runs a task when the window is over that begins now
	 */
	RefusalLog(Log log, String subject, Executor windowEnd) {
		this.log = log;
		this.subject = subject;
		this.windowEnd = windowEnd;
	}

	void log(RefusalReason reason, Supplier<String> line) {
		int number = this.refusals.incrementAndGet(reason.ordinal());
		if (!this.inWindow.get() && this.inWindow.compareAndSet(false, true)) {
			beginWindow();
		}
		if (number <= LINES) {
			try {
				write(reason.isWarning(), oneLine(line.get()) + reason.hint());
			}
			catch (Throwable ex) {
				// Counted all the same. The callers are in the middle of a frame, or of a
				// connection: what they hold must not leak because of a log.
			}
		}
	}

	private void beginWindow() {
		try {
			this.windowEnd.execute(this::endWindow);
		}
		catch (Throwable ex) {
			// No thread could be started. The next refusal tries again.
			this.inWindow.set(false);
		}
	}

	private void endWindow() {
		// Those that come from now on begin another window, or are summed up here.
		this.inWindow.set(false);
		List<String> others = new ArrayList<>();
		boolean warning = false;
		for (RefusalReason reason : REASONS) {
			int leftOut = this.refusals.getAndSet(reason.ordinal(), 0) - LINES;
			if (leftOut > 0) {
				others.add(reason.getTag() + " " + leftOut);
				warning |= reason.isWarning();
			}
		}
		if (!others.isEmpty()) {
			write(warning, "refused more in the last %ds, not logged: %s".formatted(WINDOW.toSeconds(),
					String.join(", ", others)));
		}
	}

	private static String oneLine(String line) {
		String text = CONTROL.matcher(line).replaceAll("?");
		return (text.length() > MAX_LENGTH) ? text.substring(0, MAX_LENGTH) + "..." : text;
	}

	private void write(boolean warning, String line) {
		String text = this.subject + " " + line;
		if (warning) {
			this.log.warn(text);
		}
		else {
			this.log.info(text);
		}
	}

}
