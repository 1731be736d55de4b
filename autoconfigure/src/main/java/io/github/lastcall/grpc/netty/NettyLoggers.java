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

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;

import io.grpc.netty.shaded.io.netty.util.internal.logging.InternalLogLevel;
import io.grpc.netty.shaded.io.netty.util.internal.logging.InternalLogger;
import io.grpc.netty.shaded.io.netty.util.internal.logging.InternalLoggerFactory;
import io.grpc.netty.shaded.io.netty.util.internal.logging.JdkLoggerFactory;
import io.grpc.netty.shaded.io.netty.util.internal.logging.Slf4JLoggerFactory;
import org.jspecify.annotations.Nullable;

/**
 * Limits the log of Netty itself, which writes a line for some of the frames that a
 * client sends. All its loggers share one {@link LogBudget}, and a stack trace becomes
 * part of the line. A logger at {@code DEBUG} or finer has no limit.
 *
 * <p>
 * {@link NettyLogFilter} cannot do it: grpc-java logs by {@code java.util.logging}, Netty
 * by whatever it has found. Only Netty in grpc-java's shaded jar is affected, for servers
 * and channels of the process alike.
 */
public final class NettyLoggers extends InternalLoggerFactory {

	private final Function<String, InternalLogger> loggers;

	private final LogBudget budget;

	NettyLoggers(Function<String, InternalLogger> loggers, LogBudget budget) {
		this.loggers = loggers;
		this.budget = budget;
	}

	/**
	 * Limit the loggers of all classes of Netty that are initialized from now on. Has no
	 * effect when they are limited already, or when Netty uses neither SLF4J nor
	 * {@code java.util.logging}.
	 */
	public static void install() {
		InternalLoggerFactory factory = InternalLoggerFactory.getDefaultFactory();
		LogBudget budget = new LogBudget(System::nanoTime);
		if (factory instanceof Slf4JLoggerFactory slf4j) {
			InternalLoggerFactory.setDefaultFactory(new NettyLoggers(slf4j::newInstance, budget));
		}
		else if (factory instanceof JdkLoggerFactory jdk) {
			InternalLoggerFactory.setDefaultFactory(new NettyLoggers(jdk::newInstance, budget));
		}
	}

	@Override
	protected InternalLogger newInstance(String name) {
		return (InternalLogger) Proxy.newProxyInstance(NettyLoggers.class.getClassLoader(),
				new Class<?>[] { InternalLogger.class }, new NettyLimit(this.loggers.apply(name)));
	}

	/**
	 * Passes on what is no line of the log, and lines as long as there may be some.
	 */
	private final class NettyLimit implements InvocationHandler {

		private static final Set<String> LEVELS = Set.of("info", "warn", "error");

		private final InternalLogger logger;

		NettyLimit(InternalLogger logger) {
			this.logger = logger;
		}

		@Override
		public @Nullable Object invoke(Object proxy, Method method, @Nullable Object @Nullable [] arguments)
				throws Throwable {
			if (arguments != null && !this.logger.isDebugEnabled()) {
				if (LEVELS.contains(method.getName())) {
					log(InternalLogLevel.valueOf(method.getName().toUpperCase(Locale.ROOT)), arguments);
					return null;
				}
				if (method.getName().equals("log") && arguments[0] instanceof InternalLogLevel level) {
					log(level, Arrays.copyOfRange(arguments, 1, arguments.length));
					return null;
				}
			}
			try {
				return method.invoke(this.logger, arguments);
			}
			catch (InvocationTargetException ex) {
				throw ex.getTargetException();
			}
		}

		private void log(InternalLogLevel level, @Nullable Object[] arguments) {
			if (!this.logger.isEnabled(level)) {
				return;
			}
			int leftOut = NettyLoggers.this.budget.take();
			if (leftOut == LogBudget.EXHAUSTED) {
				return;
			}
			StringBuilder format = new StringBuilder();
			Object[] values = values(format, arguments);
			this.logger.log(level, format.append(LogBudget.suffix(leftOut)).toString(), values);
		}

		/**
		 * A format, or none, and its values, which may be in an array of their own. An
		 * exception is the last of them.
		 */
		private static Object[] values(StringBuilder format, @Nullable Object[] arguments) {
			int from = 0;
			if (arguments[0] instanceof String text) {
				format.append(text);
				from = 1;
			}
			Object[] values = (arguments.length == from + 1 && arguments[from] instanceof Object[] array)
					? array.clone() : Arrays.copyOfRange(arguments, from, arguments.length);
			if (values.length > 0 && values[values.length - 1] instanceof Throwable thrown) {
				format.append(format.isEmpty() ? "{}" : ": {}");
				values[values.length - 1] = thrown.toString().replaceAll("\\R", " ");
			}
			return values;
		}

	}

}
