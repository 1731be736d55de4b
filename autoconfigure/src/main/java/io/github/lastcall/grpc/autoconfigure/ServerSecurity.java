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

package io.github.lastcall.grpc.autoconfigure;

import java.util.List;

import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import org.jspecify.annotations.Nullable;

/**
 * Security of the servers, as the parts of the wiring see it that exist without Spring
 * Security.
 */
interface ServerSecurity {

	/**
	 * Resolves the methods of a server that is about to be bound.
	 */
	void register(GrpcServices services);

	/**
	 * Returns the interceptor of a server, {@code null} for none.
	 * @param refusals counts the refused calls of the server
	 */
	@Nullable ServerInterceptor interceptor(Refusals refusals);

	/**
	 * Completes what {@link #register} has begun, after the server has been bound.
	 * @param added the services that customizers have added
	 */
	void await(List<ServerServiceDefinition> added);

}
