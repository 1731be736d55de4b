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

import java.util.ArrayList;
import java.util.List;

import io.github.lastcall.grpc.executor.ServerTimer;
import io.grpc.SynchronizationContext;

/**
 * Gives the transitions of one server their time. Confined to them.
 */
final class TransitionTimer {

	private final ServerTimer timer;

	private final SynchronizationContext transitions;

	private final List<Task> tasks = new ArrayList<>();

	TransitionTimer(ServerTimer timer, SynchronizationContext transitions) {
		this.timer = timer;
		this.transitions = transitions;
	}

	/**
	 * Run a transition at a time, at once if that has passed.
	 */
	void at(long nanoTime, Runnable transition) {
		if (nanoTime - this.timer.nanoTime() > 0) {
			Task task = new Task(transition);
			this.tasks.add(task);
			task.cancel = this.timer.scheduleAt(() -> this.transitions.execute(task), nanoTime);
		}
		else {
			transition.run();
		}
	}

	/**
	 * Run none of the transitions whose time has not come.
	 */
	void cancel() {
		this.tasks.forEach(Task::cancel);
		this.tasks.clear();
	}

	/**
	 * A transition at a time, or never: it may have been cancelled when its time had come
	 * already.
	 */
	private static final class Task implements Runnable {

		private final Runnable transition;

		private Runnable cancel = () -> {
		};

		private boolean cancelled;

		Task(Runnable transition) {
			this.transition = transition;
		}

		void cancel() {
			this.cancelled = true;
			this.cancel.run();
		}

		@Override
		public void run() {
			if (!this.cancelled) {
				this.transition.run();
			}
		}

	}

}
