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

import io.grpc.Status;

/**
 * The connection of a call, as far as what the call sends is concerned. grpc-java tells a
 * tracer when a message has been queued, and nobody when its bytes have been written.
 */
public interface OutboundConnection {

	/**
	 * The headers of a call are being read. Called on the event loop of the connection.
	 * @param sender the call, which is told of what is written
	 * @return the number of its stream, 0 if that is not known
	 */
	int opened(Sender sender);

	/**
	 * End a stream and drop what it has queued: trailers would wait behind that. Does
	 * nothing if the stream has ended. Called on any thread.
	 * @param stream the stream
	 * @param status what the tracers and the handler of the call are told
	 */
	void reset(int stream, Status status);

	/**
	 * Run something on the event loop when what has been sent until now is there.
	 * @param action what to run
	 */
	void afterSent(Runnable action);

	/**
	 * A call that sends.
	 */
	interface Sender {

		/**
		 * Flow control has let some of what was queued go to the socket. Called on the
		 * event loop of the connection.
		 * @param bytes how many bytes
		 */
		void written(int bytes);

	}

}
