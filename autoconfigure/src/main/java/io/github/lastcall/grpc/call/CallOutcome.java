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
import io.grpc.Status;

/**
 * How a call ended, for those who trace its stream.
 */
public final class CallOutcome {

	private CallOutcome() {
	}

	/**
	 * The status of a call whose stream has been closed.
	 * @param context the context of the call, as its tracers get it
	 * @param status the status that the stream was closed with
	 * @return the status that the client got, or CANCELLED if the client or the
	 * connection has ended the call
	 */
	public static Status of(Context context, Status status) {
		InFlightCall call = InFlightCall.KEY.get(context);
		return (call != null) ? call.outcome(status) : status;
	}

}
