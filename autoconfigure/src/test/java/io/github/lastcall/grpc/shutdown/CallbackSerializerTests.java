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

package io.github.lastcall.grpc.shutdown;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

class CallbackSerializerTests {

	@RepeatedTest(20)
	@Timeout(30)
	void whateverManyThreadsLeaveRunsOnceAndNeverBesideSomethingElse() throws Exception {
		int threads = 4;
		int rounds = 5_000;
		CallbackSerializer serializer = new CallbackSerializer();
		AtomicInteger inside = new AtomicInteger();
		AtomicInteger overlaps = new AtomicInteger();
		// Not atomic on purpose: the serializer must make its writes visible.
		int[] ran = new int[1];
		Runnable task = () -> {
			if (inside.incrementAndGet() != 1) {
				overlaps.incrementAndGet();
			}
			ran[0]++;
			inside.decrementAndGet();
		};
		ExecutorService executor = Executors.newFixedThreadPool(threads);
		try {
			CountDownLatch start = new CountDownLatch(1);
			List<Future<?>> futures = new ArrayList<>();
			for (int i = 0; i < threads; i++) {
				futures.add(executor.submit(() -> {
					start.await();
					for (int round = 0; round < rounds; round++) {
						if (serializer.enter() || serializer.enterOrLeave(task)) {
							try {
								task.run();
							}
							finally {
								serializer.exit();
							}
						}
					}
					return null;
				}));
			}
			start.countDown();
			for (Future<?> future : futures) {
				future.get();
			}
		}
		finally {
			executor.shutdownNow();
		}
		assertThat(overlaps).hasValue(0);
		assertThat(ran[0]).isEqualTo(threads * rounds);
		assertThat(serializer.enter()).isTrue();
	}

}
