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

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import org.jspecify.annotations.Nullable;

import io.github.lastcall.grpc.executor.ServerTimer;

import org.springframework.beans.factory.DisposableBean;

/**
 * A timer whose time passes only when a test says so. What is due when it is scheduled
 * runs at once, on a thread of the timer as in production.
 */
public final class ManualServerTimer implements ServerTimer, DisposableBean {

	private final ExecutorService executor = Executors
		.newSingleThreadExecutor((task) -> new Thread(task, "grpc-manual-timer"));

	private final List<Task> tasks = new ArrayList<>();

	private long now;

	@Override
	public synchronized long nanoTime() {
		return this.now;
	}

	@Override
	public synchronized Runnable scheduleAt(Runnable task, long nanoTime) {
		if (nanoTime <= this.now) {
			if (!this.executor.isShutdown()) {
				this.executor.execute(task);
			}
			return () -> {
			};
		}
		Task scheduled = new Task(nanoTime, task);
		this.tasks.add(scheduled);
		return () -> remove(scheduled);
	}

	private synchronized boolean remove(Task task) {
		return this.tasks.remove(task);
	}

	/**
	 * Let time pass, and run what becomes due in the order of its time.
	 * @param duration how long
	 */
	public void advance(Duration duration) {
		long until = nanoTime() + duration.toNanos();
		for (Task next = next(until); next != null; next = next(until)) {
			next.task().run();
		}
	}

	private synchronized @Nullable Task next(long until) {
		Task next = this.tasks.stream()
			.filter((task) -> task.due() <= until)
			.min(Comparator.comparingLong(Task::due))
			.orElse(null);
		if (next == null) {
			this.now = until;
		}
		else {
			this.tasks.remove(next);
			this.now = next.due();
		}
		return next;
	}

	/**
	 * How many tasks wait for their time.
	 * @return the number of tasks
	 */
	public synchronized int pending() {
		return this.tasks.size();
	}

	@Override
	public synchronized void destroy() {
		this.executor.shutdownNow();
	}

	private record Task(long due, Runnable task) {

	}

}
