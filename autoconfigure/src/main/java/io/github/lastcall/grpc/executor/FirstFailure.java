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

import java.util.concurrent.atomic.AtomicBoolean;

import org.apache.commons.logging.Log;

/**
 * Logs the first failure of something that must not fail a call. One stack trace is
 * enough to find the cause, and later failures would only repeat it.
 *
 * @hidden
 */
public final class FirstFailure {

	private final Log logger;

	private final String message;

	private final AtomicBoolean reported = new AtomicBoolean();

	/**
	 * Creates a new instance, with no failure so far.
	 * @param message what has failed
	 */
	public FirstFailure(Log logger, String message) {
		this.logger = logger;
		this.message = message;
	}

	/**
	 * Logs a failure if it is the first.
	 */
	public void report(Throwable failure) {
		if (this.reported.compareAndSet(false, true)) {
			this.logger.error(this.message + " (reported once)", failure);
		}
	}

}
