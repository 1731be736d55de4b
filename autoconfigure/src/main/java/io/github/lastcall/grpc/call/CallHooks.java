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

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * Hooks into the life of one call, called by the listener and the server call that track
 * it. They must not throw.
 *
 * @hidden
 */
public interface CallHooks {

	/**
	 * Hooks that do nothing.
	 */
	CallHooks NONE = new CallHooks() {
	};

	/**
	 * Called on its thread before the handler is started, and before each callback and
	 * each action at the drain signal.
	 * @return the argument for {@link #afterCallback}
	 */
	default @Nullable Object beforeCallback() {
		return null;
	}

	/**
	 * Called after {@link #beforeCallback()} on the same thread.
	 * @param scope the result of {@link #beforeCallback()}
	 */
	default void afterCallback(@Nullable Object scope) {
	}

	/**
	 * Called before the handler sends headers.
	 */
	default void sendingHeaders(Metadata headers) {
	}

	/**
	 * Called before the handler closes the call, unless the server has closed it.
	 */
	default void closing(Metadata trailers) {
	}

	/**
	 * Called before the handler is told that the call has been cancelled.
	 */
	default void cancelled() {
	}

	/**
	 * Called when the stream has been closed and the last callback has returned.
	 * @param status the status that the client has received, or CANCELLED if the client
	 * or the connection has ended the call
	 */
	default void ended(Status status) {
	}

	/**
	 * Call whose handler starts, for the interceptors of this library.
	 *
	 * @hidden
	 */
	interface Call {

		/**
		 * Returns the call of the current {@link Context}.
		 * @return the call, {@code null} outside of calls, before the handler starts and
		 * for unary calls of infrastructure services
		 */
		static @Nullable Call current() {
			InFlightCall call = InFlightCall.KEY.get();
			return (call != null) ? call.listener() : null;
		}

		/**
		 * Returns the hooks of the call.
		 */
		CallHooks hooks();

		/**
		 * Replaces the hooks of the call, in the callback that starts its handler.
		 * @param hooks hooks that also call those that they replace. Their
		 * {@link #afterCallback} is called with what the replaced ones have returned, for
		 * what has begun before
		 */
		void replaceHooks(CallHooks hooks);

		/**
		 * Runs a task as a callback of the call, never beside one.
		 */
		void execute(Runnable task);

		/**
		 * Closes the call on behalf of the server. Its handler sees a cancellation.
		 * @return whether the call was open
		 */
		boolean close(Status status, Metadata trailers);

	}

	/**
	 * Factory of the hooks of the application's calls.
	 *
	 * @hidden
	 */
	@FunctionalInterface
	interface Factory {

		/**
		 * Called on an event loop when a call is going to get a handler. Each call that
		 * starts also ends.
		 * @param headers the headers of the request
		 * @return the hooks of the call, {@link CallHooks#NONE} for none
		 */
		CallHooks callStarted(ServerCall<?, ?> call, Metadata headers);

	}

	/**
	 * Decides what the client of a failed call receives. Its methods are called in the
	 * scope of the call, that is between {@link #beforeCallback()} and
	 * {@link #afterCallback}, on any thread, and must not throw.
	 *
	 * @hidden
	 */
	interface Failures {

		/**
		 * Called when a callback has thrown an exception, or has closed the call with one
		 * that has no status.
		 * @param call the call, which may have been closed or cancelled before
		 * @param exception the exception
		 * @return what the client receives
		 */
		Failure thrown(FailedCall call, Throwable exception);

		/**
		 * Called when a handler closes the call with a status other than OK.
		 * @param call the call
		 * @param status the status
		 * @param trailers the trailers, which must not be changed
		 * @return what the client receives
		 */
		Failure closed(FailedCall call, Status status, Metadata trailers);

		/**
		 * Called when interceptors, which may have changed it, have passed on a failure.
		 * @param call the call
		 * @param status the status
		 * @param trailers the trailers, which must not be changed
		 * @return what the client receives
		 */
		Failure passedOn(FailedCall call, Status status, Metadata trailers);

	}

	/**
	 * Failed call.
	 *
	 * @param call the call as it arrived
	 * @param headers the headers of the request
	 * @param request the request of a unary call, {@code null} if it has not arrived
	 * @param context the context of the call
	 * @hidden
	 */
	record FailedCall(ServerCall<?, ?> call, Metadata headers, @Nullable Object request, Context context) {

	}

	/**
	 * What the client of a failed call receives.
	 *
	 * @param status the status
	 * @param trailers the trailers
	 * @param log logs the failure, called after the call has been closed
	 * @hidden
	 */
	record Failure(Status status, Metadata trailers, Runnable log) {

	}

}
