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

package io.github.lastcall.grpc.security;

import java.util.List;

import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;

import org.springframework.aop.framework.AopInfrastructureBean;

/**
 * Authenticates and authorizes the calls of all servers.
 *
 * @hidden
 */
public final class CallSecurity implements AopInfrastructureBean {

	private final CallAuthorization authorization;

	/**
	 * Creates a new security.
	 * @param authorization decides which calls are allowed
	 */
	public CallSecurity(CallAuthorization authorization) {
		this.authorization = authorization;
	}

	/**
	 * Returns whether there is nothing to do, so that calls need not be intercepted.
	 */
	public boolean isEmpty() {
		return this.authorization.isEmpty();
	}

	/**
	 * Resolves the methods of a server that is about to be bound.
	 * @param services the services of the server
	 */
	public void register(GrpcServices services) {
		this.authorization.register(services);
	}

	/**
	 * Completes what {@link #register} has begun, after the server has been bound.
	 * @param added the services that customizers have added
	 */
	public void await(List<ServerServiceDefinition> added) {
		this.authorization.await(added);
	}

	/**
	 * Creates the interceptor of a server.
	 * @param refusals counts the calls of the server that are refused
	 */
	public ServerInterceptor interceptor(Refusals refusals) {
		return new ServerInterceptor() {

			@Override
			public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
					ServerCallHandler<Q, R> next) {
				return next.startCall(call, headers);
			}

		};
	}

}
