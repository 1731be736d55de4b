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
 * The states of a server, in the order in which it goes through them.
 */
public enum GrpcServerState {

	/**
	 * Not bound yet, or bound while the application is not ready. Health is NOT_SERVING;
	 * calls that arrive all the same are served.
	 */
	STARTING,

	/**
	 * Calls are served and health says what the application's health is.
	 */
	SERVING,

	/**
	 * Everything still works, new connections and calls included, and everybody who asks
	 * is told NOT_SERVING. Load balancers call it lame duck.
	 */
	ANNOUNCING,

	/**
	 * The listener is closed, clients have been told to go away, calls in flight go on.
	 */
	DRAINING,

	/**
	 * The grace period is over: what is left is closed with UNAVAILABLE.
	 */
	FORCING,

	/**
	 * No listener, no connection, no call. It can start again.
	 */
	STOPPED;

	/**
	 * Whether the server is on its way down.
	 * @return whether it announces, drains or forces
	 */
	public boolean isStopping() {
		return this == ANNOUNCING || this == DRAINING || this == FORCING;
	}

}
