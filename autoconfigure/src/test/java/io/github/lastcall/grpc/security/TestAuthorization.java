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
import java.util.function.Supplier;

import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;

import org.springframework.context.annotation.Primary;
import org.springframework.security.authentication.AnonymousAuthenticationToken;
import org.springframework.security.authorization.AuthorizationDecision;
import org.springframework.security.authorization.AuthorizationResult;
import org.springframework.security.core.Authentication;
import org.springframework.stereotype.Component;

/**
 * Requires a caller for GetFeature and streams of both sides, allows nobody to call Call,
 * and decides nothing about the others.
 */
@Component
@Primary
class TestAuthorization implements CallAuthorization {

	@Override
	public boolean isEmpty() {
		return false;
	}

	@Override
	public void register(GrpcServices services) {
	}

	@Override
	public void await(List<ServerServiceDefinition> added) {
	}

	@Override
	public MethodAuthorization of(MethodDescriptor<?, ?> method) {
		return switch (String.valueOf(method.getBareMethodName())) {
			case "GetFeature", "RouteChat", "ServerReflectionInfo" -> new Decided(true);
			case "Call" -> new Decided(false);
			default -> MethodAuthorization.OPEN;
		};
	}

	private record Decided(boolean allowed) implements MethodAuthorization {

		@Override
		public boolean isOpen() {
			return false;
		}

		@Override
		public AuthorizationResult authorize(Supplier<Authentication> caller, GrpcSecuredCall call) {
			return new AuthorizationDecision(this.allowed && !(caller.get() instanceof AnonymousAuthenticationToken));
		}

	}

}
