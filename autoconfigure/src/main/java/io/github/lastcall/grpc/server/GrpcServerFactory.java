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

package io.github.lastcall.grpc.server;

import java.io.IOException;

import io.grpc.ServerBuilder;

/**
 * Factory for the server builders of one transport and address. Services, the drain and
 * customizers are applied to the builder afterwards.
 */
public interface GrpcServerFactory {

	/**
	 * Creates the builder of a server, which is built and bound immediately.
	 * @return a new builder
	 * @throws GrpcServerStartException if the server can already be known not to start
	 */
	ServerBuilder<?> newBuilder();

	/**
	 * Translates a failure to bind into the terms of the configuration.
	 * @param failure the failure reported by the transport
	 * @return the exception to fail the start with
	 */
	GrpcServerStartException bindFailure(IOException failure);

	/**
	 * Returns whether every server of this factory listens on the same port. A server on
	 * a fixed port is stopped while its context is paused, so that another context can
	 * use the port, and started again with its context. Spring's test framework pauses
	 * contexts that no test uses. Other servers keep running.
	 * @return whether the port is fixed; defaults to {@code false}
	 */
	default boolean hasFixedPort() {
		return false;
	}

}
