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

import java.util.concurrent.atomic.AtomicReference;

import io.grpc.Metadata;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * Status that a call was closed with. Either the handler or the server (the drain or a
 * limit) closes a call, whichever is first; neither does if the client ends it.
 * <p>
 * The value is {@code null} while the call is open, {@link #BY_HANDLER} if the handler
 * has closed it, and what the server has closed it with otherwise. It is set once, by a
 * compare-and-set.
 */
@SuppressWarnings("serial")
final class CloseStatus extends AtomicReference<CloseStatus.@Nullable Close> {

	/**
	 * Marks a call closed by its handler. Compared by identity.
	 */
	private static final Close BY_HANDLER = new Close(Status.OK.withDescription("closed by its handler"));

	/**
	 * Status of a call that ended before its handler started. Compared by identity.
	 */
	private static final Close WITHDRAWN = new Close(
			Status.CANCELLED.withDescription("The call ended before its handler began"));

	/**
	 * Status that the handler has closed the call with or thrown. Written before it is
	 * passed to grpc-java, so whoever sees the end of the stream first compares it with
	 * another status, which is correct.
	 */
	private @Nullable Status handlerStatus;

	private Status outcome = Status.UNKNOWN;

	/**
	 * Closes the call on behalf of its handler.
	 * @return whether the server has not closed the call
	 */
	boolean closeByHandler(Status status) {
		if (compareAndSet(null, BY_HANDLER)) {
			this.handlerStatus = status;
			return true;
		}
		return get() == BY_HANDLER;
	}

	/**
	 * Closes the call on behalf of the server.
	 * @return whether the call was open
	 */
	boolean closeByServer(Status status, Metadata trailers) {
		return compareAndSet(null, new Close(status, trailers));
	}

	/**
	 * Closes the call because it has ended and its handler has not been started.
	 */
	void withdraw() {
		compareAndSet(null, WITHDRAWN);
	}

	boolean isWithdrawn() {
		return get() == WITHDRAWN;
	}

	boolean isClosed() {
		return get() != null;
	}

	/**
	 * Returns the status that the server has closed the call with.
	 * @return the status, {@code null} if the server has not closed the call
	 */
	@Nullable Status byServer() {
		Close close = get();
		return (close != null && close != BY_HANDLER) ? close.status() : null;
	}

	/**
	 * Returns the trailers that the server has closed the call with.
	 */
	Metadata trailersByServer() {
		Close close = get();
		return (close != null) ? close.trailers() : new Metadata();
	}

	/**
	 * Returns whether the server has closed the call with a status other than OK.
	 */
	boolean isCancelledByServer() {
		Status status = byServer();
		return status != null && !status.isOk();
	}

	/**
	 * Notes the end of the stream.
	 * @param status the status that the stream was closed with
	 */
	void streamClosed(Status status) {
		this.outcome = outcome(status);
	}

	/**
	 * Returns the status that the client has received, or CANCELLED if the client or the
	 * connection has ended the call.
	 * @return the status, UNKNOWN until the end of the stream
	 */
	Status outcome() {
		return this.outcome;
	}

	/**
	 * Returns the status that the client has received. grpc-java reports UNAVAILABLE for
	 * the calls of a lost connection, as if the server had sent it. The two cases are
	 * told apart by identity, because grpc-java passes on the status that a call was
	 * closed with.
	 * @param status the status that the stream was closed with
	 */
	private Status outcome(Status status) {
		if (status.getCode() != Status.Code.UNAVAILABLE || status == this.handlerStatus) {
			return status;
		}
		Status byServer = byServer();
		if (byServer != null && byServer.getCode() == Status.Code.UNAVAILABLE) {
			return status;
		}
		return Status.CANCELLED.withDescription(status.getDescription()).withCause(status.getCause());
	}

	/**
	 * What a call is closed with.
	 */
	record Close(Status status, Metadata trailers) {

		Close(Status status) {
			this(status, new Metadata());
		}

	}

}
