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

import io.github.lastcall.grpc.executor.CallScope;
import org.jspecify.annotations.Nullable;

/**
 * A method whose calls are tracked, from one start of the server to its stop.
 *
 * @param life what lasts from the start to the stop
 * @param name its full name, empty until it is known
 * @param application whether it is the application's
 * @param streaming whether a call of it can stay open for ever
 * @param scope is around its callbacks, {@code null} if nothing is
 * @param recorder records its calls, {@code null} if nobody does
 */
record TrackedMethod(InFlightCalls.Life life, String name, boolean application, boolean streaming,
		@Nullable CallScope scope, @Nullable CallRecorder recorder) {

	/**
	 * Whether nobody has answered for the method yet.
	 */
	boolean isUnknown() {
		return this.name.isEmpty();
	}

	/**
	 * What sees a call of the method. One to an infrastructure service that ends at once
	 * holds up nothing and nobody.
	 * @return the tracer
	 */
	CallTracer tracer() {
		if (!this.application && !this.streaming) {
			return new MeasuredCall(this);
		}
		InFlightCall call = call();
		call.open();
		return call;
	}

	/**
	 * A call of the method.
	 * @return the call, which has not begun
	 */
	InFlightCall call() {
		return this.streaming ? new InFlightStream(this) : new InFlightCall(this);
	}

}
