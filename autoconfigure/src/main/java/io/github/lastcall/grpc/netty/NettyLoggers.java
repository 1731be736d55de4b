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

import java.util.function.Function;

import io.github.lastcall.grpc.limits.LogLimiter;
import io.grpc.netty.shaded.io.netty.util.internal.logging.InternalLogger;
import io.grpc.netty.shaded.io.netty.util.internal.logging.InternalLoggerFactory;
import io.grpc.netty.shaded.io.netty.util.internal.logging.JdkLoggerFactory;
import io.grpc.netty.shaded.io.netty.util.internal.logging.Slf4JLoggerFactory;

/**
 * Limits the log of Netty, which writes a line for some frames of clients. All its
 * loggers share one {@link LogLimiter}, and exceptions are logged without a stack trace.
 * A logger at {@code DEBUG} or finer is not limited.
 *
 * <p>
 * {@link NettyLogFilter} cannot do this: grpc-java uses {@code java.util.logging}, Netty
 * the framework that it finds. Only the Netty shaded into grpc-java is affected, for
 * servers and channels of the process alike.
 */
public final class NettyLoggers extends InternalLoggerFactory {

	private final Function<String, InternalLogger> loggers;

	private final LogLimiter limiter;

	NettyLoggers(Function<String, InternalLogger> loggers, LogLimiter limiter) {
		this.loggers = loggers;
		this.limiter = limiter;
	}

	/**
	 * Limits the loggers of all classes of Netty that are initialized from now on. Has no
	 * effect when they are limited already, or when Netty uses neither SLF4J nor
	 * {@code java.util.logging}.
	 */
	public static void install() {
		InternalLoggerFactory factory = InternalLoggerFactory.getDefaultFactory();
		LogLimiter limiter = new LogLimiter(System::nanoTime);
		if (factory instanceof Slf4JLoggerFactory slf4j) {
			InternalLoggerFactory.setDefaultFactory(new NettyLoggers(slf4j::newInstance, limiter));
		}
		else if (factory instanceof JdkLoggerFactory jdk) {
			InternalLoggerFactory.setDefaultFactory(new NettyLoggers(jdk::newInstance, limiter));
		}
	}

	@Override
	protected InternalLogger newInstance(String name) {
		return new NettyLogger(this.loggers.apply(name), this.limiter);
	}

}
