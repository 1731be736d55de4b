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

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import org.jetbrains.lincheck.Lincheck;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Interleavings of producers and workers, explored by Lincheck. A call that is forgotten
 * is a worker that waits for ever, which Lincheck reports as a deadlock.
 */
@Tag("full")
@Isolated("Lincheck instruments the classes of the JDK")
class CallQueueInterleavingTests {

	private static final int INVOCATIONS = 1_000;

	@Test
	void aWorkerTakesEveryCallOfTwoProducers() {
		Lincheck.runConcurrentTest(INVOCATIONS, () -> run(1, 2, Integer.MAX_VALUE));
	}

	@Test
	void twoWorkersTakeACallEach() {
		Lincheck.runConcurrentTest(INVOCATIONS, () -> run(2, 1, Integer.MAX_VALUE));
	}

	@Test
	void aWorkerBeyondTheLimitTakesTheCallThatTheOtherOneLeaves() {
		Lincheck.runConcurrentTest(INVOCATIONS, () -> run(2, 1, 1));
	}

	@Test
	void aWorkerThatExitsPassesItsWakeUpOn() {
		Lincheck.runConcurrentTest(INVOCATIONS, CallQueueInterleavingTests::runWithWorkersThatExit);
	}

	@Test
	void callsOfAMethodWaitForEachOtherAndNoneIsForgotten() {
		Lincheck.runConcurrentTest(INVOCATIONS, () -> runWithBulkhead(1));
	}

	@Test
	void aPermitIsHandedToOneCallOnly() {
		Lincheck.runConcurrentTest(INVOCATIONS, () -> runWithBulkhead(2));
	}

	/**
	 * The call of each producer runs on some worker, and never both at once.
	 */
	private static void runWithBulkhead(int workers) {
		CallQueue queue = queue();
		queue.setMethodLimits((method) -> 1);
		AtomicInteger running = new AtomicInteger();
		AtomicInteger calls = new AtomicInteger();
		Thread[] threads = new Thread[workers];
		for (int i = 0; i < workers; i++) {
			threads[i] = new ServerThread(queue, () -> {
				for (int j = 0; j < 2 / workers; j++) {
					CallTask call = (CallTask) take(queue);
					check(running.incrementAndGet() == 1);
					call.run();
					running.decrementAndGet();
					queue.exit(call);
				}
			}, "worker-" + i, false);
			threads[i].start();
		}
		Thread producer = new Thread(() -> submit(queue, calls));
		producer.start();
		submit(queue, calls);
		join(producer);
		for (Thread thread : threads) {
			join(thread);
		}
		check(calls.get() == 2 && queue.isEmpty());
	}

	private static CallQueue queue() {
		return new CallQueue(10,
				new WorkerLimit(new ThreadPerTask(new ConcurrentLinkedQueue<>(), new AtomicLong()), Integer.MAX_VALUE));
	}

	private static void submit(CallQueue queue, AtomicInteger calls) {
		if (queue.submit(new Call(calls))) {
			queue.signalWork();
		}
	}

	private static void run(int workers, int callsOfEach, int limit) {
		ThreadPerTask timer = new ThreadPerTask(new ConcurrentLinkedQueue<>(), new AtomicLong());
		CallQueue queue = new CallQueue(10, new WorkerLimit(timer, limit));
		AtomicInteger calls = new AtomicInteger();
		Thread[] threads = new Thread[workers];
		for (int i = 0; i < workers; i++) {
			threads[i] = new ServerThread(queue, () -> {
				for (int j = 0; j < callsOfEach; j++) {
					take(queue).run();
				}
			}, "worker-" + i, false);
			threads[i].start();
		}
		produceOnTwoThreads(queue, calls);
		for (Thread thread : threads) {
			join(thread);
		}
		for (Thread task = timer.threads().poll(); task != null; task = timer.threads().poll()) {
			join(task);
		}
		check(calls.get() == 2);
	}

	private static void runWithWorkersThatExit() {
		CallQueue queue = queue();
		AtomicInteger calls = new AtomicInteger();
		AtomicBoolean running = new AtomicBoolean();
		Queue<Thread> workers = new ConcurrentLinkedQueue<>();
		// As in a pool whose other threads are busy, and with no keep-alive.
		queue.setWorkerStarter(() -> {
			if (!running.compareAndSet(false, true)) {
				return false;
			}
			Thread worker = new ServerThread(queue, () -> {
				pollOnce(queue);
				running.set(false);
			}, "worker", true);
			workers.add(worker);
			worker.start();
			return true;
		});
		produceOnTwoThreads(queue, calls);
		// A worker starts the next one before it ends.
		for (Thread worker = workers.poll(); worker != null; worker = workers.poll()) {
			join(worker);
		}
		check(calls.get() == 2);
	}

	private static void produceOnTwoThreads(CallQueue queue, AtomicInteger calls) {
		Thread producer = new Thread(() -> produce(queue, calls));
		producer.start();
		produce(queue, calls);
		join(producer);
	}

	private static void produce(CallQueue queue, AtomicInteger calls) {
		queue.add(calls::incrementAndGet);
		queue.signalWork();
	}

	private static Runnable take(CallQueue queue) {
		try {
			return queue.take();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static void pollOnce(CallQueue queue) {
		try {
			Runnable call = queue.poll(0, TimeUnit.NANOSECONDS);
			if (call != null) {
				call.run();
			}
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static void join(Thread thread) {
		try {
			thread.join();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Without AssertJ, whose classes Lincheck would explore too.
	 */
	private static void check(boolean condition) {
		if (!condition) {
			throw new AssertionError("A call has been forgotten");
		}
	}

	private record Call(AtomicInteger calls, CallTask.Method method) implements CallTask {

		Call(AtomicInteger calls) {
			this(calls, new CallTask.Method("method"));
		}

		@Override
		public void run() {
			this.calls.incrementAndGet();
		}

	}

	/**
	 * Time passes when a task is due, immediately.
	 */
	private record ThreadPerTask(Queue<Thread> threads, AtomicLong time) implements ServerTimer {

		@Override
		public long nanoTime() {
			return this.time.get();
		}

		@Override
		public Runnable scheduleAt(Runnable task, long nanoTime) {
			this.time.accumulateAndGet(nanoTime, Math::max);
			Thread thread = new Thread(task);
			this.threads.add(thread);
			thread.start();
			return () -> {
			};
		}

	}

}
