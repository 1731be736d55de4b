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
import io.grpc.Status;
import io.grpc.StatusRuntimeException;

/**
 * Exception that ends a handler which sends although its call has ended. Most handlers do
 * not check whether their client is still there, and the callback by which grpc-java
 * tells them waits for the one that sends. It is not reported when it leaves the handler.
 */
final class CallEndedException extends StatusRuntimeException {

	private static final long serialVersionUID = 1L;

	private final transient InFlightCall call;

	/**
	 * Creates a new exception.
	 * @param call the call that has ended
	 */
	CallEndedException(InFlightCall call, String reason) {
		super(Status.CANCELLED.withDescription(reason), new Metadata());
		this.call = call;
	}

	/**
	 * Returns whether the handler of this call is to end, and not the handler of another
	 * call on the same thread.
	 */
	boolean isOf(InFlightCall call) {
		return this.call == call;
	}

}
