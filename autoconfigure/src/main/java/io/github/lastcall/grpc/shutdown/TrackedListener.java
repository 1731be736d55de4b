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

import io.grpc.ServerCall;

/**
 * The callbacks of a call on their way to its handler: one after the other, also with
 * what the drain has to say. A call that was closed from outside is a cancelled one for
 * its handler.
 *
 * @param <Q> the type of the requests
 */
final class TrackedListener<Q> extends ServerCall.Listener<Q> {

	private final InFlightCall call;

	private final CallbackSerializer callbacks;

	private final ServerCall.Listener<Q> delegate;

	TrackedListener(InFlightCall call, CallbackSerializer callbacks, ServerCall.Listener<Q> delegate) {
		this.call = call;
		this.callbacks = callbacks;
		this.delegate = delegate;
	}

	// Written out five times, because a lambda for each callback would be garbage for
	// each callback.

	@Override
	public void onMessage(Q message) {
		if (this.callbacks.enter() || this.callbacks.enterOrLeave(() -> left(() -> message(message)))) {
			try {
				message(message);
			}
			finally {
				this.callbacks.exit();
			}
		}
	}

	@Override
	public void onHalfClose() {
		if (this.callbacks.enter() || this.callbacks.enterOrLeave(() -> left(this::halfClosed))) {
			try {
				halfClosed();
			}
			finally {
				this.callbacks.exit();
			}
		}
	}

	@Override
	public void onReady() {
		if (this.callbacks.enter() || this.callbacks.enterOrLeave(() -> left(this::ready))) {
			try {
				ready();
			}
			finally {
				this.callbacks.exit();
			}
		}
	}

	@Override
	public void onCancel() {
		if (this.callbacks.enter() || this.callbacks.enterOrLeave(() -> left(this::cancelled))) {
			try {
				cancelled();
			}
			finally {
				this.callbacks.exit();
			}
		}
	}

	@Override
	public void onComplete() {
		if (this.callbacks.enter() || this.callbacks.enterOrLeave(() -> left(this::completed))) {
			try {
				completed();
			}
			finally {
				this.callbacks.exit();
			}
		}
	}

	private void left(Runnable callback) {
		this.call.runBetweenCallbacks(callback);
	}

	// A call that was closed from outside has only its end to learn.

	private void message(Q message) {
		if (this.call.closedFromOutside() == null) {
			this.delegate.onMessage(message);
		}
	}

	private void halfClosed() {
		if (this.call.closedFromOutside() == null) {
			this.delegate.onHalfClose();
		}
	}

	private void ready() {
		if (this.call.closedFromOutside() == null) {
			this.delegate.onReady();
		}
	}

	private void cancelled() {
		try {
			this.delegate.onCancel();
		}
		finally {
			this.call.handlerDone();
		}
	}

	private void completed() {
		if (this.call.isCancelledFromOutside()) {
			cancelled();
			return;
		}
		try {
			this.delegate.onComplete();
		}
		finally {
			this.call.handlerDone();
		}
	}

}
