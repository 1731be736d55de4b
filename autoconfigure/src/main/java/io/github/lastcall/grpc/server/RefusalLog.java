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
package io.github.lastcall.grpc.server;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import org.apache.commons.logging.Log;
import org.jspecify.annotations.Nullable;

/**
 * A log that stays readable while somebody floods the server: some lines as they come,
 * and then one that sums up the others.
 */
final class RefusalLog {

	/**
	 * How many lines there may be in each window before the others are only counted.
	 */
	static final int LINES = 10;

	static final long WINDOW_SECONDS = 10;

	private final Log log;

	private final String subject;

	private final Map<RefusalReason, Integer> leftOut = new EnumMap<>(RefusalReason.class);

	private int lines;

	RefusalLog(Log log, String subject) {
		this.log = log;
		this.subject = subject;
	}

	void log(RefusalReason reason, String line, ScheduledExecutorService timer) {
		boolean first;
		synchronized (this) {
			if (this.lines == LINES) {
				this.leftOut.merge(reason, 1, Integer::sum);
				return;
			}
			first = this.lines++ == 0;
		}
		write(reason.isWarning(), line + reason.hint());
		if (first) {
			timer.schedule(this::endWindow, WINDOW_SECONDS, TimeUnit.SECONDS);
		}
	}

	private void endWindow() {
		String others = null;
		boolean warning = false;
		synchronized (this) {
			if (!this.leftOut.isEmpty()) {
				others = this.leftOut.entrySet()
					.stream()
					.map((entry) -> entry.getKey().getTag() + " " + entry.getValue())
					.collect(Collectors.joining(", "));
				warning = this.leftOut.keySet().stream().anyMatch(RefusalReason::isWarning);
			}
			this.leftOut.clear();
			this.lines = 0;
		}
		if (others != null) {
			write(warning, "refused more in the last %ds than is logged: %s".formatted(WINDOW_SECONDS, others));
		}
	}

	private void write(boolean warning, @Nullable String line) {
		if (warning) {
			this.log.warn(this.subject + " " + line);
		}
		else {
			this.log.info(this.subject + " " + line);
		}
	}

}
