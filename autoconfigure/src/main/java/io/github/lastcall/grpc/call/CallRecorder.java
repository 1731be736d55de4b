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
 * Records the calls of one method of the application: what is to be looked up has been
 * looked up when it was created. Called on event loops by many calls at once, so it must
 * neither block nor throw.
 */
public interface CallRecorder {

	/**
	 * A message has arrived from the client.
	 */
	void messageReceived();

	/**
	 * A message has been sent to the client.
	 */
	void messageSent();

	/**
	 * A call has ended.
	 * @param status the status that the client got, or CANCELLED if the client or the
	 * connection has ended it
	 * @param nanos how long the call took, from its first frame on, in nanoseconds
	 */
	void ended(Status.Code status, long nanos);

	/**
	 * Makes the recorders of methods, once each time a server starts.
	 */
	@FunctionalInterface
	interface Factory {

		/**
		 * Make the recorder of a method.
		 * @param method the method
		 * @return the recorder
		 */
		CallRecorder recorderOf(MethodDescriptor<?, ?> method);

	}

}
