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

package io.github.lastcall.grpc.limits;

import io.grpc.Status;

/**
 * Connection of a call, as seen by the accounting of its outbound messages. grpc-java
 * tells a stream tracer when a message has been queued, but not when its bytes have been
 * written.
 */
public interface OutboundConnection {

	/**
	 * Registers the call whose headers are being read. Called on the event loop of the
	 * connection.
	 * @param sender receives the number of bytes written for the call
	 * @return the ID of the stream, 0 if it is unknown
	 */
	int opened(Sender sender);

	/**
	 * Resets a stream and drops its queued messages, because trailers would wait behind
	 * them. Does nothing if the stream has ended. May be called on any thread.
	 * @param stream the ID of the stream
	 * @param status the status passed to the tracers and the handler of the call
	 */
	void reset(int stream, Status status);

	/**
	 * Runs an action on the event loop after everything submitted before.
	 */
	void afterSent(Runnable action);

	/**
	 * Call whose messages are sent over a connection.
	 */
	interface Sender {

		/**
		 * Called on the event loop when queued bytes have been passed to the socket.
		 * @param bytes the number of bytes
		 */
		void written(int bytes);

	}

}
