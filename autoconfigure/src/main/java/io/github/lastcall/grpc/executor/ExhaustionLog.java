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
import java.util.Comparator;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Warning that the threads of a pool do not suffice, at most once a minute: if calls
 * still wait a second after one had to, because all threads that it may use were
 * occupied.
 */
final class ExhaustionLog {

	private static final Log logger = LogFactory.getLog(ServerThreadPool.class);

	private static final long INTERVAL_NANOS = TimeUnit.MINUTES.toNanos(1);

	private static final Duration DELAY = Duration.ofSeconds(1);

	private final ServerThreadPool pool;

	private final String threadNamePrefix;

	private final ServerTimer timer;

	private final AtomicLong nextCheck;

	ExhaustionLog(ServerThreadPool pool, String threadNamePrefix, ServerTimer timer) {
		this.pool = pool;
		this.threadNamePrefix = threadNamePrefix;
		this.timer = timer;
		this.nextCheck = new AtomicLong(timer.nanoTime());
	}

	/**
	 * Called for a call that waits for a thread although no further one can start.
	 */
	void callWaits() {
		long now = this.timer.nanoTime();
		long next = this.nextCheck.get();
		if (now - next >= 0 && this.nextCheck.compareAndSet(next, now + INTERVAL_NANOS)) {
			this.timer.schedule(this::check, DELAY);
		}
	}

	private void check() {
		int waiting = this.pool.getQueue().size();
		this.pool.methods()
			.entrySet()
			.stream()
			.max(Comparator.comparingInt((method) -> method.getValue().active()))
			.filter((method) -> waiting > 0 && isExhausted(method.getValue()))
			.ifPresentOrElse((method) -> warn(waiting, method.getKey(), method.getValue()),
					() -> this.nextCheck.set(this.timer.nanoTime()));
	}

	private boolean isExhausted(ServerThreadPool.MethodThreads threads) {
		return threads.active() >= threads.limit() || this.pool.getPoolSize() >= this.pool.getMaximumPoolSize();
	}

	private void warn(int waiting, String method, ServerThreadPool.MethodThreads threads) {
		logger.warn(
				"%d calls wait for a thread: calls of %s occupy %d of the %d threads that they may use. A thread dump shows what the threads %s* wait for. Set timeouts there, raise grpc.server.executor.threads, or limit each method with grpc.server.executor.max-threads-per-method."
					.formatted(waiting, method, threads.active(), threads.limit(), this.threadNamePrefix));
	}

}
