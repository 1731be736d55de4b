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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import io.github.lastcall.grpc.testing.ManualServerTimer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

class ThreadGrowthTests {

	private static final int MAX_THREADS = 100;

	private final ManualServerTimer timer = new ManualServerTimer();

	private final CallQueue queue = new CallQueue(Integer.MAX_VALUE);

	private final AtomicInteger computing = new AtomicInteger();

	private final AtomicLong completed = new AtomicLong();

	private final ThreadGrowth growth = new ThreadGrowth(this.queue, MAX_THREADS, this::start, this.completed::get,
			this.computing::get, this.timer);

	@BeforeEach
	void startTenThreads() {
		for (int i = 0; i < 10; i++) {
			start();
		}
	}

	@AfterEach
	void destroy() {
		this.timer.destroy();
	}

	@Test
	void noThreadIsStartedBeforeCallsHaveWaitedForAWindow() {
		addCalls(50);
		assertThat(threads()).isEqualTo(10);
		this.timer.advance(ThreadGrowth.WINDOW);
		assertThat(threads()).isEqualTo(20);
	}

	@Test
	void theNumberOfThreadsAtMostDoublesInEachWindow() {
		addCalls(1000);
		this.timer.advance(ThreadGrowth.WINDOW);
		this.timer.advance(ThreadGrowth.WINDOW);
		assertThat(threads()).isEqualTo(40);
		this.timer.advance(ThreadGrowth.WINDOW);
		assertThat(threads()).isEqualTo(80);
		this.timer.advance(ThreadGrowth.WINDOW);
		assertThat(threads()).isEqualTo(MAX_THREADS);
	}

	@Test
	void noMoreThreadsAreStartedThanCallsWait() {
		addCalls(3);
		this.timer.advance(ThreadGrowth.WINDOW);
		assertThat(threads()).isEqualTo(13);
	}

	@Test
	void noMoreThreadsAreStartedThanTheWaitingCallsWouldHaveNeeded() {
		addCalls(30);
		this.completed.set(50);
		this.timer.advance(ThreadGrowth.WINDOW);
		assertThat(threads()).isEqualTo(16);
	}

	@Test
	void noThreadIsStartedWhileCallsWaitForLessThanHalfAWindow() {
		addCalls(30);
		this.completed.set(60);
		this.timer.advance(ThreadGrowth.WINDOW);
		assertThat(threads()).isEqualTo(10);
	}

	@Test
	void threadsAreStartedOnceThoseAtWorkHaveBecomeSlower() {
		addCalls(30);
		this.completed.set(60);
		this.timer.advance(ThreadGrowth.WINDOW);
		this.timer.advance(ThreadGrowth.WINDOW);
		this.timer.advance(ThreadGrowth.WINDOW);
		assertThat(threads()).isEqualTo(20);
	}

	@Test
	void noThreadIsStartedWhileTheProcessorsAreSaturated() {
		this.computing.set(10);
		addCalls(50);
		this.timer.advance(ThreadGrowth.WINDOW);
		this.timer.advance(ThreadGrowth.WINDOW);
		assertThat(threads()).isEqualTo(10);
		this.computing.set(0);
		this.timer.advance(ThreadGrowth.WINDOW);
		assertThat(threads()).isEqualTo(20);
	}

	@Test
	void aWorkerTakesNoCallWhileTheProcessorsAreSaturated() {
		this.computing.set(10);
		addCalls(50);
		this.timer.advance(ThreadGrowth.WINDOW);
		this.timer.advance(ThreadGrowth.WINDOW);
		CompletableFuture<Runnable> taken = new CompletableFuture<>();
		new ServerThread(this.queue, () -> taken.complete(take()), "worker", false).start();
		await().until(() -> this.queue.idle().count() == 1);
		assertThat(taken).isNotDone();
		this.computing.set(0);
		this.timer.advance(ThreadGrowth.WINDOW);
		assertThat(taken).succeedsWithin(Duration.ofSeconds(30));
	}

	private Runnable take() {
		try {
			return this.queue.take();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Test
	void callsThatComeAfterAPauseWaitForAWindowOfTheirOwn() {
		addCalls(1);
		this.queue.clear();
		this.timer.advance(ThreadGrowth.WINDOW);
		this.timer.advance(ThreadGrowth.WINDOW.multipliedBy(10));
		addCalls(50);
		assertThat(threads()).isEqualTo(10);
		this.timer.advance(ThreadGrowth.WINDOW);
		assertThat(threads()).isEqualTo(20);
	}

	/**
	 * Calls that wait, of which the first one requests growth.
	 */
	private void addCalls(int calls) {
		for (int i = 0; i < calls; i++) {
			this.queue.add(() -> {
			});
		}
		this.growth.request();
		await().atMost(Duration.ofSeconds(30)).until(() -> this.timer.pending() == 1);
	}

	private boolean start() {
		this.queue.workerStarted(new ServerThread(this.queue, () -> {
		}, "test", false));
		return true;
	}

	private int threads() {
		return this.queue.workers().size();
	}

}
