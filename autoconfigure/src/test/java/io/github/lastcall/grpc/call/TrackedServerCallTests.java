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
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.testing.ManualServerTimer;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

class TrackedServerCallTests {

	private final InFlightCalls calls = new InFlightCalls(new ManualServerTimer(), 20_000,
			new Refusals("test", new ManualServerTimer()), () -> null);

	@Test
	@Timeout(60)
	void aHandlerAndTheDrainCloseACallOnceAndNeverBesideSomethingBeingSent() throws Exception {
		ExecutorService drain = Executors.newSingleThreadExecutor();
		int byHandler = 0;
		try {
			CyclicBarrier start = new CyclicBarrier(2);
			for (int round = 0; round < 5_000; round++) {
				StrictCall transport = new StrictCall();
				InFlightCall inFlight = this.calls.track("a.B/C", true);
				AtomicReference<ServerCall<String, String>> call = new AtomicReference<>();
				inFlight.start(transport, new Metadata(), (handed, headers) -> {
					call.set(handed);
					return new ServerCall.Listener<>() {
					};
				});
				Future<Boolean> closedByDrain = drain.submit(() -> {
					start.await();
					return inFlight.close(Status.UNAVAILABLE);
				});
				ServerCall<String, String> tracked = Objects.requireNonNull(call.get());
				start.await();
				for (int message = 0; message < round % 8; message++) {
					tracked.sendMessage("");
				}
				tracked.close(Status.OK, new Metadata());
				boolean drained = closedByDrain.get();
				assertThat(transport.overlaps).hasValue(0);
				assertThat(transport.closed).containsExactly(drained ? Status.UNAVAILABLE : Status.OK);
				assertThat(inFlight.closeStatus().isCancelledByServer()).isEqualTo(drained);
				byHandler += drained ? 0 : 1;
			}
		}
		finally {
			drain.shutdownNow();
		}
		// Otherwise the test has not tried both.
		assertThat(byHandler).isBetween(1, 4_999);
	}

	/**
	 * Notices what grpc-java's own call would suffer from.
	 */
	static final class StrictCall extends ServerCall<String, String> {

		private final AtomicInteger inside = new AtomicInteger();

		private final AtomicInteger overlaps = new AtomicInteger();

		private final List<Status> closed = new ArrayList<>();

		@Override
		public void request(int messages) {
		}

		@Override
		public void sendHeaders(Metadata headers) {
			alone(() -> {
			});
		}

		@Override
		public void sendMessage(String message) {
			alone(() -> assertThat(this.closed).isEmpty());
		}

		@Override
		public void close(Status status, Metadata trailers) {
			alone(() -> this.closed.add(status));
		}

		private void alone(Runnable action) {
			if (this.inside.incrementAndGet() != 1) {
				this.overlaps.incrementAndGet();
			}
			action.run();
			this.inside.decrementAndGet();
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
