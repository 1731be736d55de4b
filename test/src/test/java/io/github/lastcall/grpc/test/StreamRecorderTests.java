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

package io.github.lastcall.grpc.test;

import java.time.Duration;

import io.grpc.Status;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * What the recorder waits for, and what it shows instead.
 */
class StreamRecorderTests {

	private final StreamRecorder<String> recorder = StreamRecorder.create();

	@Test
	void nextWaitsForAResponse() {
		new Thread(() -> this.recorder.onNext("a")).start();
		assertThat(this.recorder.next()).isEqualTo("a");
	}

	@Test
	void nextReturnsEachResponseOnce() {
		this.recorder.onNext("a");
		this.recorder.onNext("b");
		assertThat(this.recorder.next()).isEqualTo("a");
		assertThat(this.recorder.next()).isEqualTo("b");
		assertThat(this.recorder.getValues()).containsExactly("a", "b");
	}

	@Test
	void awaitCompletionWaitsForTheEnd() {
		this.recorder.onNext("a");
		new Thread(this.recorder::onCompleted).start();
		assertThat(this.recorder.awaitCompletion()).containsExactly("a");
		assertThat(this.recorder.hasEnded()).isTrue();
	}

	@Test
	void nextShowsTheEndThatCameInstead() {
		this.recorder.onNext("a");
		this.recorder.onError(Status.NOT_FOUND.withDescription("Nothing here").asException());
		this.recorder.next();
		assertThatExceptionOfType(AssertionError.class).isThrownBy(this.recorder::next)
			.withMessage(
					"Expected a response, but the call ended.%nReceived so far:%n  1: a%n  end: NOT_FOUND: Nothing here"
						.formatted());
	}

	@Test
	void awaitCompletionShowsTheFailureThatCameInstead() {
		this.recorder.onError(Status.NOT_FOUND.asException());
		assertThatExceptionOfType(AssertionError.class).isThrownBy(this.recorder::awaitCompletion)
			.withMessage(
					"Expected the call to complete, but it failed.%nReceived so far:%n  end: NOT_FOUND".formatted());
	}

	@Test
	void whatDoesNotComeInTimeIsToldWithWhatCame() {
		this.recorder.within(Duration.ofMillis(1)).onNext("a");
		assertThatExceptionOfType(AssertionError.class).isThrownBy(this.recorder::awaitEnd)
			.withMessage(
					"Expected the end of the call, but none came within 1 ms.%nReceived so far:%n  1: a".formatted());
		assertThatExceptionOfType(AssertionError.class).isThrownBy(StreamRecorder.create().within(Duration.ZERO)::next)
			.withMessageContaining("Received so far: nothing");
	}

}
