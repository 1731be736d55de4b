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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

import io.github.lastcall.grpc.testing.ManualServerTimer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

class WorkerLimitTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(30);

	private static final int MIN_COMPETING = Runtime.getRuntime().availableProcessors() + 1;

	private static final Duration SLOW = Duration.ofNanos(WorkerLimit.SLOW + 1);

	private static final Duration INTERVAL = Duration.ofNanos(WorkerLimit.INTERVAL);

	private final ManualServerTimer timer = new ManualServerTimer();

	private final List<Thread> workers = new ArrayList<>();

	private final CountDownLatch end = new CountDownLatch(1);

	@AfterEach
	void endAll() throws InterruptedException {
		this.end.countDown();
		for (Thread worker : this.workers) {
			worker.interrupt();
			worker.join();
		}
		this.timer.destroy();
	}

	@Test
	void thereIsNoLimitWhileWakeUpsAreFast() {
		WorkerLimit limit = new WorkerLimit(this.timer, Integer.MAX_VALUE);
		computingWorkers(20);
		wakeUp(limit, Duration.ofNanos(WorkerLimit.SLOW));
		assertThat(limit.get()).isEqualTo(Integer.MAX_VALUE);
		assertThat(limit.isReached(1_000_000)).isFalse();
	}

	@Test
	void aSlowWakeUpRemovesAQuarterOfTheWorkersThatCompute() {
		WorkerLimit limit = new WorkerLimit(this.timer, Integer.MAX_VALUE);
		computingWorkers(20);
		blockedWorkers(10);
		wakeUp(limit, SLOW);
		assertThat(limit.get()).isEqualTo(25);
		assertThat(limit.isReached(25)).isTrue();
		assertThat(limit.isReached(24)).isFalse();
	}

	@Test
	void slowWakeUpsLeaveAWorkerForEachProcessorAndOneMore() {
		WorkerLimit limit = new WorkerLimit(this.timer, Integer.MAX_VALUE);
		blockedWorkers(10);
		for (int i = 0; i < 3; i++) {
			wakeUp(limit, SLOW);
			assertThat(limit.get()).isEqualTo(10 + MIN_COMPETING);
		}
	}

	@Test
	void fastWakeUpsRaiseTheLimitByAQuarterUntilThereIsNone() {
		WorkerLimit limit = new WorkerLimit(this.timer, 8);
		wakeUp(limit, Duration.ZERO);
		assertThat(limit.get()).isEqualTo(11);
		for (int i = 0; i < 100; i++) {
			int before = limit.get();
			wakeUp(limit, Duration.ZERO);
			assertThat(limit.get()).isGreaterThanOrEqualTo(before);
		}
		assertThat(limit.get()).isEqualTo(Integer.MAX_VALUE);
	}

	@Test
	void atTheLimitOneWakeUpIsAllowedInEachInterval() {
		WorkerLimit limit = new WorkerLimit(this.timer, 8);
		limit.wakingUp();
		assertThat(limit.allowsWakeup(7)).isTrue();
		assertThat(limit.allowsWakeup(8)).isFalse();
		this.timer.advance(INTERVAL);
		assertThat(limit.allowsWakeup(8)).isTrue();
		limit.wakingUp();
		assertThat(limit.allowsWakeup(8)).isFalse();
	}

	@Test
	void callsThatWaitAtTheLimitGetAnotherWorkerInEachInterval() {
		CallQueue queue = new CallQueue(10, new WorkerLimit(this.timer, Integer.MAX_VALUE));
		queue.setWorkerStarter(() -> {
			this.timer.advance(SLOW);
			return startWorker(queue);
		});
		for (int i = 0; i < MIN_COMPETING + 2; i++) {
			queue.add(this::compute);
			queue.signalWork();
		}
		// No further call comes.
		for (int waiting = 2; waiting > 0; waiting--) {
			int expected = waiting;
			await().atMost(TIMEOUT).until(() -> queue.size() == expected && this.timer.pending() == 1);
			this.timer.advance(INTERVAL);
		}
		await().atMost(TIMEOUT).until(queue::isEmpty);
	}

	@Test
	void aWorkerBeyondTheLimitTakesNoCall() {
		CallQueue queue = new CallQueue(10, new WorkerLimit(this.timer, 0));
		queue.add(() -> {
		});
		CompletableFuture<Runnable> taken = new CompletableFuture<>();
		start(new ServerThread(queue, () -> taken.complete(take(queue)), "worker", false));
		await().atMost(TIMEOUT).until(() -> queue.idle().count() == 1 && this.timer.pending() == 1);
		assertThat(taken).isNotDone();
		this.timer.advance(INTERVAL);
		assertThat(taken).succeedsWithin(TIMEOUT);
	}

	/**
	 * A timer may wait for a lock, as that of the JDK does, and so take the permit of the
	 * worker that has just been woken.
	 */
	@Test
	void aWakeUpDuringARetryIsNotLost() {
		ServerTimer retriesAtOnce = new ServerTimer() {

			@Override
			public long nanoTime() {
				return WorkerLimitTests.this.timer.nanoTime();
			}

			@Override
			public Runnable scheduleAt(Runnable task, long nanoTime) {
				WorkerLimitTests.this.timer.advance(INTERVAL);
				task.run();
				LockSupport.park();
				return () -> {
				};
			}

		};
		CallQueue queue = new CallQueue(10, new WorkerLimit(retriesAtOnce, 0));
		queue.add(() -> {
		});
		CompletableFuture<Runnable> taken = new CompletableFuture<>();
		start(new ServerThread(queue, () -> taken.complete(take(queue)), "worker", false));
		assertThat(taken).succeedsWithin(TIMEOUT);
	}

	private void wakeUp(WorkerLimit limit, Duration latency) {
		limit.wakingUp();
		this.timer.advance(latency);
		limit.wokenUp(this.workers.size(), this.workers);
	}

	private void computingWorkers(int number) {
		for (int i = 0; i < number; i++) {
			start(new Thread(this::compute));
		}
	}

	private void blockedWorkers(int number) {
		for (int i = 0; i < number; i++) {
			Thread thread = start(new Thread(this::awaitEnd));
			await().atMost(TIMEOUT).until(() -> thread.getState() == Thread.State.WAITING);
		}
	}

	private boolean startWorker(CallQueue queue) {
		start(new ServerThread(queue, () -> take(queue).run(), "worker", true));
		return true;
	}

	private Thread start(Thread thread) {
		this.workers.add(thread);
		thread.start();
		return thread;
	}

	private Runnable take(CallQueue queue) {
		try {
			return queue.take();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private void compute() {
		while (this.end.getCount() > 0) {
			Thread.onSpinWait();
		}
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
