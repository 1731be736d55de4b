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

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

import io.github.lastcall.grpc.limits.LogLimiter;
import io.grpc.netty.shaded.io.netty.util.internal.logging.InternalLogLevel;
import io.grpc.netty.shaded.io.netty.util.internal.logging.InternalLogger;
import io.grpc.netty.shaded.io.netty.util.internal.logging.InternalLoggerFactory;
import io.grpc.netty.shaded.io.netty.util.internal.logging.JdkLoggerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is left of Netty's log.
 */
class NettyLoggersTests {

	private static final String NAME = NettyLoggersTests.class.getName();

	private final AtomicLong now = new AtomicLong(123);

	private final List<LogRecord> records = new ArrayList<>();

	private final Logger target = Logger.getLogger(NAME);

	private final Handler handler = new Handler() {

		@Override
		public void publish(LogRecord record) {
			NettyLoggersTests.this.records.add(record);
		}

		@Override
		public void flush() {
		}

		@Override
		public void close() {
		}

	};

	private final NettyLoggers loggers = new NettyLoggers(((JdkLoggerFactory) JdkLoggerFactory.INSTANCE)::newInstance,
			new LogLimiter(this.now::get));

	private final InternalLogger logger = this.loggers.newInstance(NAME);

	@BeforeEach
	void record() {
		this.target.setUseParentHandlers(false);
		this.target.setLevel(Level.INFO);
		this.target.addHandler(this.handler);
	}

	@AfterEach
	void restore() {
		this.target.removeHandler(this.handler);
		this.target.setLevel(null);
		this.target.setUseParentHandlers(true);
	}

	@Test
	void thereAreOnlySoManyLinesInAWindowAndTheNextOneTellsOfTheOthers() {
		for (int i = 0; i < LogLimiter.LINES; i++) {
			this.loggers.newInstance(NAME).info("{} ignoring {} frame for stream {}", "channel", "DATA", i);
		}
		this.logger.warn("too many");
		this.logger.log(InternalLogLevel.ERROR, "too many {}", 2);
		assertThat(lines()).hasSize(LogLimiter.LINES).endsWith("channel ignoring DATA frame for stream 9");
		this.now.addAndGet(LogLimiter.WINDOW.toNanos());
		this.logger.info("{} and {}", 1, 2);
		assertThat(lines()).hasSize(LogLimiter.LINES + 1).endsWith("1 and 2 (2 lines omitted before)");
	}

	@Test
	void anExceptionBecomesPartOfTheLine() {
		Exception failure = new IllegalStateException("one\r\ntwo");
		this.logger.warn("failed", failure);
		this.logger.warn("failed for {}", "reasons", failure);
		this.logger.warn("failed for {} and {}", "reasons", "others", failure);
		this.logger.warn(failure);
		this.logger.log(InternalLogLevel.WARN, "failed", failure);
		assertThat(lines()).containsExactly("failed: java.lang.IllegalStateException: one two",
				"failed for reasons: java.lang.IllegalStateException: one two",
				"failed for reasons and others: java.lang.IllegalStateException: one two",
				"Unexpected exception: java.lang.IllegalStateException: one two",
				"failed: java.lang.IllegalStateException: one two");
		assertThat(this.records).allSatisfy((record) -> assertThat(record.getThrown()).isNull());
	}

	@Test
	void whatIsNotLoggedDoesNotUseUpTheLines() {
		this.target.setLevel(Level.WARNING);
		for (int i = 0; i < 2 * LogLimiter.LINES; i++) {
			this.logger.info("line");
			this.logger.debug("line");
		}
		this.logger.warn("line");
		assertThat(lines()).containsExactly("line");
	}

	@Test
	void atDebugEverythingPassesAsItIs() {
		this.target.setLevel(Level.FINE);
		for (int i = 0; i < 2 * LogLimiter.LINES; i++) {
			this.logger.debug("line");
			this.logger.warn("line", new IllegalStateException());
		}
		assertThat(this.records).hasSize(4 * LogLimiter.LINES);
		assertThat(this.records.get(1).getThrown()).isInstanceOf(IllegalStateException.class);
		assertThat(this.logger.isDebugEnabled()).isTrue();
		assertThat(this.logger.name()).isEqualTo(NAME);
	}

	@Test
	void theFactoryIsInstalledOnce() {
		NettyLoggers.install();
		InternalLoggerFactory installed = InternalLoggerFactory.getDefaultFactory();
		assertThat(installed).isInstanceOf(NettyLoggers.class);
		NettyLoggers.install();
		assertThat(InternalLoggerFactory.getDefaultFactory()).isSameAs(installed);
	}

	private List<String> lines() {
		return this.records.stream().map(LogRecord::getMessage).toList();
	}

}
