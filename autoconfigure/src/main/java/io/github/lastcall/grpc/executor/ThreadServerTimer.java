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

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.DisposableBean;

/**
 * {@link ServerTimer} with a thread of its own, which runs only while tasks are
 * scheduled, unless it is {@link #started}. The application's schedulers are not used:
 * they stop before the server does, and a slow task of a user would delay the tasks.
 *
 * @hidden
 */
public final class ThreadServerTimer implements AopInfrastructureBean, ServerTimer, DisposableBean {

	private final ScheduledThreadPoolExecutor executor;

	/**
	 * Creates a new timer. No thread starts before the first task.
	 * @param threadName the name of its thread
	 */
	public ThreadServerTimer(String threadName) {
		this(daemons(threadName), false);
	}

	/**
	 * Creates a timer whose thread starts now and stays, so that its tasks run even when
	 * no thread can be started any more.
	 * @param threadName the name of its thread
	 */
	public static ThreadServerTimer started(String threadName) {
		return new ThreadServerTimer(daemons(threadName), true);
	}

	ThreadServerTimer(ThreadFactory threads, boolean started) {
		this.executor = new ScheduledThreadPoolExecutor(1, threads);
		// A connection may end after the context: its task is not needed any more.
		this.executor.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
		this.executor.setRemoveOnCancelPolicy(true);
		this.executor.setKeepAliveTime(1, TimeUnit.SECONDS);
		this.executor.allowCoreThreadTimeOut(!started);
		if (started) {
			this.executor.prestartCoreThread();
		}
	}

	private static ThreadFactory daemons(String threadName) {
		return (task) -> {
			Thread thread = new Thread(task, threadName);
			thread.setDaemon(true);
			return thread;
		};
	}

	@Override
	public long nanoTime() {
		return System.nanoTime();
	}

	@Override
	public Runnable scheduleAt(Runnable task, long nanoTime) {
		ScheduledFuture<?> future = this.executor.schedule(task, nanoTime - nanoTime(), TimeUnit.NANOSECONDS);
		return () -> future.cancel(false);
	}

	@Override
	public void destroy() {
		this.executor.shutdownNow();
	}

}
