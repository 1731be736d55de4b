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

import java.util.Collection;
import java.util.concurrent.Executor;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.core.task.VirtualThreadTaskExecutor;

/**
 * Isolates calls from each other's thread state: after each task of a call, the
 * {@link ThreadState}s of the thread are what they were before.
 * <p>
 * Threads of this library run only calls. Their state is cleared after each task, so it
 * is empty before the next one and need not be saved. The state of a virtual thread ends
 * with its only task.
 *
 * @hidden
 */
public final class ThreadStates {

	private static final Log logger = LogFactory.getLog(ThreadStates.class);

	/**
	 * Instance that does nothing.
	 */
	public static final ThreadStates NONE = new ThreadStates();

	private final ThreadState[] states;

	private final FirstFailure failure = new FirstFailure(logger,
			"Could not restore the state of a thread after a call");

	/**
	 * Creates new states.
	 * @param states the states, each independent of the others
	 */
	public ThreadStates(Collection<? extends ThreadState> states) {
		this.states = states.toArray(ThreadState[]::new);
	}

	private ThreadStates() {
		this.states = new ThreadState[0];
	}

	/**
	 * Returns whether the current thread runs only calls, so that it has no state before
	 * a call.
	 */
	public static boolean isCallThread() {
		return Thread.currentThread() instanceof ServerThread;
	}

	/**
	 * Runs a task of a call on the current thread.
	 * @param executor the executor that the task was submitted to
	 */
	public void run(Executor executor, Runnable task) {
		if (this.states.length == 0 || executor instanceof VirtualThreadTaskExecutor) {
			task.run();
		}
		else if (isCallThread()) {
			try {
				task.run();
			}
			finally {
				clear();
			}
		}
		else {
			run(0, task);
		}
	}

	/**
	 * Recursive, because saving the states on the stack costs nothing.
	 */
	private void run(int index, Runnable task) {
		if (index == this.states.length) {
			task.run();
			return;
		}
		ThreadState state = this.states[index];
		Object saved = save(state);
		try {
			run(index + 1, task);
		}
		finally {
			restore(state, saved);
		}
	}

	/**
	 * Clears the state after a task of a call on a thread of this library.
	 */
	public void clear() {
		for (int i = this.states.length - 1; i >= 0; i--) {
			restore(this.states[i], null);
		}
	}

	private @Nullable Object save(ThreadState state) {
		try {
			return state.save();
		}
		catch (RuntimeException ex) {
			this.failure.report(ex);
			return null;
		}
	}

	private void restore(ThreadState state, @Nullable Object saved) {
		try {
			state.restore(saved);
		}
		catch (RuntimeException ex) {
			this.failure.report(ex);
		}
	}

}
