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

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import io.grpc.MethodDescriptor;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Pool of platform threads with a queue. It starts threads when calls come, and ends
 * those idle for a minute.
 * <p>
 * No more threads are woken than there is work for: one at a time is signalled, and
 * signals the next one when it has found a call and more are waiting ({@link CallQueue}).
 * On busy processors, threads therefore run call after call instead of being woken for
 * each. While they saturate the processors, only a few run at the same time
 * ({@link WorkerLimit}).
 * <p>
 * The calls of one method occupy at most the configured number of threads. A tenth more
 * can start for calls of other methods, so one slow method does not stop the others
 * ({@link MethodBulkhead}).
 * <p>
 * The queue is unbounded: a call needs a thread several times, and must not be refused
 * once it has begun. {@link #isFull(int)} is checked before a call begins.
 *
 * @hidden
 */
public final class ServerThreadPool extends ThreadPoolExecutor {

	private static final long KEEP_ALIVE_SECONDS = 60;

	private final CallQueue queue;

	private final ExhaustionLog exhaustionLog;

	private final int maxThreadsPerMethod;

	/**
	 * By full service name.
	 */
	private final Map<String, Integer> maxThreadsOfServices = new ConcurrentHashMap<>();

	/**
	 * Thread that starts a signalled worker. Before that start returns, the worker may
	 * have polled and another thread may be starting the next one.
	 */
	private final AtomicReference<@Nullable Thread> starter = new AtomicReference<>();

	/**
	 * Creates a new pool.
	 * @param threads the maximum number of threads for calls of one method; a tenth more
	 * can start for calls of other methods
	 * @param maxThreadsPerMethod the maximum number of threads for calls of each method,
	 * at most {@code threads}
	 * @param threadNamePrefix the prefix of their names
	 * @param queueCapacity the number of waiting calls from which the pool is full
	 * @param timer the timer for the limit of the threads that run, and for warnings
	 */
	ServerThreadPool(int threads, int maxThreadsPerMethod, String threadNamePrefix, int queueCapacity,
			ServerTimer timer) {
		super(withOtherMethods(threads), withOtherMethods(threads), KEEP_ALIVE_SECONDS, TimeUnit.SECONDS,
				new CallQueue(queueCapacity, new WorkerLimit(timer, Integer.MAX_VALUE)));
		Assert.isTrue(queueCapacity > 0, "'queueCapacity' must be positive");
		Assert.isTrue(maxThreadsPerMethod > 0, "'maxThreadsPerMethod' must be positive");
		this.maxThreadsPerMethod = Math.min(threads, maxThreadsPerMethod);
		this.exhaustionLog = new ExhaustionLog(this, threadNamePrefix, timer);
		this.queue = (CallQueue) getQueue();
		this.queue.setWorkerStarter(this::startWorker);
		this.queue.setMethodLimits(this::maxThreads);
		AtomicInteger number = new AtomicInteger();
		setThreadFactory((worker) -> new ServerThread(this.queue, worker, threadNamePrefix + number.incrementAndGet(),
				this.starter.get() == Thread.currentThread()));
		allowCoreThreadTimeOut(true);
	}

	private static int withOtherMethods(int threads) {
		return threads + threads / 10;
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
			if (!this.queue.submit(call)) {
				this.exhaustionLog.callWaits();
				return;
			}
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
		if (this.queue.workers().size() >= getMaximumPoolSize()) {
			this.exhaustionLog.callWaits();
			return false;
		}
		Thread starter = Thread.currentThread();
		this.starter.set(starter);
		try {
			return prestartCoreThread();
		}
		finally {
			this.starter.compareAndSet(starter, null);
		}
	}

	@Override
	protected void beforeExecute(Thread thread, Runnable call) {
		if (call instanceof CallTask task && thread instanceof ServerThread worker) {
			worker.setMethodName(task.method().name());
		}
	}

	@Override
	protected void afterExecute(Runnable call, @Nullable Throwable ex) {
		if (call instanceof CallTask task && Thread.currentThread() instanceof ServerThread worker) {
			worker.setMethodName(null);
			this.queue.exit(task);
		}
	}

	/**
	 * Limits the threads for calls of each method of a service, from now on. To be called
	 * before the first call.
	 * @param service the full name of the service
	 * @param maxThreads the maximum number of threads
	 */
	void limitMethodsOf(String service, int maxThreads) {
		this.maxThreadsOfServices.put(service, Math.min(this.maxThreadsPerMethod, maxThreads));
	}

	/**
	 * Returns the maximum number of threads for the calls of a method.
	 */
	private int maxThreads(String methodName) {
		String service = MethodDescriptor.extractFullServiceName(methodName);
		return (service != null) ? this.maxThreadsOfServices.getOrDefault(service, this.maxThreadsPerMethod)
				: this.maxThreadsPerMethod;
	}

	/**
	 * Returns the methods that have been called and the threads that their calls occupy.
	 * @return the methods by full name
	 */
	public Map<String, MethodThreads> methods() {
		Map<String, Integer> threads = new HashMap<>();
		for (ServerThread worker : this.queue.workers()) {
			String method = worker.methodName();
			if (method != null) {
				threads.merge(method, 1, Integer::sum);
			}
		}
		Map<String, MethodThreads> methods = new TreeMap<>();
		this.queue.bulkheads().forEach((name, bulkhead) -> {
			int active = threads.getOrDefault(name, 0);
			methods.put(name, new MethodThreads(active, bulkhead.limit(), Math.max(0, bulkhead.calls() - active)));
		});
		return methods;
	}

	/**
	 * Returns whether no further call should begin.
	 * @param ended the number of calls in the queue that have ended
	 * @return whether the queue has reached its capacity, not counting those
	 */
	public boolean isFull(int ended) {
		return this.queue.isFull(ended);
	}

	/**
	 * Threads that the calls of a method occupy.
	 *
	 * @param active the number of threads that run a call of it
	 * @param limit the maximum number of threads
	 * @param waiting the number of calls that wait for a thread
	 * @hidden
	 */
	public record MethodThreads(int active, int limit, int waiting) {

	}

}
