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

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * A call that two sides may close: its handler and the drain. The first wins, and what
 * the handler sends afterwards is dropped.
 * <p>
 * grpc-java's call must not be closed while something is being sent on it. So the drain
 * closes it itself if nothing is, and leaves it to the thread that sends if something is:
 * neither waits for the other.
 *
 * @param <Q> the type of the requests
 * @param <R> the type of the responses
 */
final class TrackedServerCall<Q, R> extends SimpleForwardingServerCall<Q, R> {

	private static final int FREE = 0;

	private static final int SENDING = 1;

	private static final int SENDING_THEN_CLOSE = 2;

	@SuppressWarnings("rawtypes")
	private static final AtomicIntegerFieldUpdater<TrackedServerCall> GATE = AtomicIntegerFieldUpdater
		.newUpdater(TrackedServerCall.class, "gate");

	@SuppressWarnings("rawtypes")
	private static final AtomicReferenceFieldUpdater<TrackedServerCall, Thread> CALLBACK = AtomicReferenceFieldUpdater
		.newUpdater(TrackedServerCall.class, Thread.class, "callback");

	private final InFlightCall call;

	/**
	 * FREE at first.
	 */
	private volatile int gate;

	/**
	 * The thread that runs a callback of the call. Written by that thread.
	 */
	private volatile @Nullable Thread callback;

	/**
	 * Under this object's monitor, and only where handlers may be interrupted.
	 */
	private boolean interrupted;

	TrackedServerCall(ServerCall<Q, R> delegate, InFlightCall call) {
		super(delegate);
		this.call = call;
	}

	@Override
	public void sendHeaders(Metadata headers) {
		boolean entered = enter();
		try {
			if (this.call.closedFromOutside() == null) {
				super.sendHeaders(headers);
			}
		}
		finally {
			leave(entered);
		}
	}

	/**
	 * A call that has ended ends its handler too, if it is the handler that sends: a loop
	 * that sends and sends learns it in no other way. What other threads send is dropped,
	 * and the one answer of a call of one answer, which is the end of most handlers
	 * anyway.
	 */
	@Override
	public void sendMessage(R message) {
		if (this.call.isCongested()) {
			// Outside of the gate: the drain need not wait for a client.
			this.call.makeRoom(getMethodDescriptor().getType() == MethodType.SERVER_STREAMING,
					(this.callback == Thread.currentThread()) ? this.call.blockable() : null);
		}
		long begun = this.call.beginMessage(message);
		try {
			send(message, begun);
		}
		finally {
			if (begun > 0) {
				this.call.endMessage(begun);
			}
		}
	}

	private void send(R message, long begun) {
		String ended = this.call.whyEnded();
		if (ended != null && this.callback == Thread.currentThread()
				&& !getMethodDescriptor().getType().serverSendsOneMessage()) {
			throw new CallEndedException(this.call, ended);
		}
		boolean entered = enter();
		try {
			if (begun != OutboundCall.REFUSED && this.call.closedFromOutside() == null) {
				super.sendMessage(message);
			}
		}
		finally {
			leave(entered);
		}
	}

	/**
	 * Whoever wins here is alone: the drain closes what it has won, and nothing else.
	 */
	@Override
	public void close(Status status, Metadata trailers) {
		if (this.call.closeByHandler(status)) {
			super.close(status, trailers);
		}
	}

	/**
	 * The drain has closed the call.
	 */
	void closeFromOutside() {
		while (!GATE.compareAndSet(this, SENDING, SENDING_THEN_CLOSE)) {
			if (enter()) {
				this.gate = SENDING_THEN_CLOSE;
				leave(true);
				return;
			}
			if (this.gate == SENDING_THEN_CLOSE) {
				return;
			}
		}
	}

	/**
	 * A handler must not send from two threads at once. One that does, or that sends
	 * while it sends (a transport in the same process), goes on as without a gate.
	 */
	private boolean enter() {
		return GATE.compareAndSet(this, FREE, SENDING);
	}

	private void leave(boolean entered) {
		if (!entered || GATE.compareAndSet(this, SENDING, FREE)) {
			return;
		}
		// What follows is for the one who closes alone: nobody enters any more.
		Status status = this.call.closedFromOutside();
		if (status != null) {
			super.close(status, new Metadata());
			if (!status.isOk()) {
				this.call.cancelContext(status);
			}
		}
	}

	/**
	 * A callback of the call begins on this thread.
	 * @return what {@link #leaveCallback(Thread)} takes
	 */
	@Nullable Thread enterCallback() {
		Thread outer = this.callback;
		CALLBACK.lazySet(this, Thread.currentThread());
		return outer;
	}

	/**
	 * The callback has returned.
	 * @param outer the thread of the callback that it ran within, if it did
	 */
	void leaveCallback(@Nullable Thread outer) {
		if (this.call.mayBeInterrupted()) {
			leaveInterrupted(outer);
		}
		else {
			CALLBACK.lazySet(this, outer);
		}
		if (outer == null) {
			this.call.callbackReturned();
		}
	}

	private synchronized void leaveInterrupted(@Nullable Thread outer) {
		this.callback = outer;
		if (this.interrupted && outer == null) {
			// The thread is somebody else's from now on.
			this.interrupted = false;
			Thread.interrupted();
		}
	}

	synchronized void interruptCallback() {
		Thread thread = this.callback;
		if (thread != null) {
			this.interrupted = true;
			thread.interrupt();
		}
	}

	@Nullable Thread callbackThread() {
		return this.callback;
	}

	@Override
	public boolean isReady() {
		return this.call.closedFromOutside() == null && super.isReady();
	}

	@Override
	public boolean isCancelled() {
		return super.isCancelled() || this.call.isCancelledFromOutside();
	}

}
