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

import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;

/**
 * Decides which calls are allowed.
 *
 * @hidden
 */
public interface CallAuthorization {

	/**
	 * Authorization that allows everything.
	 */
	CallAuthorization OPEN = new CallAuthorization() {

		@Override
		public boolean isEmpty() {
			return true;
		}

		@Override
		public void register(GrpcServices services) {
		}

		@Override
		public void await(List<ServerServiceDefinition> added) {
		}

		@Override
		public MethodAuthorization of(MethodDescriptor<?, ?> method) {
			return MethodAuthorization.OPEN;
		}

	};

	/**
	 * Returns whether every method is {@link MethodAuthorization#OPEN}, so that calls
	 * need not be intercepted.
	 */
	boolean isEmpty();

	/**
	 * Resolves the methods of a server that is about to be bound.
	 * @param services the services of the server
	 */
	void register(GrpcServices services);

	/**
	 * Completes what {@link #register} has begun, after the server has been bound.
	 * @param added the services that customizers have added
	 */
	void await(List<ServerServiceDefinition> added);

	/**
	 * Returns what is decided about calls of a method. Called once for each method, but
	 * for names beyond a limit that a fallback registry accepts.
	 * @param method the method
	 */
	MethodAuthorization of(MethodDescriptor<?, ?> method);

}
