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

import java.lang.management.ManagementFactory;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

import com.sun.management.OperatingSystemMXBean;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.core.task.VirtualThreadTaskExecutor;
import org.springframework.util.Assert;

/**
 * Executor of the application's calls. It is closed with its context.
 * <p>
 * Deliberately not an {@link Executor}: a bean of that type would replace the one that
 * Spring Boot configures for the application.
 */
public final class ServerExecutor implements AopInfrastructureBean, DisposableBean {

	/**
	 * Runs tasks on the calling thread, so calls on the event loop.
	 */
	public static final Executor DIRECT = Runnable::run;

	private static final String THREAD_NAME_PREFIX = "grpc-executor-";

	private static final int MIN_DEFAULT_THREADS = 200;

	private static final int MAX_DEFAULT_THREADS = 2000;

	private static final long MEMORY_PER_DEFAULT_THREAD = 512 * 1024;

	private final Executor executor;

	private final Runnable close;

	private ServerExecutor(Executor executor, Runnable close) {
		this.executor = executor;
		this.close = close;
	}

	/**
	 * Creates an executor with a pool of platform threads and a queue for calls that wait
	 * for a thread.
	 * @param threads the maximum number of threads for calls of one method; a tenth more
	 * can start for calls of other methods
	 * @param queueCapacity the maximum number of waiting calls; further calls are refused
	 * @return the executor
	 */
	public static ServerExecutor platform(int threads, int queueCapacity) {
		return platform(threads, threads, queueCapacity);
	}

	/**
	 * Creates an executor with a pool of platform threads and a queue for calls that wait
	 * for a thread, and a bulkhead for each method.
	 * @param threads the maximum number of threads for calls of one method; a tenth more
	 * can start for calls of other methods
	 * @param maxThreadsPerMethod the maximum number of threads for calls of each method,
	 * at most {@code threads}
	 * @param queueCapacity the maximum number of waiting calls; further calls are refused
	 * @return the executor
	 */
	public static ServerExecutor platform(int threads, int maxThreadsPerMethod, int queueCapacity) {
		ThreadServerTimer timer = new ThreadServerTimer("grpc-executor-timer");
		ServerThreadPool pool = new ServerThreadPool(threads, maxThreadsPerMethod, THREAD_NAME_PREFIX, queueCapacity,
				timer);
		return new ServerExecutor(pool, () -> {
			// Calls that still run have been cancelled already.
			pool.shutdown();
			timer.destroy();
		});
	}

	/**
	 * Returns the default maximum number of platform threads: as many as the memory of
	 * the container or machine can bear beside the heap, but no more than hosts usually
	 * allow.
	 * @return the number of threads
	 */
	public static int defaultThreads() {
		if (ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system) {
			long threads = system.getTotalMemorySize() / MEMORY_PER_DEFAULT_THREAD;
			return (int) Math.max(MIN_DEFAULT_THREADS, Math.min(threads, MAX_DEFAULT_THREADS));
		}
		return MIN_DEFAULT_THREADS;
	}

	/**
	 * Creates an executor with a virtual thread per callback.
	 * @return the executor
	 * @throws UnsupportedOperationException before Java 21
	 */
	public static ServerExecutor virtual() {
		return new ServerExecutor(new VirtualThreadTaskExecutor(THREAD_NAME_PREFIX), () -> {
		});
	}

	/**
	 * Creates an executor that runs calls on the event loop. Handlers must not block.
	 * @return the executor
	 */
	public static ServerExecutor direct() {
		return of(DIRECT);
	}

	/**
	 * Uses an executor of the application, which remains responsible for closing it. A
	 * call needs a thread several times and ends when a task is rejected with a
	 * {@link RejectedExecutionException}, so the queue of the executor should not limit
	 * the number of calls. An executor that blocks in {@code execute} (a concurrency
	 * limit) or runs tasks on the calling thread (a caller-runs policy) blocks the event
	 * loop, without a warning.
	 * @param executor the executor
	 * @return the executor
	 */
	public static ServerExecutor of(Executor executor) {
		Assert.notNull(executor, "'executor' must not be null");
		return new ServerExecutor(executor, () -> {
		});
	}

	/**
	 * Returns the executor.
	 * @return the executor
	 */
	public Executor get() {
		return this.executor;
	}

	@Override
	public void destroy() {
		this.close.run();
	}

}
