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

import io.grpc.Context;
import org.jspecify.annotations.Nullable;

/**
 * What is around the callbacks of a call. What the handler does at the drain signal is no
 * callback of grpc-java's, and runs in here all the same: the handler of a method can be
 * a scope, and so can what {@link #KEY} has in the context of a call.
 */
public interface CallScope {

	/**
	 * The scope of the current call.
	 */
	Context.Key<CallScope> KEY = Context.key("io.github.lastcall.grpc.executor.scope");

	/**
	 * Run something as a callback of the call would run, on the current thread.
	 * @param action what to run
	 */
	void run(Runnable action);

	/**
	 * Put a scope around something.
	 * @param action what to run in it
	 * @param scope the scope, {@code null} for none
	 * @return what runs the action
	 */
	static Runnable around(Runnable action, @Nullable CallScope scope) {
		return (scope != null) ? () -> scope.run(action) : action;
	}

}
