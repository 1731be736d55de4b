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

/**
 * Stack of a thread, for logging. Never thrown.
 *
 * @hidden
 */
public final class ThreadStack extends Exception {

	private static final long serialVersionUID = 1L;

	/**
	 * Creates a new stack.
	 * @param stack the stack, or its relevant part
	 */
	public ThreadStack(Thread thread, StackTraceElement[] stack) {
		super("stack of thread " + thread.getName() + ", not an error", null, false, true);
		setStackTrace(stack);
	}

}
