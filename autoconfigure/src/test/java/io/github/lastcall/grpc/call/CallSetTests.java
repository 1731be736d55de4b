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

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.testing.ManualServerTimer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

class CallSetTests {

	private static final int LIMIT = 40;

	private final CallSet set = new CallSet(LIMIT);

	private final ManualServerTimer timer = new ManualServerTimer();

	private final InFlightCalls calls = new InFlightCalls(this.timer, 20_000, new Refusals("test", this.timer),
			() -> null);

	@Test
	void countsACallThatExceedsTheLimitUntilItIsRemoved() {
		for (int i = 0; i < LIMIT; i++) {
			assertThat(this.set.add(call())).isTrue();
		}
		InFlightCall excess = call();
		assertThat(this.set.add(excess)).isFalse();
		assertThat(this.set.size()).isEqualTo(LIMIT + 1);
		this.set.remove(excess);
		this.set.remove(excess);
		assertThat(this.set.size()).isEqualTo(LIMIT);
		assertThat(this.set.add(call())).isFalse();
	}

	@Test
	void passesOnTheCallsThatHaveNotBeenRemoved() {
		InFlightCall first = call();
		InFlightCall second = call();
		this.set.add(first);
		this.set.add(second);
		this.set.remove(first);
		List<InFlightCall> passed = new ArrayList<>();
		this.set.forEach(passed::add);
		assertThat(passed).containsExactly(second);
	}

	@Test
	@Timeout(60)
	void neverAdmitsMoreCallsThanTheLimit() throws Exception {
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
					for (int j = 0; j < 20_000; j++) {
						if (random.nextInt(100) < 55) {
							InFlightCall call = call();
							if (this.set.add(call)) {
								highest.accumulateAndGet(admitted.incrementAndGet(), Math::max);
								open.add(call);
							}
							else {
								refused.incrementAndGet();
								this.set.remove(call);
							}
						}
						else if (!open.isEmpty()) {
							admitted.decrementAndGet();
							this.set.remove(open.remove());
						}
					}
					admitted.addAndGet(-open.size());
					open.forEach(this.set::remove);
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
		assertThat(highest).hasValueLessThanOrEqualTo(LIMIT);
		assertThat(this.set.size()).isZero();
	}

	private InFlightCall call() {
		return this.calls.track("a.B/C", true);
	}

}
