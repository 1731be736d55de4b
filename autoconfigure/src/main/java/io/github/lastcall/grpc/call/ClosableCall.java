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

import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;

import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * Who has closed a call, and with which status: its handler or somebody else (the drain,
 * a limit), whoever comes first, or neither, because its client is gone.
 */
abstract class ClosableCall extends SerializedCall {

	private static final AtomicReferenceFieldUpdater<ClosableCall, Status> CLOSED = AtomicReferenceFieldUpdater
		.newUpdater(ClosableCall.class, Status.class, "closed");

	/**
	 * Stands for the status of a call that its handler has closed; an object of its own.
	 */
	private static final Status BY_HANDLER = Status.OK.withDescription("closed by its handler");

	/**
	 * The status of a call that has ended before its handler began; an object of its own.
	 */
	private static final Status WITHDRAWN = Status.CANCELLED.withDescription("The call ended before its handler began");

	private volatile @Nullable Status closed;

	/**
	 * What the handler has closed the call with, or thrown. Written before grpc-java gets
	 * it; who reads it earlier takes what the stream ends with for somebody else's
	 * status, which it is.
	 */
	private @Nullable Status handlerStatus;

	ClosableCall(TrackedMethod method) {
		super(method);
	}

	/**
	 * The handler closes the call.
	 * @return whether it is the first to do so
	 */
	final boolean closeByHandler(Status status) {
		if (CLOSED.compareAndSet(this, null, BY_HANDLER)) {
			this.handlerStatus = status;
			return true;
		}
		return this.closed == BY_HANDLER;
	}

	/**
	 * The handler has thrown something as it began, of which grpc-java makes a status.
	 */
	final void failedToBegin(Throwable ex) {
		if (this.closed == null) {
			this.handlerStatus = Status.fromThrowable(ex);
		}
	}

	/**
	 * Somebody else closes the call.
	 * @return whether it was open
	 */
	final boolean closeFromOutside(Status status) {
		return CLOSED.compareAndSet(this, null, status);
	}

	/**
	 * The call is not going to get a handler.
	 */
	final void closeWithdrawn() {
		closeFromOutside(WITHDRAWN);
	}

	final boolean isWithdrawn() {
		return this.closed == WITHDRAWN;
	}

	final boolean isClosed() {
		return this.closed != null;
	}

	/**
	 * The status that the call was closed with from outside.
	 * @return the status, {@code null} if it is open or its handler has closed it
	 */
	final @Nullable Status closedFromOutside() {
		Status closed = this.closed;
		return (closed != BY_HANDLER) ? closed : null;
	}

	final boolean isCancelledFromOutside() {
		Status status = closedFromOutside();
		return status != null && !status.isOk();
	}

	/**
	 * How the call ended. For grpc-java a connection that is gone makes its calls
	 * UNAVAILABLE, as if the server had said so. Known by the object: what the server has
	 * closed a call with is handed on as it is.
	 * @param status the status that the stream was closed with
	 * @return the status that the client got, or CANCELLED if the client or the
	 * connection has ended the call
	 */
	final Status outcome(Status status) {
		if (status.getCode() != Status.Code.UNAVAILABLE || status == this.handlerStatus) {
			return status;
		}
		Status closed = closedFromOutside();
		if (closed != null && closed.getCode() == Status.Code.UNAVAILABLE) {
			return status;
		}
		return Status.CANCELLED.withDescription(status.getDescription()).withCause(status.getCause());
	}

}
