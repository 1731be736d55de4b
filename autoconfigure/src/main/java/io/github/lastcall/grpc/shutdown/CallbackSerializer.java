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

package io.github.lastcall.grpc.shutdown;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

import org.jspecify.annotations.Nullable;

/**
 * Lets something from outside run between the callbacks of a call, never beside one.
 * <p>
 * grpc-java delivers the callbacks of a call one after the other, so in the ordinary case
 * {@link #enter()} and {@link #exit()} are a compare-and-set each. Whoever finds the
 * place taken leaves its task to the one who has it.
 */
final class CallbackSerializer {

	private static final int FREE = 0;

	private static final int TAKEN = 1;

	private static final int TAKEN_WITH_TASKS = 2;

	private static final AtomicIntegerFieldUpdater<CallbackSerializer> STATE = AtomicIntegerFieldUpdater
		.newUpdater(CallbackSerializer.class, "state");

	private volatile int state = FREE;

	private @Nullable Queue<Runnable> tasks;

	/**
	 * Take the place if it is free.
	 * @return whether it was free; if so {@link #exit()} must follow
	 */
	boolean enter() {
		return STATE.compareAndSet(this, FREE, TAKEN);
	}

	/**
	 * Leave a task to whoever has the place, or take the place.
	 * @param task what is to run
	 * @return whether the place was free and is taken now, and the task still to be run
	 */
	boolean enterOrLeave(Runnable task) {
		while (true) {
			if (enter()) {
				return true;
			}
			synchronized (this) {
				if (this.state == TAKEN_WITH_TASKS || STATE.compareAndSet(this, TAKEN, TAKEN_WITH_TASKS)) {
					tasks().add(task);
					return false;
				}
			}
		}
	}

	/**
	 * Give the place back, after running what others have left.
	 */
	void exit() {
		if (STATE.compareAndSet(this, TAKEN, FREE)) {
			return;
		}
		for (Runnable task = next(); task != null; task = next()) {
			task.run();
		}
	}

	private synchronized @Nullable Runnable next() {
		Runnable task = tasks().poll();
		if (task == null) {
			this.state = FREE;
		}
		return task;
	}

	private Queue<Runnable> tasks() {
		Queue<Runnable> tasks = this.tasks;
		if (tasks == null) {
			tasks = new ArrayDeque<>(2);
			this.tasks = tasks;
		}
		return tasks;
	}

}
