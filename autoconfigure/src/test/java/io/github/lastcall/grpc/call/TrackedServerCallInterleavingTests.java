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

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.testing.ManualServerTimer;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.Status;
import org.jetbrains.lincheck.Lincheck;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Interleavings of a handler that sends and closes with a server that closes its call,
 * explored by Lincheck.
 */
@Tag("full")
@Isolated("Lincheck instruments the classes of the JDK")
class TrackedServerCallInterleavingTests {

	private static final InFlightCalls CALLS = new InFlightCalls(new ManualServerTimer(), Integer.MAX_VALUE,
			new Refusals("test", new ManualServerTimer()), () -> null);

	@Test
	void aCallIsClosedOnceAndNeverWhileSomethingIsSent() {
		Lincheck.runConcurrentTest(1_000, TrackedServerCallInterleavingTests::sendAndClose);
	}

	private static void sendAndClose() {
		RecordingCall transport = new RecordingCall();
		InFlightCall call = CALLS.track("a.B/C", true);
		AtomicReference<ServerCall<String, String>> tracked = new AtomicReference<>();
		call.start(transport, new Metadata(), (serverCall, headers) -> {
			tracked.set(serverCall);
			return new ServerCall.Listener<>() {
			};
		});
		Thread server = new Thread(() -> call.close(Status.UNAVAILABLE));
		server.start();
		ServerCall<String, String> handed = Objects.requireNonNull(tracked.get());
		handed.sendMessage("");
		handed.close(Status.OK, new Metadata());
		try {
			server.join();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
		transport.check(call.closeStatus().isCancelledByServer() ? Status.UNAVAILABLE : Status.OK);
	}

	/**
	 * Call of grpc-java, which must be used by one thread at a time.
	 */
	static final class RecordingCall extends ServerCall<String, String> {

		private final List<Status> closed = new ArrayList<>();

		private volatile boolean busy;

		private volatile boolean misused;

		private void use(Runnable action) {
			this.misused |= this.busy || !this.closed.isEmpty();
			this.busy = true;
			action.run();
			this.busy = false;
		}

		private void check(Status expected) {
			if (this.misused || !this.closed.equals(List.of(expected))) {
				throw new AssertionError("misused: " + this.misused + ", closed with " + this.closed);
			}
		}

		@Override
		public void request(int messages) {
		}

		@Override
		public void sendHeaders(Metadata headers) {
		}

		@Override
		public void sendMessage(String message) {
			use(() -> {
			});
		}

		@Override
		public void close(Status status, Metadata trailers) {
			use(() -> this.closed.add(status));
		}

		@Override
		public boolean isCancelled() {
			return false;
		}

		@Override
		public MethodDescriptor<String, String> getMethodDescriptor() {
			throw new UnsupportedOperationException();
		}

	}

}
