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

import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Pool of platform threads with a queue. It starts threads when calls come, and ends
 * those idle for a minute.
 * <p>
 * No more threads are woken than there is work for: one at a time is signalled, and
 * signals the next one when it has found a call and more are waiting ({@link CallQueue}).
 * On busy processors, threads therefore run call after call instead of being woken for
 * each; when calls block, all threads are running as soon as they can be started.
 * <p>
 * The queue is unbounded: a call needs a thread several times, and must not be refused
 * once it has begun. {@link #isFull(int)} is checked before a call begins.
 *
 * @hidden
 */
public final class ServerThreadPool extends ThreadPoolExecutor {

	private static final long KEEP_ALIVE_SECONDS = 60;

	private final CallQueue queue;

	/**
	 * Thread that starts a signalled worker. Before that start returns, the worker may
	 * have polled and another thread may be starting the next one.
	 */
	private final AtomicReference<@Nullable Thread> starter = new AtomicReference<>();

	/**
	 * Creates a new pool.
	 * @param threads the maximum number of threads
	 * @param threadNamePrefix the prefix of their names
	 * @param queueCapacity the number of waiting calls from which the pool is full
	 */
	ServerThreadPool(int threads, String threadNamePrefix, int queueCapacity) {
		super(threads, threads, KEEP_ALIVE_SECONDS, TimeUnit.SECONDS, new CallQueue(queueCapacity));
		Assert.isTrue(queueCapacity > 0, "'queueCapacity' must be positive");
		this.queue = (CallQueue) getQueue();
		this.queue.setWorkerStarter(this::startWorker);
		AtomicInteger number = new AtomicInteger();
		setThreadFactory((worker) -> new ServerThread(this.queue, worker, threadNamePrefix + number.incrementAndGet(),
				this.starter.get() == Thread.currentThread()));
		allowCoreThreadTimeOut(true);
	}

	/**
	 * Runs a call on one of the threads, as soon as one is free.
	 * @throws java.util.concurrent.RejectedExecutionException if the pool is shut down
	 */
	@Override
	public void execute(Runnable call) {
		Assert.notNull(call, "'call' must not be null");
		boolean accepted = !isShutdown();
		if (accepted) {
			this.queue.add(call);
			accepted = !isShutdown() || !remove(call);
		}
		if (!accepted) {
			getRejectedExecutionHandler().rejectedExecution(call, this);
			return;
		}
		try {
			this.queue.signalWork();
		}
		catch (Throwable ex) {
			// No thread could be started. The existing ones run the call.
			if (getPoolSize() == 0 && remove(call)) {
				throw ex;
			}
		}
	}

	private boolean startWorker() {
		Thread starter = Thread.currentThread();
		this.starter.set(starter);
		try {
			return prestartCoreThread();
		}
		finally {
			this.starter.compareAndSet(starter, null);
		}
	}

	/**
	 * Returns whether no further call should begin.
	 * @param ended the number of calls in the queue that have ended
	 * @return whether the queue has reached its capacity, not counting those
	 */
	public boolean isFull(int ended) {
		return this.queue.isFull(ended);
	}

}
