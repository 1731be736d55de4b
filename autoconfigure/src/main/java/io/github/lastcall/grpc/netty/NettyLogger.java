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

import io.github.lastcall.grpc.limits.LogLimiter;
import io.grpc.netty.shaded.io.netty.util.internal.logging.AbstractInternalLogger;
import io.grpc.netty.shaded.io.netty.util.internal.logging.InternalLogLevel;
import io.grpc.netty.shaded.io.netty.util.internal.logging.InternalLogger;

/**
 * Logger of Netty whose lines at {@code INFO} and above are limited by a
 * {@link LogLimiter}, unless {@code DEBUG} is enabled. Netty checks levels several times
 * per call, so those checks are passed on directly.
 */
@SuppressWarnings("serial")
final class NettyLogger extends AbstractInternalLogger {

	private final InternalLogger logger;

	private final LogLimiter limiter;

	NettyLogger(InternalLogger logger, LogLimiter limiter) {
		super(logger.name());
		this.logger = logger;
		this.limiter = limiter;
	}

	private void limited(InternalLogLevel level, String format, Object... values) {
		if (!this.logger.isEnabled(level)) {
			return;
		}
		if (this.logger.isDebugEnabled()) {
			this.logger.log(level, format, values);
			return;
		}
		if (this.limiter.tryAcquire()) {
			this.logger.log(level, flat(format, values) + this.limiter.suffix(), values);
		}
	}

	/**
	 * Adds the exception, which is the last value, to the line instead of its stack
	 * trace.
	 */
	private static String flat(String format, Object[] values) {
		int last = values.length - 1;
		if (last < 0 || !(values[last] instanceof Throwable thrown)) {
			return format;
		}
		values[last] = thrown.toString().replaceAll("\\R", " ");
		return format + (format.endsWith(":") ? " {}" : ": {}");
	}

	@Override
	public boolean isTraceEnabled() {
		return this.logger.isTraceEnabled();
	}

	@Override
	public void trace(String message) {
		this.logger.trace(message);
	}

	@Override
	public void trace(String format, Object value) {
		this.logger.trace(format, value);
	}

	@Override
	public void trace(String format, Object first, Object second) {
		this.logger.trace(format, first, second);
	}

	@Override
	public void trace(String format, Object... arguments) {
		this.logger.trace(format, arguments);
	}

	@Override
	public void trace(String message, Throwable thrown) {
		this.logger.trace(message, thrown);
	}

	@Override
	public boolean isDebugEnabled() {
		return this.logger.isDebugEnabled();
	}

	@Override
	public void debug(String message) {
		this.logger.debug(message);
	}

	@Override
	public void debug(String format, Object value) {
		this.logger.debug(format, value);
	}

	@Override
	public void debug(String format, Object first, Object second) {
		this.logger.debug(format, first, second);
	}

	@Override
	public void debug(String format, Object... arguments) {
		this.logger.debug(format, arguments);
	}

	@Override
	public void debug(String message, Throwable thrown) {
		this.logger.debug(message, thrown);
	}

	@Override
	public boolean isInfoEnabled() {
		return this.logger.isInfoEnabled();
	}

	@Override
	public void info(String message) {
		limited(InternalLogLevel.INFO, message);
	}

	@Override
	public void info(String format, Object value) {
		limited(InternalLogLevel.INFO, format, value);
	}

	@Override
	public void info(String format, Object first, Object second) {
		limited(InternalLogLevel.INFO, format, first, second);
	}

	@Override
	public void info(String format, Object... arguments) {
		limited(InternalLogLevel.INFO, format, arguments.clone());
	}

	@Override
	public void info(String message, Throwable thrown) {
		limited(InternalLogLevel.INFO, message, thrown);
	}

	@Override
	public boolean isWarnEnabled() {
		return this.logger.isWarnEnabled();
	}

	@Override
	public void warn(String message) {
		limited(InternalLogLevel.WARN, message);
	}

	@Override
	public void warn(String format, Object value) {
		limited(InternalLogLevel.WARN, format, value);
	}

	@Override
	public void warn(String format, Object first, Object second) {
		limited(InternalLogLevel.WARN, format, first, second);
	}

	@Override
	public void warn(String format, Object... arguments) {
		limited(InternalLogLevel.WARN, format, arguments.clone());
	}

	@Override
	public void warn(String message, Throwable thrown) {
		limited(InternalLogLevel.WARN, message, thrown);
	}

	@Override
	public boolean isErrorEnabled() {
		return this.logger.isErrorEnabled();
	}

	@Override
	public void error(String message) {
		limited(InternalLogLevel.ERROR, message);
	}

	@Override
	public void error(String format, Object value) {
		limited(InternalLogLevel.ERROR, format, value);
	}

	@Override
	public void error(String format, Object first, Object second) {
		limited(InternalLogLevel.ERROR, format, first, second);
	}

	@Override
	public void error(String format, Object... arguments) {
		limited(InternalLogLevel.ERROR, format, arguments.clone());
	}

	@Override
	public void error(String message, Throwable thrown) {
		limited(InternalLogLevel.ERROR, message, thrown);
	}

}
