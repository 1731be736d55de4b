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

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

import io.grpc.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * How many lines failed calls have in the log.
 */
@ExtendWith(OutputCaptureExtension.class)
class ErrorLogTests {

	private final AtomicLong nanoTime = new AtomicLong();

	private final ErrorLog log = new ErrorLog(this.nanoTime::get);

	@Test
	void exceptionsThatAreNotMappedAreLimitedByMethodAndType(CapturedOutput output) {
		for (int i = 0; i < 12; i++) {
			this.log.unmapped("a/A", new IllegalStateException("one"));
			this.log.unmapped("a/A", new IllegalArgumentException("two"));
			this.log.unmapped("a/B", new IllegalStateException("three"));
		}
		assertThat(output.getAll().split("IllegalStateException: one")).hasSize(11);
		assertThat(output.getAll().split("IllegalArgumentException: two")).hasSize(11);
		assertThat(output.getAll().split("IllegalStateException: three")).hasSize(11);
	}

	@Test
	void aStatusThatTellsOfAFaultHasOneLineInTenSecondsWithACount(CapturedOutput output) {
		for (int i = 0; i < 5; i++) {
			this.log.mapped("a/A", Status.INTERNAL, null);
			this.log.mapped("a/A", Status.UNAVAILABLE, null);
		}
		assertThat(output.getAll().lines()).hasSize(2);
		this.nanoTime.addAndGet(Duration.ofSeconds(11).toNanos());
		this.log.mapped("a/A", Status.INTERNAL, null);
		assertThat(output.getAll().lines()).hasSize(3).last().asString().contains("a/A ended with INTERNAL", "4");
	}

	@Test
	void otherStatusesAreNotLoggedByDefault(CapturedOutput output) {
		this.log.mapped("a/A", Status.NOT_FOUND, new IllegalStateException());
		assertThat(output).isEmpty();
	}

	@Test
	void droppedTrailersAndTextsThatCannotBeResolvedHaveOneLineEach(CapturedOutput output) {
		for (int i = 0; i < 3; i++) {
			this.log.dropped("a/A", List.of("shard"));
			this.log.unresolved("a/A", "feature.missing", Locale.FRENCH, null);
			this.log.unresolved("a/A", "feature.missing", Locale.GERMAN, null);
		}
		assertThat(output.getAll().lines()).hasSize(2);
	}

}
