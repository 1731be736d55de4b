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

package io.github.lastcall.grpc.error;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

import io.github.lastcall.grpc.limits.LogLimiter;
import io.grpc.Status;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Log of failed calls. Exceptions that are not mapped are errors with their stack traces,
 * statuses that tell of a fault of the server are warnings, and all others are of
 * interest to developers only.
 */
final class ErrorLog {

	private static final Log logger = LogFactory.getLog(CallErrors.class);

	/**
	 * Maximum number of kinds of failures that are limited by themselves.
	 */
	private static final int MAX_KINDS = 1000;

	private static final Object OTHERS = new Object();

	private final Map<Object, LogLimiter> limiters = new ConcurrentHashMap<>();

	private final LongSupplier nanoTime;

	/**
	 * Creates a new log.
	 * @param nanoTime the clock, as {@link System#nanoTime()}
	 */
	ErrorLog(LongSupplier nanoTime) {
		this.nanoTime = nanoTime;
	}

	void unmapped(String method, Throwable exception) {
		LogLimiter limiter = limiter(List.of(method, exception.getClass()), LogLimiter.LINES);
		if (limiter.tryAcquire()) {
			logger.error("The handler of " + method + " failed" + limiter.suffix(), exception);
		}
	}

	void mapped(String method, Status status, @Nullable Throwable exception) {
		Supplier<String> message = () -> method + " ended with " + status.getCode()
				+ ((status.getDescription() != null) ? ": " + status.getDescription() : "");
		if (isFault(status.getCode())) {
			LogLimiter limiter = limiter(List.of(method, status.getCode()), 1);
			if (limiter.tryAcquire()) {
				logger.warn(message.get() + ((exception != null) ? " (" + exception + ")" : "") + limiter.suffix());
			}
		}
		if (logger.isDebugEnabled()) {
			logger.debug(message.get(), exception);
		}
	}

	void dropped(String method, List<String> trailers) {
		LogLimiter limiter = limiter(List.of(method, trailers), 1);
		if (limiter.tryAcquire()) {
			logger.warn("Dropped the trailers %s of %s: a status with its trailers must not exceed %d bytes%s"
				.formatted(trailers, method, BoundedError.MAX_SIZE, limiter.suffix()));
		}
	}

	void unresolved(String method, String code, Locale locale, @Nullable RuntimeException exception) {
		LogLimiter limiter = limiter(List.of(method, code), 1);
		if (limiter.tryAcquire()) {
			logger.warn("%s failed without a text for its user: message '%s' cannot be resolved for locale %s%s%s"
				.formatted(method, code, locale.toLanguageTag(), (exception != null) ? " (" + exception + ")" : "",
						limiter.suffix()));
		}
	}

	private static boolean isFault(Status.Code code) {
		return switch (code) {
			case INTERNAL, UNKNOWN, DATA_LOSS, UNAVAILABLE -> true;
			default -> false;
		};
	}

	private LogLimiter limiter(Object kind, int lines) {
		Object key = (this.limiters.size() < MAX_KINDS || this.limiters.containsKey(kind)) ? kind : OTHERS;
		return this.limiters.computeIfAbsent(key, (unknown) -> new LogLimiter(lines, LogLimiter.WINDOW, this.nanoTime));
	}

}
