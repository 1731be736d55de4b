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

package io.github.lastcall.grpc.executor;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

@Timeout(60)
class ServerThreadPoolTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(30);

	private final ThreadServerTimer timer = new ThreadServerTimer("test-timer");

	private ServerThreadPool pool = new ServerThreadPool(8, 8, "test-", 100, this.timer);

	private final CountDownLatch end = new CountDownLatch(1);

	@AfterEach
	void endAll() throws InterruptedException {
		this.end.countDown();
		this.pool.shutdown();
		assertThat(this.pool.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
		this.timer.destroy();
	}

	@Test
	void asManyCallsAsThereAreThreadsBlockAtTheSameTime() {
		AtomicInteger blocked = new AtomicInteger();
		for (int i = 0; i < 20; i++) {
			this.pool.execute(() -> {
				blocked.incrementAndGet();
				awaitEnd();
			});
		}
		await().atMost(TIMEOUT).untilAtomic(blocked, (value) -> assertThat(value).isEqualTo(8));
		assertThat(this.pool.getPoolSize()).isEqualTo(8);
		assertThat(this.pool.getActiveCount()).isEqualTo(8);
		assertThat(this.pool.getQueue()).hasSize(12);
		assertThat(this.pool.getQueue().remainingCapacity()).isEqualTo(88);
		assertThat(this.pool.isFull(0)).isFalse();
		for (int i = 0; i < 100; i++) {
			this.pool.execute(blocked::incrementAndGet);
		}
		assertThat(this.pool.isFull(0)).isTrue();
		assertThat(this.pool.getQueue().remainingCapacity()).isZero();
		this.end.countDown();
		await().atMost(TIMEOUT).untilAtomic(blocked, (value) -> assertThat(value).isEqualTo(120));
		assertThat(this.pool.isFull(0)).isFalse();
		assertThat(this.pool.getQueue()).isEmpty();
	}

	/**
	 * Several producers, as event loops are; most calls are short and some block until
	 * another one lets them go on, which one does that has come later.
	 */
	@Test
	void runsEveryCallOfManyThreads() throws Exception {
		int each = 30_000;
		Semaphore blocked = new Semaphore(0);
		AtomicInteger blocking = new AtomicInteger();
		AtomicInteger run = new AtomicInteger();
		ExecutorService producers = Executors.newCachedThreadPool();
		try {
			List<Future<?>> results = IntStream.range(0, 4).<Future<?>>mapToObj((producer) -> producers.submit(() -> {
				for (int i = 0; i < each; i++) {
					if (i % 100 == 0) {
						Thread.yield();
					}
					// Never all of the threads at once.
					if (i % 50 == 0 && blocking.incrementAndGet() <= 6) {
						this.pool.execute(() -> {
							blocked.acquireUninterruptibly();
							blocking.decrementAndGet();
							run.incrementAndGet();
						});
						this.pool.execute(() -> {
							blocked.release();
							run.incrementAndGet();
						});
						i++;
					}
					else {
						if (i % 50 == 0) {
							blocking.decrementAndGet();
						}
						this.pool.execute(run::incrementAndGet);
					}
				}
			})).toList();
			for (Future<?> result : results) {
				result.get();
			}
		}
		finally {
			producers.shutdownNow();
		}
		await().atMost(TIMEOUT).untilAtomic(run, (value) -> assertThat(value).isGreaterThanOrEqualTo(4 * each));
		assertThat(this.pool.getQueue()).isEmpty();
		assertThat(this.pool.getQueue().remainingCapacity()).isEqualTo(100);
		assertThat(this.pool.getLargestPoolSize()).isLessThanOrEqualTo(8);
	}

	@Test
	void fewThreadsDoWhatFewCanDo() throws Exception {
		this.pool.setMaximumPoolSize(200);
		this.pool.setCorePoolSize(200);
		Set<Thread> threads = ConcurrentHashMap.newKeySet();
		Semaphore done = new Semaphore(0);
		for (int i = 0; i < 2_000; i++) {
			this.pool.execute(() -> {
				threads.add(Thread.currentThread());
				done.release();
			});
			done.acquire();
		}
		// One, and another one whenever the first is not idle again yet.
		assertThat(threads).hasSizeLessThan(20);
	}

	@Test
	void threadsWithoutWorkEndAndOthersComeForTheNextCall() throws Exception {
		this.pool.setKeepAliveTime(1, TimeUnit.MILLISECONDS);
		for (int i = 0; i < 20; i++) {
			CountDownLatch done = new CountDownLatch(3);
			for (int j = 0; j < 3; j++) {
				this.pool.execute(done::countDown);
			}
			assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
			await().atMost(TIMEOUT).until(() -> this.pool.getPoolSize() == 0);
		}
	}

	@Test
	void whenNoThreadCanBeStartedThoseThereAreRunEveryCall() throws Exception {
		Semaphore done = new Semaphore(0);
		this.pool.execute(done::release);
		assertThat(done.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
		this.pool.setThreadFactory((worker) -> {
			throw new OutOfMemoryError("unable to create native thread");
		});
		for (int i = 0; i < 5_000; i++) {
			this.pool.execute(done::release);
			this.pool.execute(done::release);
			this.pool.execute(done::release);
			assertThat(done.tryAcquire(3, 10, TimeUnit.SECONDS)).isTrue();
		}
	}

	@Test
	void aCallThatThrowsEndsItsThreadAndNoOther() throws Exception {
		CountDownLatch done = new CountDownLatch(20);
		for (int i = 0; i < 40; i++) {
			boolean fails = i % 2 == 0;
			this.pool.execute(() -> {
				if (fails) {
					Thread.currentThread().setUncaughtExceptionHandler((thread, ex) -> {
					});
					throw new IllegalStateException("on purpose");
				}
				done.countDown();
			});
		}
		assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
	}

	@Test
	void whatWaitsWhenThePoolIsShutDownIsStillRun() throws Exception {
		AtomicInteger run = new AtomicInteger();
		for (int i = 0; i < 50; i++) {
			this.pool.execute(() -> {
				awaitEnd();
				run.incrementAndGet();
			});
		}
		this.pool.shutdown();
		assertThatExceptionOfType(RejectedExecutionException.class).isThrownBy(() -> this.pool.execute(() -> {
		}));
		this.end.countDown();
		assertThat(this.pool.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
		assertThat(run).hasValue(50);
	}

	@Test
	void idleThreadsEndAtOnceWhenThePoolIsShutDown() throws Exception {
		CountDownLatch done = new CountDownLatch(8);
		for (int i = 0; i < 8; i++) {
			this.pool.execute(done::countDown);
		}
		assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
		this.pool.shutdown();
		assertThat(this.pool.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
	}

	@Test
	void whatWaitsIsGivenBackWhenThePoolIsStopped() throws Exception {
		CountDownLatch begun = new CountDownLatch(8);
		for (int i = 0; i < 20; i++) {
			this.pool.execute(() -> {
				begun.countDown();
				awaitEnd();
			});
		}
		assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
		assertThat(this.pool.shutdownNow()).hasSize(12);
		assertThat(this.pool.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
	}

	private void awaitEnd() {
		try {
			this.end.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
