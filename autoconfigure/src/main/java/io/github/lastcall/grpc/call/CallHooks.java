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

}
