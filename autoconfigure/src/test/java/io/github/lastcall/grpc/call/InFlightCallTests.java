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

package io.github.lastcall.grpc.call;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicReference;

import io.github.lastcall.grpc.limits.AdmissionControl;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.testing.ManualServerTimer;
import io.grpc.Metadata;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class InFlightCallTests {

	private final ManualServerTimer timer = new ManualServerTimer();

	private final InFlightCalls calls = new InFlightCalls(this.timer, 20_000, new Refusals("test", this.timer),
			() -> null);

	@Test
	@SuppressWarnings("NullAway")
	void aHandlerWithoutAListenerFails() {
		InFlightCall call = call();
		call.start(new TrackedServerCallInterleavingTests.RecordingCall(), new Metadata(),
				(serverCall, headers) -> null);
		assertThat(call.closeStatus().byServer()).extracting(Status::getCode).isEqualTo(Status.Code.UNKNOWN);
		call.streamClosed(Status.UNKNOWN);
		assertThat(this.calls.count()).isZero();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void tellsItsHooksTheStatusOnceWhenStreamAndHandlerAreDone(boolean closedBefore) {
		List<Status> ended = new ArrayList<>();
		ServerRun run = new ServerRun(this.calls, 1, null, (serverCall, headers) -> new CallHooks() {

			@Override
			public void ended(Status status) {
				ended.add(status);
			}

		});
		InFlightCall call = new InFlightCall(
				new TrackedMethod(run, "a.B/C", true, true, false, null, null, AdmissionControl.NONE));
		if (closedBefore) {
			// In the same process, the client cancels on another thread.
			call.streamClosed(Status.CANCELLED);
		}
		begin(call);
		call.streamClosed(Status.CANCELLED);
		assertThat(ended).isEmpty();
		call.handlerDone();
		call.handlerDone();
		assertThat(ended).containsExactly(Status.CANCELLED);
		assertThat(run.application().size()).isZero();
	}

	/**
	 * As in the same process, where another thread closes the stream.
	 */
	@Test
	@Timeout(60)
	void losesNoCallWhoseStreamIsClosedWhileItBegins() throws Exception {
		int count = 50_000;
		AtomicReference<@Nullable InFlightCall> handedOver = new AtomicReference<>();
		FutureTask<Void> streams = new FutureTask<>(() -> {
			for (int i = 0; i < count; i++) {
				InFlightCall call = handedOver.get();
				while (call == null) {
					Thread.yield();
					call = handedOver.get();
				}
				call.streamClosed(Status.CANCELLED);
				handedOver.set(null);
			}
		}, null);
		Thread thread = new Thread(streams);
		thread.setDaemon(true);
		thread.start();
		for (int i = 0; i < count; i++) {
			InFlightCall call = call();
			handedOver.set(call);
			begin(call);
			while (handedOver.get() != null) {
				Thread.yield();
			}
			assertThat(this.calls.count()).isOne();
			call.handlerDone();
			assertThat(this.calls.count()).isZero();
		}
		streams.get();
	}

	@Test
	void tellsTheAgeOfTheOldest() {
		begin(call());
		this.timer.advance(Duration.ofSeconds(3));
		begin(call());
		assertThat(this.calls.byMethod()).containsEntry("a.B/C",
				new InFlightCalls.MethodInFlight(2, Duration.ofSeconds(3)));
	}

	private InFlightCall call() {
		return this.calls.track("a.B/C", true);
	}

	private static void begin(InFlightCall call) {
		call.begin(new TrackedServerCallInterleavingTests.RecordingCall(), new Metadata());
	}

}
