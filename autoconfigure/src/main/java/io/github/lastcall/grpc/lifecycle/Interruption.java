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

package io.github.lastcall.grpc.lifecycle;

/**
 * Spring's shutdown waits for nothing on a thread that is interrupted: it would destroy
 * beans under live calls. Whoever is about to be waited for holds the interruption back.
 */
public final class Interruption {

	private Interruption() {
	}

	/**
	 * Clear the interruption of the current thread, if there is one, until something is
	 * done.
	 * @param callback called when it is done
	 * @return to be called instead: interrupts the thread again, and calls back
	 */
	public static Runnable hold(Runnable callback) {
		if (!Thread.interrupted()) {
			return callback;
		}
		Thread thread = Thread.currentThread();
		return () -> {
			thread.interrupt();
			callback.run();
		};
	}

}
