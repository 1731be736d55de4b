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

import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.lastcall.grpc.executor.CallTask;
import io.github.lastcall.grpc.executor.NettyEventLoop;
import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.executor.ServerThreadPool;
import io.github.lastcall.grpc.limits.AdmissionControl;
import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.limits.RefusalStatus;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * Executor of the callbacks of one call, which runs them on the executor of the service.
 * <p>
 * grpc-java does not submit single callbacks but its serializing executor, a task that
 * runs all callbacks that are due, in order. Submitting to that executor therefore runs
 * something between the callbacks of the call and never beside one.
 * <p>
 * The value is 1 while the callbacks are due and nobody runs them. Whoever changes it to
 * 0 runs them: the executor, or whoever does not wait for it any longer.
 */
@SuppressWarnings("serial")
final class CallbackExecutor extends AtomicInteger implements Executor, CallTask {

	/**
	 * Number of messages that are requested before a call waits for a thread: the only
	 * one, and another one, which would be an error of the client.
	 */
	static final int REQUESTED_AHEAD = 2;

	private static final Runnable NOTHING = () -> {
	};

	/**
	 * Time of waiting below which it is not recorded and the context is not checked, so
	 * that a call that gets a thread at once costs one look at the clock.
	 */
	private static final long RECORDED_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

	private static final Status DEADLINE_EXCEEDED = Status.DEADLINE_EXCEEDED
		.withDescription("The deadline passed while the call waited for a thread");

	private static final Status CANCELLED = Status.CANCELLED
		.withDescription("The call was cancelled while it waited for a thread");

	private final InFlightCall call;

	private Executor executor;

	/**
	 * Whether the call waits for its first thread. Written before the callbacks are due,
	 * and by whoever runs them.
	 */
	private boolean waiting;

	/**
	 * The serializing executor of grpc-java, {@code null} until it is submitted.
	 */
	private volatile @Nullable Runnable serializer;

	CallbackExecutor(InFlightCall call, Executor executor) {
		this.call = call;
		this.executor = executor;
	}

	/**
	 * Refuses the call if the executor is full, or calls of its method are shed. The
	 * callbacks of a call that is closed already run on the thread that submits them.
	 * <p>
	 * If the client sends one message, it is requested here. grpc-java would request it
	 * when a thread starts the call, and the call would wait for a thread again.
	 */
	void begin(ServerCall<?, ?> serverCall) {
		if (this.executor instanceof ServerThreadPool pool && !this.call.closeStatus().isClosed()) {
			TrackedMethod method = this.call.method();
			ServerRun run = method.run();
			AdmissionControl admission = method.admission();
			if (pool.isFull(run.withdrawnWaiting())) {
				refuse(RefusalReason.EXECUTOR, RefusalStatus.EXECUTOR_FULL, method.retryTrailers());
			}
			else if (admission.isLate() && !run.isDraining()
					&& !admission.mayWait(run.timer().nanoTime(), remaining(Context.current()))) {
				refuse(RefusalReason.OVERLOAD, RefusalStatus.OVERLOADED, method.retryTrailers());
			}
			else {
				this.waiting = true;
				admission.startWaiting();
			}
		}
		if (this.call.closeStatus().isClosed()) {
			this.executor = ServerExecutor.DIRECT;
		}
		else if (isRequestedAhead()) {
			serverCall.request(REQUESTED_AHEAD);
		}
	}

	boolean isRequestedAhead() {
		return this.call.method().oneRequest();
	}

	/**
	 * Submits the callbacks. If the executor rejects them, the call is closed with a
	 * status, and a handler that has been started is told of the cancellation on this
	 * thread.
	 */
	@Override
	public void execute(Runnable task) {
		if (this.serializer == null && task instanceof Executor) {
			this.serializer = task;
		}
		Runnable guarded = task;
		if (task == this.serializer) {
			guarded = this;
			lazySet(1);
		}
		try {
			this.executor.execute(guarded);
		}
		catch (Throwable ex) {
			refuse(RefusalReason.EXECUTOR, RefusalStatus.ofExecutor(this.executor, ex), new Metadata());
			guarded.run();
		}
	}

	@Override
	public Method method() {
		return this.call.method().task();
	}

	private void refuse(RefusalReason reason, Status status, Metadata trailers) {
		if (this.call.close(status, trailers)) {
			this.call.method().run().refused(reason, this.call.method(), status);
		}
	}

	/**
	 * Runs the callbacks that are due, unless somebody else has taken them.
	 */
	@Override
	public void run() {
		if (take()) {
			stopWaiting();
			runCallbacks();
		}
		else if (this.call.closeStatus().isWithdrawn()) {
			this.call.method().run().withdrawnReached();
		}
	}

	private void stopWaiting() {
		if (this.waiting) {
			this.waiting = false;
			this.call.method().admission().stopWaiting();
		}
	}

	/**
	 * Records how long the call has waited for a thread, and closes it if it has ended
	 * meanwhile. Called with the context of the call, before its handler starts.
	 * grpc-java cancels a call with an expired deadline on the event loop, which may lag
	 * behind.
	 */
	void checkStart() {
		if (this.call.closeStatus().isClosed()) {
			return;
		}
		TrackedMethod method = this.call.method();
		long now = method.run().timer().nanoTime();
		long waited = now - this.call.startNanos();
		CallRecorder recorder = method.recorder();
		if (waited >= RECORDED_NANOS && recorder != null) {
			recorder.waited(waited);
		}
		if (this.call.holders().isReleasedByStream()) {
			method.run().expired();
			this.call.closeStatus().withdraw();
			return;
		}
		Status status = (waited >= RECORDED_NANOS) ? endOf(Context.current()) : null;
		if (status != null) {
			if (this.call.close(status)) {
				method.run().expired();
			}
		}
		else if (this.executor instanceof ServerThreadPool) {
			method.admission().started(now, waited);
		}
	}

	private static long remaining(Context context) {
		Deadline deadline = context.getDeadline();
		return (deadline != null) ? Math.max(0, deadline.timeRemaining(TimeUnit.NANOSECONDS)) : Long.MAX_VALUE;
	}

	private static @Nullable Status endOf(Context context) {
		Deadline deadline = context.getDeadline();
		if (deadline != null && deadline.isExpired()) {
			return DEADLINE_EXCEEDED;
		}
		return context.isCancelled() ? CANCELLED : null;
	}

	private boolean take() {
		return compareAndSet(1, 0);
	}

	/**
	 * Ends a call here that waits for a thread, without starting its handler. What is
	 * left of it stays in the queue of the executor.
	 */
	void withdraw() {
		Runnable serializer = this.serializer;
		ServerRun run = this.call.method().run();
		if (serializer == null || !isDue() || !run.mayWithdraw() || !take()) {
			return;
		}
		stopWaiting();
		if (this.call.listener() != null) {
			// The handler has been started meanwhile, and these are later callbacks.
			execute(serializer);
			return;
		}
		run.withdrawn();
		run.expired();
		this.call.closeStatus().withdraw();
		this.executor = ServerExecutor.DIRECT;
		try {
			runCallbacks();
		}
		finally {
			this.call.clear();
		}
	}

	/**
	 * Runs the callbacks. grpc-java stops at an {@link Error} and at an undeclared
	 * checked exception. The callbacks behind it, such as the end of the call, are run
	 * nevertheless.
	 */
	private void runCallbacks() {
		Runnable serializer = this.serializer;
		if (serializer == null) {
			return;
		}
		try {
			this.call.method().run().guards().threadStates().run(this.executor, serializer);
		}
		catch (Throwable ex) {
			try {
				this.call.failed(ex);
			}
			finally {
				((Executor) serializer).execute(NOTHING);
			}
		}
	}

	/**
	 * Returns the executor that runs tasks between the callbacks of the call. Not for
	 * callbacks on event loops, which are not serialized here.
	 */
	Executor serializing() {
		return (this.serializer instanceof Executor serializer) ? serializer : this.executor;
	}

	boolean isDirect() {
		return this.executor == ServerExecutor.DIRECT;
	}

	/**
	 * Returns the executor of the current thread, which runs a callback of the call.
	 * @return the executor, {@code null} if the thread must not block
	 */
	@Nullable Executor blockable() {
		return (!isDirect() && NettyEventLoop.current() == null) ? this.executor : null;
	}

	/**
	 * Returns whether callbacks have been submitted and do not run yet.
	 */
	boolean isDue() {
		return get() == 1;
	}

	/**
	 * Returns whether the executor may drop what is submitted. The thread pool of this
	 * library never does.
	 */
	boolean mayDropCallbacks() {
		return !(this.executor instanceof ServerThreadPool);
	}

}
