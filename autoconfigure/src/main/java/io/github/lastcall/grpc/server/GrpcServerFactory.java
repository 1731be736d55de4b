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
 * Makes the builders of servers for one transport and one address. What every server gets
 * (its services, the drain, the customizers) is added to the builder afterwards, so that
 * a factory of an application cannot miss it.
 */
public interface GrpcServerFactory {

	/**
	 * Make the builder of a server, which is built and bound at once.
	 * @return a new builder
	 * @throws GrpcServerStartException if it is clear already that it cannot be bound
	 */
	ServerBuilder<?> newBuilder();

	/**
	 * Tell what a failure to bind means in terms of the configuration.
	 * @param failure what the transport said
	 * @return the analyzed failure
	 */
	GrpcServerStartException bindFailure(IOException failure);

	/**
	 * Whether every server of this factory listens on the same port. Such a server is
	 * stopped while its context is paused, as Spring's test framework does with a context
	 * that no test uses, so that another one gets the port; it starts again with its
	 * context. Any other server keeps running, as its clients could not follow it.
	 * @return whether the port is fixed, {@code false} unless overridden
	 */
	default boolean hasFixedPort() {
		return false;
	}

}
