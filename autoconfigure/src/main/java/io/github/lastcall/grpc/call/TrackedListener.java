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

import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;

import io.github.lastcall.grpc.executor.CallScope;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * Listener that passes the callbacks of a call to its handler, within the
 * {@link CallHooks} of the call. A call that the server has closed is a cancelled one for
 * its handler. Knows the thread that runs a callback.
 *
 * @param <Q> the type of the requests
 */
final class TrackedListener<Q> extends ServerCall.Listener<Q> implements CallHooks.Call {

	@SuppressWarnings("rawtypes")
	private static final AtomicReferenceFieldUpdater<TrackedListener, Thread> THREAD = AtomicReferenceFieldUpdater
		.newUpdater(TrackedListener.class, Thread.class, "thread");

	private final InFlightCall call;

	private final Metadata headers;

	private final Context context = Context.current();

	private ServerCall.@Nullable Listener<Q> delegate;

	/**
	 * The request of a unary call, or a request that is held back.
	 */
	private @Nullable Q request;

	/**
	 * The thread that runs a callback of the call. Written by that thread.
	 */
	private volatile @Nullable Thread thread;

	/**
	 * Guarded by this object's monitor, and used only if handlers may be interrupted.
	 */
	private boolean interrupted;

	/**
	 * Number of samples in a row that found an abandoned handler. Short, so that a
	 * listener takes 40 bytes.
	 */
	private short abandonedSamples;

	/**
	 * Number of callbacks that wait until the handler requests a message: with the
	 * request, and at the end of the requests.
	 */
	private byte heldBack;

	TrackedListener(InFlightCall call, Metadata headers) {
		this.call = call;
		this.headers = headers;
	}

	/**
	 * Starts the handler.
	 * @return whether it has been started, and has not failed
	 */
	<R> boolean start(TrackedServerCall<Q, R> serverCall, ServerCallHandler<Q, R> handler) {
		Thread outer = enter();
		Object scope = this.call.hooks().beforeCallback();
		try {
			// As grpc-java does: without a listener the call would never be answered.
			this.delegate = Objects.requireNonNull(handler.startCall(serverCall, this.headers),
					"startCall() returned a null listener");
			return true;
		}
		catch (Throwable ex) {
			this.call.failed(ex);
			return false;
		}
		finally {
			this.call.hooks().afterCallback(scope);
			leave(outer);
		}
	}

	// A handler whose call the server has closed is told of nothing but the end.

	@Override
	public void onMessage(Q message) {
		if (this.call.closeStatus().byServer() == null) {
			if (!this.call.method().streaming()) {
				this.request = message;
			}
			this.call.messageParsed();
			try {
				if (isRequested()) {
					run(Callback.MESSAGE, message);
				}
				else {
					holdBack(message);
				}
			}
			finally {
				this.call.messageHandled();
			}
		}
	}

	@Override
	public void onHalfClose() {
		if (this.heldBack > 0) {
			this.heldBack = 2;
		}
		else if (this.call.closeStatus().byServer() == null) {
			run(Callback.HALF_CLOSE, null);
		}
	}

	/**
	 * Returns whether the handler has requested a message. The first one of a call has
	 * been requested ahead.
	 */
	private boolean isRequested() {
		TrackedServerCall<?, ?> serverCall = this.call.tracked();
		return serverCall == null || serverCall.isRequested();
	}

	private void holdBack(Q message) {
		if (this.heldBack > 0) {
			this.call.close(Status.INTERNAL.withDescription("Too many requests"));
			return;
		}
		this.request = message;
		this.heldBack = 1;
	}

	boolean isHoldingBack() {
		return this.heldBack > 0;
	}

	/**
	 * Passes on what has been held back. Runs between the callbacks of the call.
	 */
	void passHeldBack() {
		byte heldBack = this.heldBack;
		if (heldBack == 0 || this.call.closeStatus().byServer() != null) {
			return;
		}
		Q message = this.request;
		this.heldBack = 0;
		Context previous = this.context.attach();
		try {
			run(Callback.MESSAGE, message);
			if (heldBack == 2) {
				onHalfClose();
			}
		}
		finally {
			this.context.detach(previous);
		}
	}

	@Override
	public void onReady() {
		if (this.call.closeStatus().byServer() == null) {
			run(Callback.READY, null);
		}
	}

	@Override
	public void onCancel() {
		end(Callback.CANCEL);
	}

	@Override
	public void onComplete() {
		end(this.call.closeStatus().isCancelledByServer() ? Callback.CANCEL : Callback.COMPLETE);
	}

	private void end(Callback callback) {
		if (this.call.holders().isReleasedByHandler()) {
			// The handler has been told of the end in place of a lost callback.
			return;
		}
		try {
			if (callback == Callback.CANCEL) {
				this.call.hooks().cancelled();
			}
			run(callback, null);
		}
		finally {
			this.call.handlerDone();
		}
	}

	@SuppressWarnings("NullAway")
	private void run(Callback callback, @Nullable Q message) {
		ServerCall.Listener<Q> delegate = this.delegate;
		if (delegate == null) {
			return;
		}
		Thread outer = enter();
		Object scope = this.call.hooks().beforeCallback();
		try {
			switch (callback) {
				case MESSAGE -> delegate.onMessage(message);
				case HALF_CLOSE -> delegate.onHalfClose();
				case READY -> delegate.onReady();
				case CANCEL -> delegate.onCancel();
				case COMPLETE -> delegate.onComplete();
			}
		}
		catch (Throwable ex) {
			this.call.failed(ex);
		}
		finally {
			this.call.hooks().afterCallback(scope);
			leave(outer);
		}
	}

	/**
	 * Returns what there is to know of the call, which has failed.
	 */
	CallHooks.FailedCall failedCall(ServerCall<?, ?> serverCall) {
		return new CallHooks.FailedCall(serverCall, this.headers, this.request, this.context);
	}

	/**
	 * Runs an action at the drain signal as grpc-java would run a callback.
	 */
	void runDrainAction(Runnable action) {
		runCallback(CallScope.around(action, this.call.method().scope()));
	}

	private void runCallback(Runnable callback) {
		Thread outer = enter();
		Context previous = this.context.attach();
		Object scope = this.call.hooks().beforeCallback();
		try {
			callback.run();
		}
		catch (RuntimeException | Error ex) {
			if (!(ex instanceof CallEndedException)) {
				this.call.failed(ex);
			}
		}
		finally {
			this.call.hooks().afterCallback(scope);
			this.context.detach(previous);
			leave(outer);
		}
	}

	@Override
	public CallHooks hooks() {
		return this.call.hooks();
	}

	@Override
	public void replaceHooks(CallHooks hooks) {
		this.call.replaceHooks(hooks);
	}

	@Override
	public void execute(Runnable task) {
		this.call.serializing().execute(() -> runCallback(task));
	}

	@Override
	public boolean close(Status status, Metadata trailers) {
		return this.call.close(status, trailers);
	}

	/**
	 * Tells the handler of the end of its call, because grpc-java does not. Called where
	 * the callbacks run.
	 */
	void endWithoutCallback() {
		cancelContext(Status.CANCELLED);
		this.context.run(this::onCancel);
	}

	/**
	 * Cancels the context of a call that the server has closed. The handler may be busy;
	 * whoever listens to the context is told at once.
	 */
	void cancelContext(Status status) {
		if (this.context instanceof Context.CancellableContext cancellable) {
			cancellable.cancel(status.asException());
		}
	}

	/**
	 * Notes that a callback begins on this thread.
	 * @return the argument for {@link #leave(Thread)}
	 */
	private @Nullable Thread enter() {
		Thread outer = this.thread;
		THREAD.lazySet(this, Thread.currentThread());
		return outer;
	}

	/**
	 * Notes that a callback has returned.
	 * @param outer the thread of the callback that it ran within, {@code null} for none
	 */
	private void leave(@Nullable Thread outer) {
		CallGuards guards = this.call.method().run().guards();
		if (guards.abandoned().isInterrupting()) {
			leaveInterrupted(outer);
		}
		else {
			THREAD.lazySet(this, outer);
		}
		if (outer == null && this.call.callbacks() == null) {
			// On an event loop, nothing else restores the state of the thread.
			guards.threadStates().clear();
		}
	}

	private synchronized void leaveInterrupted(@Nullable Thread outer) {
		this.thread = outer;
		if (this.interrupted && outer == null) {
			// The thread runs something else from now on.
			this.interrupted = false;
			Thread.interrupted();
		}
	}

	synchronized void interrupt() {
		Thread thread = this.thread;
		if (thread != null) {
			this.interrupted = true;
			thread.interrupt();
		}
	}

	@Nullable Thread thread() {
		return this.thread;
	}

	boolean isCurrentThread() {
		return this.thread == Thread.currentThread();
	}

	/**
	 * Samples whether a callback runs although the stream has been closed.
	 * @return the number of samples in a row in which one does
	 */
	int sampleAbandoned() {
		boolean abandoned = this.thread != null && this.call.holders().isHeldByHandlerOnly();
		this.abandonedSamples = (short) (abandoned ? Math.min(this.abandonedSamples + 1, Short.MAX_VALUE) : 0);
		return this.abandonedSamples;
	}

	int abandonedSamples() {
		return (this.thread != null) ? this.abandonedSamples : 0;
	}

	private enum Callback {

		MESSAGE, HALF_CLOSE, READY, CANCEL, COMPLETE

	}

}
