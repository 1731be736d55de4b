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

	private static final long UNKNOWN = Long.MIN_VALUE;

	private final InFlightCall call;

	private Executor executor;

	/**
	 * Whether the call arrived while calls of its method were shed, and was admitted.
	 */
	private boolean admitted;

	/**
	 * Whether the call is counted as waiting for a thread. Written before the callbacks
	 * are due, and by whoever runs them.
	 */
	private boolean counted;

	/**
	 * Time for which the call has waited for its first thread.
	 */
	private long waited;

	/**
	 * Since when the request waits for a thread; {@link #UNKNOWN} if calls of the method
	 * were not late then, 0 if it was processed on the first thread.
	 */
	private long waitingSince;

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
	 */
	void begin() {
		if (this.executor instanceof ServerThreadPool pool && !this.call.closeStatus().isClosed()) {
			TrackedMethod method = this.call.method();
			ServerRun run = method.run();
			AdmissionControl admission = method.admission();
			if (pool.isFull(run.withdrawnWaiting())) {
				refuse(RefusalReason.EXECUTOR, RefusalStatus.EXECUTOR_FULL, method.retryTrailers());
			}
			else if (admission.isShedding() && !run.isDraining()) {
				this.admitted = admission.tryWait();
				this.counted = this.admitted;
				if (!this.admitted) {
					refuse(RefusalReason.OVERLOAD, RefusalStatus.OVERLOADED, method.retryTrailers());
				}
			}
		}
		if (this.call.closeStatus().isClosed()) {
			this.executor = ServerExecutor.DIRECT;
		}
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
			waitAgain();
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

	/**
	 * Called when the request of a call begins to wait for a thread. Streams wait once.
	 */
	private void waitAgain() {
		TrackedMethod method = this.call.method();
		if (!method.oneRequest() || this.call.listener() == null || this.call.closeStatus().isClosed()) {
			return;
		}
		AdmissionControl admission = method.admission();
		this.waitingSince = admission.isLate() ? method.run().timer().nanoTime() : UNKNOWN;
		if (admission.isShedding()) {
			this.counted = true;
			admission.waitAgain();
		}
	}

	private void stopWaiting() {
		if (this.counted) {
			this.counted = false;
			this.call.method().admission().stopWaiting();
		}
	}

	/**
	 * Records how long the call has waited for its first thread, and closes it if it has
	 * ended meanwhile, or is shed. Called with the context of the call, before its
	 * handler starts. grpc-java cancels a call with an expired deadline on the event
	 * loop, which may lag behind.
	 */
	void checkStart() {
		if (this.call.closeStatus().isClosed()) {
			return;
		}
		TrackedMethod method = this.call.method();
		long now = method.run().timer().nanoTime();
		this.waited = now - this.call.startNanos();
		CallRecorder recorder = method.recorder();
		if (this.waited >= RECORDED_NANOS && recorder != null) {
			recorder.waited(this.waited);
		}
		if (this.call.holders().isReleasedByStream()) {
			method.run().expired();
			this.call.closeStatus().withdraw();
			return;
		}
		Status status = (this.waited >= RECORDED_NANOS) ? endOf(Context.current()) : null;
		if (status != null) {
			expire(status);
		}
		else if (this.executor instanceof ServerThreadPool) {
			AdmissionControl admission = method.admission();
			boolean start = method.oneRequest() ? admission.tryBegin(now, this.waited, this.admitted)
					: admission.tryStart(now, this.waited, this.admitted);
			if (!start && !method.run().isDraining()) {
				refuse(RefusalReason.OVERLOAD, RefusalStatus.OVERLOADED, method.retryTrailers());
			}
		}
	}

	/**
	 * Closes the call if it has ended while its request waited for a thread, or is shed.
	 * @return whether the handler may process the request
	 */
	boolean checkRequest() {
		TrackedMethod method = this.call.method();
		AdmissionControl admission = method.admission();
		if (!admission.isLate()) {
			return true;
		}
		long now = method.run().timer().nanoTime();
		if (this.waitingSince == UNKNOWN) {
			admission.active(now);
			return true;
		}
		Status status = endOf(Context.current());
		if (status != null) {
			expire(status);
			return false;
		}
		long waitedAgain = (this.waitingSince != 0) ? now - this.waitingSince : 0;
		if (admission.tryStart(now, this.waited + waitedAgain, this.admitted) || method.run().isDraining()) {
			return true;
		}
		// Interceptors have seen the call, so the policy of the client decides.
		refuse(RefusalReason.OVERLOAD, RefusalStatus.OVERLOADED, new Metadata());
		return false;
	}

	private void expire(Status status) {
		if (this.call.close(status)) {
			this.call.method().run().expired();
		}
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
