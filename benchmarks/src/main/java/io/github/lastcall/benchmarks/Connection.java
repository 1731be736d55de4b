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

package io.github.lastcall.benchmarks;

import io.grpc.Status;

/**
 * What a client makes its calls on. It fails fast and retries nothing, not even
 * transparently.
 */
interface Connection {

	/**
	 * Make a call.
	 * @param kind the kind of call
	 * @param millis how long it takes
	 * @param end called when the call has ended
	 */
	void call(CallKind kind, long millis, CallEnd end);

	/**
	 * Close the connection, which has no open calls.
	 */
	void close();

	/**
	 * Told of the end of a call.
	 */
	@FunctionalInterface
	interface CallEnd {

		void ended(Status status);

	}

}
