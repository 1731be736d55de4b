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

package io.github.lastcall.sample;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

/**
 * Signals at any time in the life of the packaged sample.
 */
@Tag("full")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class SignalIT {

	/**
	 * Exit values of a process that a signal has ended.
	 */
	private static final int TERMINATED = 143;

	private static final int INTERRUPTED = 130;

	@ParameterizedTest
	@ValueSource(strings = { "Starting RouteGuideApplication", "HikariPool-1 - Start completed", "STOPPED -> STARTING",
			"listens on port", "Started RouteGuideApplication" })
	void aSampleThatIsStoppedWhileItStartsEndsInOrder(String moment) throws Exception {
		try (SampleProcess sample = SampleProcess.launch("--grpc.server.shutdown.propagation-delay=0")) {
			sample.awaitLog(moment);
			sample.signal("TERM");
			sample.awaitExit();
			assertThat(sample.exitValue()).isEqualTo(TERMINATED);
			assertThat(sample.log()).doesNotContain("Exception").doesNotContain("forced call");
			// Spring does not wait for a start that waits for something else at the
			// moment of
			// the signal, as for the port to be bound, and ends the process there and
			// then. A
			// server that was not bound has nothing to lose.
			if (sample.log().contains("listens on port")) {
				assertThat(sample.log()).contains("-> STOPPED");
			}
		}
	}

	@Test
	void anInterruptFromTheKeyboardIsAShutdownLikeAnyOther() throws Exception {
		try (SampleProcess sample = SampleProcess.start(SlowDatabase.arguments())) {
			assumeFalse(sample.ignoresInterrupts(),
					"This test was started where interrupts are ignored, as in the background of a shell");
			CompletableFuture<Feature> call = CompletableFuture
				.supplyAsync(() -> RouteGuideGrpc.newBlockingStub(sample.channel())
					.getFeature(Point.newBuilder().setLatitude(599139000).setLongitude(107522000).build()));
			SlowDatabase.awaitCall(sample);
			sample.signal("INT");
			assertThat(call.get(60, TimeUnit.SECONDS).getName()).isEqualTo("Slow");
			sample.awaitExit();
			assertThat(sample.exitValue()).isEqualTo(INTERRUPTED);
			assertThat(sample.log()).contains("1 calls ended while draining, 0 of them forced");
		}
	}

}
