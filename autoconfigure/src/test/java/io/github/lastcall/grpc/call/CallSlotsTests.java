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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import io.github.lastcall.grpc.testing.ManualServerTimer;
import io.github.lastcall.grpc.limits.Refusals;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

class CallSlotsTests {

	private final InFlightCalls calls = new InFlightCalls(new ManualServerTimer(), 20_000,
			new Refusals("test", new ManualServerTimer()), () -> null);

	@Test
	void hasWhatEnteredAndNotWhatLeft() {
		List<InFlightCall> entered = new ArrayList<>();
		for (int i = 0; i < 5_000; i++) {
			entered.add(begin());
		}
		assertThat(this.calls.count()).isEqualTo(5_000);
		for (int i = 0; i < 5_000; i += 2) {
			end(entered.get(i));
		}
		assertThat(this.calls.count()).isEqualTo(2_500);
		assertThat(this.calls.close(Status.UNAVAILABLE)).hasSize(2_500);
		for (int i = 1; i < 5_000; i += 2) {
			assertThat(entered.get(i).closedFromOutside()).isNotNull();
			end(entered.get(i));
		}
		assertThat(this.calls.count()).isZero();
	}

	@Test
	void findsRoomBetweenManyLongCalls() {
		List<InFlightCall> longCalls = new ArrayList<>();
		for (int i = 0; i < 10_000; i++) {
			longCalls.add(begin());
			for (int j = 0; j < 3; j++) {
				end(begin());
			}
		}
		assertThat(this.calls.count()).isEqualTo(10_000);
		longCalls.forEach(CallSlotsTests::end);
		assertThat(this.calls.count()).isZero();
	}

	/**
	 * As on a server: event loops let calls enter, others let them leave, and somebody
	 * looks at them all the time.
	 */
	@Test
	@Timeout(60)
	void losesNoCallBetweenManyThreads() throws Exception {
		int threads = 4;
		int each = 20_000;
		BlockingQueue<InFlightCall> open = new LinkedBlockingQueue<>(500);
		AtomicInteger highest = new AtomicInteger();
		CountDownLatch ended = new CountDownLatch(threads * each);
		ExecutorService executor = Executors.newCachedThreadPool();
		try {
			List<Future<?>> futures = new ArrayList<>();
			for (int i = 0; i < threads; i++) {
				futures.add(executor.submit(() -> {
					for (int j = 0; j < each; j++) {
						open.put(begin());
					}
					return null;
				}));
				futures.add(executor.submit(() -> {
					for (int j = 0; j < each; j++) {
						end(open.take());
						ended.countDown();
					}
					return null;
				}));
			}
			while (ended.getCount() > 0) {
				highest.accumulateAndGet(this.calls.count(), Math::max);
			}
			for (Future<?> future : futures) {
				future.get();
			}
		}
		finally {
			executor.shutdownNow();
		}
		assertThat(this.calls.count()).isZero();
		assertThat(highest.get()).isPositive();
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
			InFlightCall call = this.calls.track("a.B/C", true);
			handedOver.set(call);
			call.begin();
			while (handedOver.get() != null) {
				Thread.yield();
			}
			assertThat(this.calls.count()).isOne();
			call.handlerDone();
			assertThat(this.calls.count()).isZero();
		}
		streams.get();
	}

	/**
	 * As when all connections but one are those of one event loop: what one thread has
	 * not used of the limit another one has.
	 */
	@Test
	void isFullForAThreadThatHasLetNoneEnter() throws Exception {
		CallSlots slots = new CallSlots(1_000);
		List<InFlightCall> entered = new ArrayList<>();
		for (int i = 0; i < 1_000; i++) {
			InFlightCall call = this.calls.track("a.B/C", true);
			assertThat(slots.add(call)).isTrue();
			entered.add(call);
		}
		onOtherThreads(64, () -> {
			InFlightCall call = this.calls.track("a.B/C", true);
			assertThat(slots.add(call)).isFalse();
			end(call);
		});
		entered.forEach(CallSlotsTests::end);
		assertThat(slots.size()).isZero();
		onOtherThreads(1_000, () -> assertThat(slots.add(this.calls.track("a.B/C", true))).isTrue());
		onOtherThreads(64, () -> {
			InFlightCall call = this.calls.track("a.B/C", true);
			assertThat(slots.add(call)).isFalse();
			end(call);
		});
		assertThat(slots.size()).isEqualTo(1_000);
	}

	/**
	 * Stripes come to more than their share and go back to it all the time.
	 */
	@Test
	@Timeout(60)
	void hasNeverMoreThanTheLimit() throws Exception {
		int limit = 40;
		CallSlots slots = new CallSlots(limit);
		AtomicInteger admitted = new AtomicInteger();
		AtomicInteger highest = new AtomicInteger();
		AtomicInteger refused = new AtomicInteger();
		CountDownLatch begin = new CountDownLatch(1);
		ExecutorService executor = Executors.newCachedThreadPool();
		try {
			List<Future<?>> futures = new ArrayList<>();
			for (int i = 0; i < 8; i++) {
				Random random = new Random(i);
				futures.add(executor.submit(() -> {
					begin.await();
					Deque<InFlightCall> open = new ArrayDeque<>();
					for (int j = 0; j < 50_000; j++) {
						if (random.nextInt(100) < 55) {
							InFlightCall call = this.calls.track("a.B/C", true);
							if (slots.add(call)) {
								highest.accumulateAndGet(admitted.incrementAndGet(), Math::max);
								open.add(call);
							}
							else {
								refused.incrementAndGet();
								end(call);
							}
						}
						else if (!open.isEmpty()) {
							admitted.decrementAndGet();
							end(open.remove());
						}
					}
					admitted.addAndGet(-open.size());
					open.forEach(CallSlotsTests::end);
					return null;
				}));
			}
			begin.countDown();
			for (Future<?> future : futures) {
				future.get();
			}
		}
		finally {
			executor.shutdownNow();
		}
		assertThat(refused.get()).isPositive();
		assertThat(highest).hasValueLessThanOrEqualTo(limit);
		assertThat(slots.size()).isZero();
	}

	private static void onOtherThreads(int threads, Runnable action) throws Exception {
		for (int i = 0; i < threads; i++) {
			FutureTask<Void> task = new FutureTask<>(action, null);
			new Thread(task).start();
			task.get();
		}
	}

	@Test
	void tellsTheAgeOfTheOldest() {
		ManualServerTimer timer = new ManualServerTimer();
		InFlightCalls calls = new InFlightCalls(timer, 20_000, new Refusals("test", new ManualServerTimer()),
				() -> null);
		calls.track("a.B/C", true).begin();
		timer.advance(Duration.ofSeconds(3));
		calls.track("a.B/C", true).begin();
		assertThat(calls.byMethod()).containsEntry("a.B/C", new InFlightCalls.MethodInFlight(2, Duration.ofSeconds(3)));
	}

	private InFlightCall begin() {
		InFlightCall call = this.calls.track("a.B/C", true);
		call.begin();
		return call;
	}

	private static void end(InFlightCall call) {
		call.streamClosed(Status.OK);
		call.handlerDone();
	}

}
