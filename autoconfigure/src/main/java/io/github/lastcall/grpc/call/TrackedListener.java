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

import io.grpc.ServerCall;

/**
 * The callbacks of a call on their way to its handler. A call that was closed from
 * outside is a cancelled one for its handler.
 *
 * @param <Q> the type of the requests
 */
final class TrackedListener<Q> extends ServerCall.Listener<Q> {

	private final InFlightCall call;

	private final TrackedServerCall<?, ?> serverCall;

	private final ServerCall.Listener<Q> delegate;

	TrackedListener(InFlightCall call, TrackedServerCall<?, ?> serverCall, ServerCall.Listener<Q> delegate) {
		this.call = call;
		this.serverCall = serverCall;
		this.delegate = delegate;
	}

	// A call that was closed from outside has only its end to learn. What is no
	// RuntimeException grpc-java would let through, to whatever the thread belongs to.

	@Override
	public void onMessage(Q message) {
		if (this.call.closedFromOutside() == null) {
			this.call.messageParsed();
			Thread outer = this.serverCall.enterCallback();
			try {
				this.delegate.onMessage(message);
			}
			catch (RuntimeException ex) {
				this.call.rethrow(ex);
			}
			catch (Throwable ex) {
				this.call.failed(ex);
			}
			finally {
				this.serverCall.leaveCallback(outer);
				this.call.messageHandled();
			}
		}
	}

	@Override
	public void onHalfClose() {
		if (this.call.closedFromOutside() == null) {
			Thread outer = this.serverCall.enterCallback();
			try {
				this.delegate.onHalfClose();
			}
			catch (RuntimeException ex) {
				this.call.rethrow(ex);
			}
			catch (Throwable ex) {
				this.call.failed(ex);
			}
			finally {
				this.serverCall.leaveCallback(outer);
			}
		}
	}

	@Override
	public void onReady() {
		if (this.call.closedFromOutside() == null) {
			Thread outer = this.serverCall.enterCallback();
			try {
				this.delegate.onReady();
			}
			catch (RuntimeException ex) {
				this.call.rethrow(ex);
			}
			catch (Throwable ex) {
				this.call.failed(ex);
			}
			finally {
				this.serverCall.leaveCallback(outer);
			}
		}
	}

	@Override
	public void onCancel() {
		if (this.call.isHandlerDone()) {
			// Told of the end already, when it was given up.
			return;
		}
		Thread outer = this.serverCall.enterCallback();
		try {
			this.delegate.onCancel();
		}
		catch (RuntimeException ex) {
			this.call.rethrow(ex);
		}
		catch (Throwable ex) {
			this.call.failed(ex);
		}
		finally {
			this.serverCall.leaveCallback(outer);
			this.call.handlerDone();
		}
	}

	@Override
	public void onComplete() {
		if (this.call.isCancelledFromOutside() || this.call.isHandlerDone()) {
			onCancel();
			return;
		}
		Thread outer = this.serverCall.enterCallback();
		try {
			this.delegate.onComplete();
		}
		catch (RuntimeException ex) {
			this.call.rethrow(ex);
		}
		catch (Throwable ex) {
			this.call.failed(ex);
		}
		finally {
			this.serverCall.leaveCallback(outer);
			this.call.handlerDone();
		}
	}

}
