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
 * Callbacks of a call that are due, submitted to the executor of the call. The thread
 * pool of this library limits the threads that the tasks of one method occupy.
 *
 * @hidden
 */
public interface CallTask extends Runnable {

	/**
	 * Returns the method of the call.
	 */
	Method method();

	/**
	 * Method whose calls occupy threads of the pool. One object for all its calls keeps
	 * what the pool knows of it.
	 *
	 * @hidden
	 */
	final class Method {

		private final String name;

		private volatile @Nullable MethodBulkhead bulkhead;

		/**
		 * Creates a new method.
		 * @param name its full name, empty if it is not known
		 */
		public Method(String name) {
			this.name = name;
		}

		/**
		 * Returns the full name of the method, empty if it is not known.
		 */
		public String name() {
			return this.name;
		}

		@Nullable MethodBulkhead bulkhead() {
			return this.bulkhead;
		}

		void setBulkhead(MethodBulkhead bulkhead) {
			this.bulkhead = bulkhead;
		}

	}

}
