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

package io.github.lastcall.grpc.call;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;

import io.github.lastcall.grpc.executor.NettyEventLoop;
import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.executor.ServerThreadPool;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;

/**
 * Where the callbacks of a call run: one after the other, on its executor. What the
 * handler does at the drain signal waits in the same line.
 */
abstract class SerializedCall extends HeldCall implements Executor, Runnable {

	private static final AtomicIntegerFieldUpdater<SerializedCall> WAITING = AtomicIntegerFieldUpdater
		.newUpdater(SerializedCall.class, "waiting");

	private static final AtomicReferenceFieldUpdater<SerializedCall, Executor> CALLBACKS = AtomicReferenceFieldUpdater
		.newUpdater(SerializedCall.class, Executor.class, "callbacks");

	static final Status FULL = Status.RESOURCE_EXHAUSTED.withDescription("The executor queue of the server is full");

	private static final Status EXECUTOR_FAILED = Status.RESOURCE_EXHAUSTED
		.withDescription("The executor of the server failed");

	private static final Runnable NOTHING = () -> {
	};

	/**
	 * Where the callbacks run.
	 */
	private Executor executor = ServerExecutor.DIRECT;

	/**
	 * Lets the callbacks run one after the other, see {@link #execute(Runnable)}; none if
	 * the executor does, as an event loop. {@link DrainActions} while there are some, put
	 * here and taken away under this object's monitor.
	 */
	private volatile @Nullable Executor callbacks;

	/**
	 * What keeps the callbacks of the call in order, as grpc-java has handed it over: a
	 * task for the executor, and an executor.
	 */
	private @Nullable Runnable inOrder;

	/**
	 * 1 while the executor has been given callbacks that it does not run yet.
	 */
	private volatile int waiting;

	SerializedCall(TrackedMethod method) {
		super(method);
	}

	/**
	 * Let the callbacks run on an executor.
	 */
	final void runOn(Executor executor) {
		this.executor = executor;
	}

	/**
	 * Run something on the executor of the call. If that takes nothing any more, the call
	 * ends with a status, and what its handler must still be told it is told here: that
	 * the call has been cancelled, if it has begun.
	 * <p>
	 * What grpc-java hands over is not a callback but the executor that keeps the
	 * callbacks of this call in order, when it has some. So what the drain has to say can
	 * wait in the same line, and an ordinary call does not pay for it.
	 */
	@Override
	public void execute(Runnable task) {
		if (this.inOrder == null && task instanceof Executor callbacks) {
			this.inOrder = task;
			CALLBACKS.compareAndSet(this, null, callbacks);
		}
		Runnable guarded = task;
		if (task == this.inOrder) {
			guarded = this;
			WAITING.lazySet(this, 1);
		}
		try {
			this.executor.execute(guarded);
		}
		catch (Throwable ex) {
			notExecuted(ex);
			guarded.run();
		}
	}

	private void notExecuted(Throwable ex) {
		Status status = (ex instanceof RejectedExecutionException) ? rejected() : EXECUTOR_FAILED.withCause(ex);
		if (close(status)) {
			refused(status);
		}
	}

	/**
	 * Runs the callbacks that wait, one after the other. grpc-java stops at an
	 * {@link Error}, and at a checked exception that is thrown all the same: what waits
	 * behind it would never run, the end of the call included.
	 * <p>
	 * Whoever comes first runs them: their executor, or somebody who has given it up.
	 */
	@Override
	public void run() {
		if (takeCallbacks()) {
			runCallbacks();
		}
		else {
			nothingWaits();
		}
	}

	/**
	 * Take the callbacks that wait away from everybody else.
	 * @return whether there were some, which have to be run or handed back
	 */
	final boolean takeCallbacks() {
		return this.inOrder != null && WAITING.compareAndSet(this, 1, 0);
	}

	final void handBackCallbacks() {
		if (this.inOrder != null) {
			execute(this.inOrder);
		}
	}

	final void runCallbacks() {
		Runnable callbacks = this.inOrder;
		if (callbacks == null) {
			return;
		}
		try {
			this.method.life().guards().threadStates().run(this.executor, callbacks);
		}
		catch (Throwable ex) {
			try {
				failed(ex);
			}
			finally {
				((Executor) callbacks).execute(NOTHING);
			}
		}
	}

	private Status rejected() {
		return isClosed(this.executor)
				? Status.UNAVAILABLE.withDescription("The server is shutting down: its executor is closed") : FULL;
	}

	/**
	 * Spring's executors are no executor services.
	 */
	private static boolean isClosed(Executor executor) {
		if (executor instanceof ThreadPoolTaskExecutor pool) {
			return pool.getThreadPoolExecutor().isShutdown();
		}
		if (executor instanceof SimpleAsyncTaskExecutor threads) {
			return !threads.isActive();
		}
		return executor instanceof ExecutorService service && service.isShutdown();
	}

	/**
	 * Remember what to do when the server drains, or do it if it does.
	 */
	void onDrain(Runnable action) {
		synchronized (this) {
			DrainActions drain = (this.callbacks instanceof DrainActions present) ? present
					: new DrainActions(callbacks(), new ArrayList<>(1));
			drain.actions().add(action);
			this.callbacks = drain;
		}
		// Read after adding: a call that ends now, and a drain that starts now, see the
		// action, or are seen here.
		if (isOver()) {
			ending();
		}
		else if (isDraining()) {
			signalDrain();
		}
	}

	@Override
	final void ending() {
		if (this.callbacks instanceof DrainActions) {
			takeDrainActions();
		}
	}

	private synchronized @Nullable DrainActions takeDrainActions() {
		if (this.callbacks instanceof DrainActions taken) {
			this.callbacks = taken.callbacks();
			return taken;
		}
		return null;
	}

	/**
	 * Run what is to be done when the server drains, once, between the callbacks of the
	 * call.
	 */
	void signalDrain() {
		DrainActions drain = takeDrainActions();
		if (drain == null) {
			return;
		}
		for (Runnable action : drain.actions()) {
			drain.execute(() -> {
				if (!isOver()) {
					run(action);
				}
			});
		}
	}

	/**
	 * Where something runs between the callbacks of the call, never beside one.
	 */
	final Executor callbacks() {
		Executor eventLoop = isDirect() ? eventLoop() : null;
		if (eventLoop != null) {
			return eventLoop;
		}
		Executor callbacks = this.callbacks;
		return (callbacks != null) ? callbacks : this.executor;
	}

	final boolean isDirect() {
		return this.executor == ServerExecutor.DIRECT;
	}

	/**
	 * The executor of the current thread, which runs a callback of the call.
	 * @return the executor, {@code null} if the thread must not block
	 */
	final @Nullable Executor blockable() {
		return (this.executor != ServerExecutor.DIRECT && NettyEventLoop.current() == null) ? this.executor : null;
	}

	/**
	 * Whether the executor has been given callbacks, and does not run them yet.
	 */
	final boolean isWaiting() {
		return this.waiting == 1;
	}

	/**
	 * Whether the executor may have dropped what it was given. The pool of this library
	 * does not.
	 */
	final boolean mayDropCallbacks() {
		return !(this.executor instanceof ServerThreadPool);
	}

	/**
	 * A thread has come for callbacks that somebody else has taken.
	 */
	abstract void nothingWaits();

	abstract boolean isDraining();

	/**
	 * Whether there is nothing more to do for the handler but to tell it of the end.
	 */
	abstract boolean isOver();

	/**
	 * The executor has not taken the callbacks, and the call has been closed.
	 */
	abstract void refused(Status status);

	abstract void failed(Throwable ex);

	/**
	 * Run something as a callback of the call would run.
	 */
	abstract void run(Runnable action);

	/**
	 * Where the callbacks of all calls of the connection run.
	 */
	abstract @Nullable Executor eventLoop();

	/**
	 * What the handler wants to do when the server drains, and where. Few calls have any:
	 * it takes the place of what is there for all calls.
	 *
	 * @param callbacks where the callbacks of the call run
	 * @param actions what to do
	 */
	private record DrainActions(Executor callbacks, List<Runnable> actions) implements Executor {

		@Override
		public void execute(Runnable task) {
			this.callbacks.execute(task);
		}

	}

}
