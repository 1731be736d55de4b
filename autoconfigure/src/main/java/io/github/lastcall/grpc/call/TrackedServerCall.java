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

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;

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

	private final InFlightCall call;

	/**
	 * FREE at first.
	 */
	private volatile int gate;

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

	@Override
	public void sendMessage(R message) {
		boolean entered = enter();
		try {
			if (this.call.closedFromOutside() == null) {
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
		if (this.call.closeByHandler()) {
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

	@Override
	public boolean isReady() {
		return this.call.closedFromOutside() == null && super.isReady();
	}

	@Override
	public boolean isCancelled() {
		return super.isCancelled() || this.call.isCancelledFromOutside();
	}

}
