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
 * Platform threads, and a queue for the calls that find all of them busy. No thread
 * starts before the first call, and a thread that has had nothing to do for a minute
 * ends.
 * <p>
 * No more threads wake up than there is work for: one at a time comes for what waits, and
 * lets the next one come when it has found something and there is more. On processors
 * that are busy, threads so go on with call after call instead of being woken for each;
 * when calls block, all threads are there as soon as they can be started. The last thread
 * to have had nothing to do is the first to come, so that few threads with warm stacks do
 * what few can do.
 * <p>
 * The queue itself takes whatever comes: a call gets its thread several times, and what
 * has been begun must not be refused. Whoever begins a call asks {@link #isFull(int)}
 * before.
 */
public final class ServerThreadPool extends ThreadPoolExecutor {

	private static final long KEEP_ALIVE_SECONDS = 60;

	private final WaitingCalls waiting;

	/**
	 * Starts a thread that is to come for what waits. It may have come, and another one
	 * be started, before the start of the first has returned.
	 */
	private final AtomicReference<@Nullable Thread> starter = new AtomicReference<>();

	/**
	 * Create a new pool.
	 * @param threads how many threads there are at most
	 * @param threadNamePrefix what their names begin with
	 * @param queueCapacity how many calls may wait for a thread
	 */
	ServerThreadPool(int threads, String threadNamePrefix, int queueCapacity) {
		super(threads, threads, KEEP_ALIVE_SECONDS, TimeUnit.SECONDS, new WaitingCalls(queueCapacity));
		Assert.isTrue(queueCapacity > 0, "'queueCapacity' must be positive");
		this.waiting = (WaitingCalls) getQueue();
		this.waiting.setThreads(this::startThread);
		AtomicInteger number = new AtomicInteger();
		setThreadFactory((worker) -> new ServerThread(this.waiting, worker, threadNamePrefix + number.incrementAndGet(),
				this.starter.get() == Thread.currentThread()));
		allowCoreThreadTimeOut(true);
	}

	/**
	 * Run something on one of the threads, as soon as one is free.
	 * @param call what to run
	 * @throws java.util.concurrent.RejectedExecutionException if the pool is shut down
	 */
	@Override
	public void execute(Runnable call) {
		Assert.notNull(call, "'call' must not be null");
		boolean accepted = !isShutdown();
		if (accepted) {
			this.waiting.add(call);
			accepted = !isShutdown() || !remove(call);
		}
		if (!accepted) {
			getRejectedExecutionHandler().rejectedExecution(call, this);
			return;
		}
		try {
			this.waiting.letOneCome();
		}
		catch (Throwable ex) {
			// No thread could be started. Those there are run it.
			if (getPoolSize() == 0 && remove(call)) {
				throw ex;
			}
		}
	}

	private boolean startThread() {
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
	 * Whether no other call should begin now.
	 * @param ended how many of those that wait for a thread have ended meanwhile
	 * @return whether as many others wait as may
	 */
	public boolean isFull(int ended) {
		return this.waiting.isFull(ended);
	}

}
