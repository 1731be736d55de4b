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
 * Listener for the states of servers, notified before the event is published. For parts
 * of this library; applications listen to {@link GrpcServerStateChangedEvent}.
 *
 * @hidden
 */
@FunctionalInterface
public interface GrpcServerStateListener {

	/**
	 * Called when the state of a server has changed. Must not block.
	 * @param server the name of the server
	 * @param from the state before
	 * @param to the state now
	 */
	void stateChanged(String server, GrpcServerState from, GrpcServerState to);

}
