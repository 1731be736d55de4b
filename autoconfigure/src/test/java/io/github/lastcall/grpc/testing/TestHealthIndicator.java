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

package io.github.lastcall.grpc.testing;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;

/**
 * A health indicator that answers what a test says, hangs when a test says so, and
 * remembers who has asked.
 */
public final class TestHealthIndicator implements HealthIndicator {

	private final AtomicInteger asked = new AtomicInteger();

	private final Set<String> threads = ConcurrentHashMap.newKeySet();

	private volatile Supplier<Status> answer = () -> Status.UP;

	private volatile @Nullable CountDownLatch hanging;

	@Override
	public Health health() {
		// Counted first: who has been counted after a change sees the change.
		this.threads.add(Thread.currentThread().getName());
		this.asked.incrementAndGet();
		CountDownLatch hanging = this.hanging;
		if (hanging != null) {
			try {
				hanging.await();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException("interrupted", ex);
			}
		}
		return Health.status(this.answer.get()).build();
	}

	public void answer(Status status) {
		this.answer = () -> status;
	}

	public void fail(RuntimeException failure) {
		this.answer = () -> {
			throw failure;
		};
	}

	/**
	 * Hang from now on.
	 * @return lets those go that hang, and no other hang
	 */
	public Runnable hang() {
		CountDownLatch latch = new CountDownLatch(1);
		this.hanging = latch;
		return () -> {
			this.hanging = null;
			latch.countDown();
		};
	}

	/**
	 * How many times it has been asked, an answer that hangs included.
	 * @return the number of questions
	 */
	public int asked() {
		return this.asked.get();
	}

	/**
	 * The threads that have asked.
	 * @return names of threads
	 */
	public Set<String> threads() {
		return Set.copyOf(this.threads);
	}

}
