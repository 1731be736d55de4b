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

import io.github.lastcall.grpc.server.GrpcServices;

/**
 * Follows one server through its lives and decides how each of them ends.
 */
public interface GrpcServerSupervisor {

	/**
	 * The server is about to be built.
	 */
	void starting();

	/**
	 * The server is built and about to be bound.
	 * @param services what it is going to serve
	 */
	void binding(GrpcServices services);

	/**
	 * The server is bound.
	 * @param server the server, a new one after each {@link #starting()}
	 */
	void started(GrpcServer server);

	/**
	 * The server could not be built or bound.
	 */
	void startFailed();

	/**
	 * Stop the server. Does not block; a server that is not running is stopped already.
	 * @param callback called once when it has stopped, on any thread
	 */
	void stop(Runnable callback);

	/**
	 * The application shuts down the server that it was given: announce the end of the
	 * server, and stop it.
	 */
	void shutdown();

	/**
	 * The application shuts down the server that it was given, and all calls at once.
	 */
	void shutdownNow();

	/**
	 * Whether there is anything to stop.
	 * @return whether the server is bound or about to be
	 */
	boolean isRunning();

}
