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

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;

/**
 * A call that two sides may close: its handler and the drain. The first wins, and what
 * the handler sends afterwards is dropped.
 *
 * @param <Q> the type of the requests
 * @param <R> the type of the responses
 */
final class TrackedServerCall<Q, R> extends SimpleForwardingServerCall<Q, R> {

	private final InFlightCall call;

	/**
	 * Guarded by the monitor of the call.
	 */
	private boolean closed;

	TrackedServerCall(ServerCall<Q, R> delegate, InFlightCall call) {
		super(delegate);
		this.call = call;
	}

	boolean isClosed() {
		return this.closed;
	}

	void closeFromOutside(Status status) {
		super.close(status, new Metadata());
	}

	@Override
	public void sendHeaders(Metadata headers) {
		synchronized (this.call) {
			if (!this.call.isClosedFromOutside()) {
				super.sendHeaders(headers);
			}
		}
	}

	@Override
	public void sendMessage(R message) {
		synchronized (this.call) {
			if (!this.call.isClosedFromOutside()) {
				super.sendMessage(message);
			}
		}
	}

	@Override
	public void close(Status status, Metadata trailers) {
		synchronized (this.call) {
			if (!this.call.isClosedFromOutside()) {
				this.closed = true;
				super.close(status, trailers);
			}
		}
	}

	@Override
	public boolean isReady() {
		return !this.call.isClosedFromOutside() && super.isReady();
	}

	@Override
	public boolean isCancelled() {
		return super.isCancelled() || this.call.isCancelledFromOutside();
	}

}
