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

import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import org.springframework.security.authorization.AuthorizationDecision;
import org.springframework.security.authorization.AuthorizationResult;
import org.springframework.security.core.Authentication;

/**
 * Decides about the calls of one method.
 *
 * @hidden
 */
public interface MethodAuthorization {

	/**
	 * Nothing is decided about the method.
	 */
	MethodAuthorization OPEN = new MethodAuthorization() {

		private static final AuthorizationResult GRANTED = new AuthorizationDecision(true);

		@Override
		public boolean isOpen() {
			return true;
		}

		@Override
		public AuthorizationResult authorize(Supplier<Authentication> caller, GrpcSecuredCall call) {
			return GRANTED;
		}

	};

	/**
	 * Returns whether nothing is decided about the method, by rules or by annotations.
	 * {@link #authorize} is not called then, and a call without credentials gets no
	 * security context. A method that is open by a rule returns {@code false}: its
	 * callers without credentials are anonymous ones.
	 */
	boolean isOpen();

	/**
	 * Decides about a call before its handler starts.
	 * @param caller supplies the caller, which may be anonymous
	 * @param call the call
	 */
	AuthorizationResult authorize(Supplier<Authentication> caller, GrpcSecuredCall call);

	/**
	 * Returns what decides about each message that a client sends.
	 * @return the check, {@code null} for none
	 */
	default @Nullable MessageAuthorization eachMessage() {
		return null;
	}

	/**
	 * Decides about a message.
	 *
	 * @hidden
	 */
	@FunctionalInterface
	interface MessageAuthorization {

		/**
		 * Decides about a message before the handler sees it.
		 * @param caller the caller, which may be anonymous
		 * @param message the message
		 */
		AuthorizationResult authorize(Authentication caller, Object message);

	}

}
