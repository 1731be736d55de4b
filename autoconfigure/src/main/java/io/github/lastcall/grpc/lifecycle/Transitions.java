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

package io.github.lastcall.grpc.lifecycle;

import java.lang.Thread.UncaughtExceptionHandler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.github.lastcall.grpc.executor.ServerTimer;
import io.grpc.SynchronizationContext;

/**
 * Schedules the transitions of one server and measures the time in its state. Transitions
 * run one after the other, on the thread that causes them or on that of the timer,
 * without blocking and without a lock. Everything but {@link #execute},
 * {@link #executeOnTimer} is for transitions only.
 */
final class Transitions {

	private final SynchronizationContext context;

	private final ServerTimer timer;

	private final List<Task> scheduled = new ArrayList<>();

	private long enteredNanos;

	/**
	 * Creates new transitions.
	 * @param timer provides the time
	 * @param failed told of what a transition throws
	 */
	Transitions(ServerTimer timer, UncaughtExceptionHandler failed) {
		this.context = new SynchronizationContext(failed);
		this.timer = timer;
	}

	/**
	 * Runs a transition now, or after the one that is running.
	 */
	void execute(Runnable transition) {
		this.context.execute(transition);
	}

	/**
	 * Runs a transition on the thread of the timer, so that no event loop runs it.
	 */
	void executeOnTimer(Runnable transition) {
		this.timer.schedule(() -> execute(transition), Duration.ZERO);
	}

	/**
	 * Begins to measure the time in a new state, and cancels what was scheduled for the
	 * one before.
	 */
	void stateEntered() {
		this.enteredNanos = this.timer.nanoTime();
		this.scheduled.forEach(Task::cancel);
		this.scheduled.clear();
	}

	Duration timeInState() {
		return Duration.ofNanos(this.timer.nanoTime() - this.enteredNanos);
	}

	/**
	 * Runs a transition when the state has lasted so long, immediately if it already has.
	 * The time counts from the moment that others can see the state.
	 */
	void whenInStateFor(Duration time, Runnable transition) {
		schedule(this.enteredNanos + time.toNanos(), transition);
	}

	/**
	 * Runs a transition after a delay, unless the state ends before.
	 */
	void after(Duration delay, Runnable transition) {
		schedule(this.timer.nanoTime() + delay.toNanos(), transition);
	}

	private void schedule(long nanoTime, Runnable transition) {
		if (nanoTime - this.timer.nanoTime() <= 0) {
			transition.run();
			return;
		}
		Task task = new Task(transition);
		this.scheduled.add(task);
		task.cancellation = this.timer.scheduleAt(() -> execute(task), nanoTime);
	}

	/**
	 * A scheduled transition. It may be cancelled when the timer has already handed it
	 * over.
	 */
	private static final class Task implements Runnable {

		private final Runnable transition;

		private Runnable cancellation = () -> {
		};

		private boolean cancelled;

		Task(Runnable transition) {
			this.transition = transition;
		}

		void cancel() {
			this.cancelled = true;
			this.cancellation.run();
		}

		@Override
		public void run() {
			if (!this.cancelled) {
				this.transition.run();
			}
		}

	}

}
