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
 * States of a server, in order.
 */
public enum GrpcServerState {

	/**
	 * Not bound yet, or bound while the application is not ready. Health is NOT_SERVING;
	 * calls are served.
	 */
	STARTING,

	/**
	 * Calls are served, and health follows the application.
	 */
	SERVING,

	/**
	 * Health is NOT_SERVING. Calls are served, and new connections accepted (known as
	 * lame duck mode).
	 */
	ANNOUNCING,

	/**
	 * The listener is closed and GOAWAY has been sent. Calls in flight are served.
	 */
	DRAINING,

	/**
	 * The grace period is over. Remaining calls are closed with UNAVAILABLE.
	 */
	FORCING,

	/**
	 * No listener, connections or calls. The server can be started again.
	 */
	STOPPED;

	/**
	 * Returns whether the server is shutting down.
	 * @return whether it announces, drains or forces
	 */
	public boolean isStopping() {
		return this == ANNOUNCING || this == DRAINING || this == FORCING;
	}

}
