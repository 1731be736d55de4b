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

package io.github.lastcall.grpc.security;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.lastcall.grpc.executor.NettyEventLoop;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.DisposableBean;

/**
 * Where the callers of calls on event loops are authenticated: the executor of the
 * server, or a few threads of its own if that runs tasks on event loops too.
 *
 * @hidden
 */
public final class AuthenticationThreads implements DisposableBean, AopInfrastructureBean {

	/**
	 * Maximum time for which a call waits for its authentication.
	 */
	static final Duration MAX_WAIT = Duration.ofSeconds(30);

	private static final int THREADS = 8;

	private static final int MAX_WAITING = 10_000;

	private final Executor executor;

	private final int threads;

	private final int maxWaiting;

	private final AtomicInteger waiting = new AtomicInteger();

	private @Nullable ThreadPoolExecutor own;

	private boolean closed;

	/**
	 * Creates new threads, which are started when they are needed.
	 * @param executor the executor of the server
	 */
	public AuthenticationThreads(Executor executor) {
		this(executor, THREADS, MAX_WAITING);
	}

	/**
	 * Creates new threads, which are started when they are needed.
	 * @param executor the executor of the server
	 * @param threads the maximum number of own threads
	 * @param maxWaiting the maximum number of calls that wait for a thread
	 */
	AuthenticationThreads(Executor executor, int threads, int maxWaiting) {
		this.executor = executor;
		this.threads = threads;
		this.maxWaiting = maxWaiting;
	}

	/**
	 * Runs a task that may block.
	 * @return whether it is accepted, {@code false} if too many tasks wait
	 * @throws RejectedExecutionException if the executor is full or closed
	 */
	boolean execute(Runnable task) {
		if (this.waiting.incrementAndGet() > this.maxWaiting) {
			this.waiting.decrementAndGet();
			return false;
		}
		boolean accepted = false;
		try {
			this.executor.execute(() -> runOffEventLoop(() -> {
				this.waiting.decrementAndGet();
				task.run();
			}));
			accepted = true;
			return true;
		}
		finally {
			if (!accepted) {
				this.waiting.decrementAndGet();
			}
		}
	}

	Executor executor() {
		return this.executor;
	}

	private void runOffEventLoop(Runnable task) {
		if (NettyEventLoop.current() == null) {
			task.run();
		}
		else {
			own().execute(task);
		}
	}

	private synchronized ThreadPoolExecutor own() {
		if (this.closed) {
			throw new RejectedExecutionException("The server is shutting down");
		}
		ThreadPoolExecutor own = this.own;
		if (own == null) {
			AtomicInteger number = new AtomicInteger();
			own = new ThreadPoolExecutor(this.threads, this.threads, 60, TimeUnit.SECONDS,
					new LinkedBlockingQueue<>(this.maxWaiting), (task) -> {
						Thread thread = new Thread(task, "grpc-authentication-" + number.incrementAndGet());
						thread.setDaemon(true);
						return thread;
					});
			own.allowCoreThreadTimeOut(true);
			this.own = own;
		}
		return own;
	}

	@Override
	public synchronized void destroy() {
		this.closed = true;
		if (this.own != null) {
			this.own.shutdownNow();
		}
	}

}
