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
import java.util.concurrent.atomic.AtomicBoolean;

import io.github.lastcall.grpc.executor.ServerTimer;
import io.github.lastcall.grpc.testing.ManualServerTimer;
import org.apache.commons.logging.impl.NoOpLog;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

/**
 * A log that can be read while the server is flooded. Time is that of an event loop that
 * stands still.
 */
class RefusalLogTests {

	private final List<String> lines = new ArrayList<>();

	private final ManualServerTimer timer = new ManualServerTimer();

	private final RefusalLog log = new RefusalLog(new Recorder(), "server", this.timer);

	@Test
	void whatMattersIsAWarningThatNamesThePropertyAndGarbageIsNot() {
		report(RefusalReason.CONNECTIONS, "refused");
		report(RefusalReason.PROTOCOL, "garbage");
		report(RefusalReason.FLOOD, "flood");
		assertThat(this.lines).containsExactly("WARN server refused (grpc.server.limits.connections)",
				"INFO server garbage", "WARN server flood");
	}

	@Test
	void theFirstLinesAreWrittenAtOnceAndTheOthersSummedUp() {
		for (int i = 0; i < LogLimiter.LINES + 3; i++) {
			report(RefusalReason.PROTOCOL, "line " + i);
		}
		assertThat(this.lines).hasSize(LogLimiter.LINES).endsWith("INFO server line 9");
		for (int i = 0; i < LogLimiter.LINES + 1; i++) {
			report(RefusalReason.CONNECTIONS, "refused");
		}
		// Garbage has not used up the lines of what matters.
		assertThat(this.lines).hasSize(2 * LogLimiter.LINES)
			.endsWith("WARN server refused (grpc.server.limits.connections)");
		this.timer.advance(LogLimiter.WINDOW.minusMillis(1));
		assertThat(this.lines).hasSize(2 * LogLimiter.LINES);
		this.timer.advance(Duration.ofMillis(1));
		// Limits have been hit, so it is a warning.
		assertThat(this.lines).hasSize(2 * LogLimiter.LINES + 1)
			.endsWith("WARN server refused more in the last 10s, not logged: connections 1, protocol 3");
	}

	@Test
	void aLogThatThrowsFailsNothing() {
		RefusalLog broken = new RefusalLog(new Recorder() {

			@Override
			public void warn(@Nullable Object message) {
				throw new IllegalStateException("The disk is full");
			}

		}, "server", this.timer);
		assertThatNoException().isThrownBy(() -> broken.log(RefusalReason.CONNECTIONS, () -> "refused"));
		assertThatNoException().isThrownBy(() -> broken.log(RefusalReason.CONNECTIONS, () -> {
			throw new OutOfMemoryError("Java heap space");
		}));
		broken.log(RefusalReason.PROTOCOL, () -> "garbage");
		assertThat(this.lines).containsExactly("INFO server garbage");
	}

	@Test
	void aLineThatIsNotWrittenIsNotMade() {
		for (int i = 0; i < LogLimiter.LINES; i++) {
			this.log.log(RefusalReason.CONCURRENT_CALLS, () -> "refused");
		}
		this.log.log(RefusalReason.CONCURRENT_CALLS, () -> {
			throw new AssertionError("made");
		});
		assertThat(this.lines).hasSize(LogLimiter.LINES);
	}

	@Test
	void whatAStrangerHasWrittenStaysOnOneLineThatIsNotTooLong() {
		this.log.log(RefusalReason.MESSAGE_SIZE, () -> "a\r\nb\u001b[31m" + "x".repeat(2000));
		assertThat(this.lines).singleElement()
			.asString()
			.startsWith("WARN server a??b?[31mxxx")
			.endsWith("x... (grpc.server.limits.inbound-message-size)")
			.hasSizeLessThan(1100);
	}

	@Test
	void garbageAloneIsSummedUpWithoutAWarning() {
		for (int i = 0; i < LogLimiter.LINES + 3; i++) {
			report(RefusalReason.PROTOCOL, "line");
		}
		this.timer.advance(LogLimiter.WINDOW);
		assertThat(this.lines).endsWith("INFO server refused more in the last 10s, not logged: protocol 3");
	}

	@Test
	void aWindowBeginsWithItsFirstLine() {
		report(RefusalReason.PROTOCOL, "first");
		this.timer.advance(LogLimiter.WINDOW);
		this.timer.advance(Duration.ofSeconds(7));
		for (int i = 0; i < 2 * LogLimiter.LINES; i++) {
			report(RefusalReason.PROTOCOL, "line");
		}
		assertThat(this.lines).hasSize(1 + LogLimiter.LINES);
		this.timer.advance(LogLimiter.WINDOW.minusMillis(1));
		assertThat(this.lines).hasSize(1 + LogLimiter.LINES);
		this.timer.advance(Duration.ofMillis(1));
		assertThat(this.lines).hasSize(2 + LogLimiter.LINES).last().asString().endsWith("protocol 10");
	}

	@Test
	void whenItIsQuietThereIsNothingToSumUpAndNothingLeftToRun() {
		report(RefusalReason.PROTOCOL, "line");
		this.timer.advance(LogLimiter.WINDOW);
		this.timer.advance(LogLimiter.WINDOW);
		assertThat(this.lines).containsExactly("INFO server line");
		assertThat(this.timer.pending()).isZero();
	}

	@Test
	void theNextWindowHasLinesOfItsOwnAndForgetsTheOldCount() {
		for (int window = 0; window < 3; window++) {
			this.lines.clear();
			for (int i = 0; i < LogLimiter.LINES + 1; i++) {
				report(RefusalReason.TLS, "line");
			}
			assertThat(this.lines).hasSize(LogLimiter.LINES);
			this.timer.advance(LogLimiter.WINDOW);
			assertThat(this.lines).last().asString().endsWith("tls 1");
		}
	}

	@Test
	void aThreadThatCannotBeStartedFailsNothingAndLoggingResumes() {
		AtomicBoolean fails = new AtomicBoolean(true);
		RefusalLog log = new RefusalLog(new Recorder(), "server", new ServerTimer() {

			@Override
			public long nanoTime() {
				return RefusalLogTests.this.timer.nanoTime();
			}

			@Override
			public Runnable scheduleAt(Runnable task, long nanoTime) {
				if (fails.get()) {
					throw new OutOfMemoryError("unable to create native thread");
				}
				return RefusalLogTests.this.timer.scheduleAt(task, nanoTime);
			}

		});
		for (int i = 0; i < LogLimiter.LINES + 5; i++) {
			log.log(RefusalReason.PROTOCOL, () -> "line");
		}
		assertThat(this.lines).hasSize(LogLimiter.LINES);
		fails.set(false);
		log.log(RefusalReason.PROTOCOL, () -> "line");
		assertThat(this.timer.pending()).isOne();
		this.timer.advance(LogLimiter.WINDOW);
		log.log(RefusalReason.PROTOCOL, () -> "resumed");
		assertThat(this.lines).endsWith("INFO server refused more in the last 10s, not logged: protocol 6",
				"INFO server resumed");
	}

	private void report(RefusalReason reason, String line) {
		this.log.log(reason, () -> line);
	}

	private class Recorder extends NoOpLog {

		@Override
		public void info(@Nullable Object message) {
			RefusalLogTests.this.lines.add("INFO " + message);
		}

		@Override
		public void warn(@Nullable Object message) {
			RefusalLogTests.this.lines.add("WARN " + message);
		}

	}

}
