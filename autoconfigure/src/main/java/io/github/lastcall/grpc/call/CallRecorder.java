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

import io.grpc.MethodDescriptor;
import io.grpc.Status;

/**
 * Recorder of the calls of one method of the application. Lookups are done when it is
 * created. Called on event loops by many calls at once, so it must neither block nor
 * throw.
 *
 * @hidden
 */
public interface CallRecorder {

	/**
	 * Records that a message has been received from the client.
	 */
	void messageReceived();

	/**
	 * Records that a message has been sent to the client.
	 */
	void messageSent();

	/**
	 * Records that a call has waited for a thread. Not called for a call that got one
	 * almost at once.
	 * @param nanos the time in nanoseconds
	 */
	void waited(long nanos);

	/**
	 * Records that a call has ended.
	 * @param status the status that the client has received, or CANCELLED if the client
	 * or the connection has ended it. Its cause is the exception that the call failed
	 * with
	 * @param nanos the duration of the call since its first frame, in nanoseconds
	 */
	void ended(Status status, long nanos);

	/**
	 * Factory of recorders, called for each method when a server starts.
	 *
	 * @hidden
	 */
	@FunctionalInterface
	interface Factory {

		/**
		 * Creates the recorder of a method.
		 */
		CallRecorder recorderOf(MethodDescriptor<?, ?> method);

	}

}
