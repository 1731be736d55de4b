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

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicInteger;

import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.VirtualThreadTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

/**
 * Counter of the threads of each executor that wait for a client. At most half of them
 * wait at the same time, so that slow clients leave threads to other calls.
 *
 * @hidden
 */
public final class WaitingThreads {

	private final Map<Executor, AtomicInteger> waiting = new ConcurrentHashMap<>();

	/**
	 * Registers the current thread before it waits.
	 * @param executor the executor that the thread belongs to
	 * @return whether it may, in which case {@link #leave(Executor)} must follow
	 */
	public boolean enter(Executor executor) {
		AtomicInteger count = this.waiting.computeIfAbsent(executor, (first) -> new AtomicInteger());
		if (count.incrementAndGet() <= half(executor)) {
			return true;
		}
		count.decrementAndGet();
		return false;
	}

	/**
	 * Unregisters the current thread after it has waited.
	 * @param executor the executor that the thread belongs to
	 */
	public void leave(Executor executor) {
		AtomicInteger count = this.waiting.get(executor);
		if (count != null) {
			count.decrementAndGet();
		}
	}

	private static int half(Executor executor) {
		if (executor instanceof ThreadPoolExecutor pool) {
			return pool.getMaximumPoolSize() / 2;
		}
		if (executor instanceof ThreadPoolTaskExecutor pool) {
			return pool.getMaxPoolSize() / 2;
		}
		if (executor instanceof ForkJoinPool pool) {
			return pool.getParallelism() / 2;
		}
		if (executor instanceof VirtualThreadTaskExecutor) {
			return Integer.MAX_VALUE;
		}
		if (executor instanceof SimpleAsyncTaskExecutor threads) {
			int limit = threads.getConcurrencyLimit();
			return (limit > 0) ? limit / 2 : Integer.MAX_VALUE;
		}
		// The size is unknown. Hardly any pool has fewer threads.
		return Runtime.getRuntime().availableProcessors() / 2;
	}

}
