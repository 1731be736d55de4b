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
import io.grpc.StatusRuntimeException;

/**
 * Ends a call whose message is refused while it is received or decompressed. It has been
 * reported already, and has no stack trace.
 */
public final class RefusedMessageException extends StatusRuntimeException {

	private static final long serialVersionUID = 1L;

	/**
	 * Creates a new exception.
	 * @param status the status that the client gets
	 */
	public RefusedMessageException(Status status) {
		super(status);
	}

	@Override
	public synchronized Throwable fillInStackTrace() {
		return this;
	}

}
