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

package io.github.lastcall.grpc.executor;

import org.jspecify.annotations.Nullable;

/**
 * Scope in which the callbacks of a call run. Implemented by a handler whose call's
 * actions at the drain signal must run in the same scope, although they are not callbacks
 * of grpc-java.
 *
 * @hidden
 */
public interface CallScope {

	/**
	 * Runs an action on the current thread as a callback of the call would run.
	 */
	void run(Runnable action);

	/**
	 * Wraps an action so that it runs in a scope.
	 * @param scope the scope, {@code null} for none
	 */
	static Runnable around(Runnable action, @Nullable CallScope scope) {
		return (scope != null) ? () -> scope.run(action) : action;
	}

}
