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
 * State that a library keeps in a thread-local variable and that code can leave behind
 * for the next task of the thread. Called around nearly all tasks of a call, so it must
 * be cheap when nothing was left behind.
 *
 * @hidden
 */
public interface ThreadState {

	/**
	 * Returns the state of the current thread.
	 * @return the argument for {@link #restore}, {@code null} if the thread has none
	 */
	@Nullable Object save();

	/**
	 * Undo what has been done to the state of the current thread since it was saved.
	 * @param saved the state, {@code null} for a thread that had none
	 */
	void restore(@Nullable Object saved);

}
