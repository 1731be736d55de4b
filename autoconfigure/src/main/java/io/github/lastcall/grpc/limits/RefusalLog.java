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

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.regex.Pattern;

import io.github.lastcall.grpc.executor.ServerTimer;
import org.apache.commons.logging.Log;

/**
 * Logs refusals: for each reason the first lines in a window of time, and a summary of
 * those left out. Does not throw: its callers are in the middle of a frame or of a
 * connection, and what they hold must not leak because of a log.
 */
final class RefusalLog {

	private static final RefusalReason[] REASONS = RefusalReason.values();

	/**
	 * Control characters, which clients can put into names of methods and subjects of
	 * certificates.
	 */
	private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

	private static final int MAX_LENGTH = 1000;

	private final Log log;

	private final String subject;

	private final ServerTimer timer;

	/**
	 * One limiter for each reason, by ordinal, so that garbage does not use up the lines
	 * of other reasons.
	 */
	private final LogLimiter[] limiters = new LogLimiter[REASONS.length];

	private final AtomicBoolean summaryScheduled = new AtomicBoolean();

	/**
	 * Creates a new log.
	 * @param log the log to write to
	 * @param subject the beginning of each line
	 * @param timer runs the summaries
	 */
	RefusalLog(Log log, String subject, ServerTimer timer) {
		this.log = log;
		this.subject = subject;
		this.timer = timer;
		Arrays.setAll(this.limiters, (reason) -> new LogLimiter(timer::nanoTime));
	}

	void log(RefusalReason reason, Supplier<String> line) {
		try {
			if (this.limiters[reason.ordinal()].tryAcquire()) {
				write(reason.isWarning(), oneLine(line.get()) + reason.hint());
			}
			else if (!this.summaryScheduled.get() && this.summaryScheduled.compareAndSet(false, true)) {
				scheduleSummary();
			}
		}
		catch (Throwable ex) {
			// The refusal is counted anyway.
		}
	}

	private void scheduleSummary() {
		try {
			this.timer.schedule(this::summarize, LogLimiter.WINDOW);
		}
		catch (Throwable ex) {
			// No thread could be started. The next line left out tries again.
			this.summaryScheduled.set(false);
		}
	}

	private void summarize() {
		// What is left out from now on is counted below, or schedules another summary.
		this.summaryScheduled.set(false);
		List<String> others = new ArrayList<>();
		boolean warning = false;
		for (RefusalReason reason : REASONS) {
			int leftOut = this.limiters[reason.ordinal()].takeLeftOut();
			if (leftOut > 0) {
				others.add(reason.getTag() + " " + leftOut);
				warning |= reason.isWarning();
			}
		}
		if (!others.isEmpty()) {
			write(warning, "refused more in the last %ds, not logged: %s".formatted(LogLimiter.WINDOW.toSeconds(),
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
