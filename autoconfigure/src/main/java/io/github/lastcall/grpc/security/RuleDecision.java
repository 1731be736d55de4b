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

import java.util.function.BiPredicate;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import org.springframework.security.authorization.AuthorizationDecision;
import org.springframework.security.authorization.AuthorizationManager;
import org.springframework.security.authorization.AuthorizationResult;
import org.springframework.security.authorization.SingleResultAuthorizationManager;
import org.springframework.security.core.Authentication;

/**
 * What is decided about the calls of one method.
 *
 * @param manager decides about a call
 * @param access who may call, as counted
 * @param messages decides about each message, {@code null} to allow all
 * @param description who may call, for operators
 */
record RuleDecision(AuthorizationManager<GrpcSecuredCall> manager, Access access,
		@Nullable BiPredicate<Authentication, Object> messages, String description) implements MethodAuthorization {

	private static final AuthorizationResult DENIED = new AuthorizationDecision(false);

	private static final AuthorizationResult GRANTED = new AuthorizationDecision(true);

	/**
	 * No rule says anything about the method, and it needs none.
	 */
	static final RuleDecision UNDECIDED = new RuleDecision(SingleResultAuthorizationManager.permitAll(), Access.OPEN,
			null, "open");

	/**
	 * No rule says anything about the method, which only a fallback registry knows.
	 */
	static final RuleDecision UNKNOWN = new RuleDecision(SingleResultAuthorizationManager.denyAll(), Access.BY_RULE,
			null, "denied, as no rule matches");

	/**
	 * Adds the annotations of the handler, which its proxy evaluates.
	 */
	RuleDecision with(String annotations) {
		return new RuleDecision(this.manager, Access.BY_RULE, this.messages,
				(this == UNDECIDED) ? annotations : this.description + ", " + annotations);
	}

	@Override
	public boolean isOpen() {
		return this == UNDECIDED;
	}

	/**
	 * Decides about a call. A manager that abstains denies it: nothing is allowed by
	 * omission.
	 */
	@Override
	public AuthorizationResult authorize(Supplier<Authentication> caller, GrpcSecuredCall call) {
		AuthorizationResult result = this.manager.authorize(caller, call);
		return (result != null) ? result : DENIED;
	}

	@Override
	public @Nullable MessageAuthorization eachMessage() {
		BiPredicate<Authentication, Object> messages = this.messages;
		return (messages != null) ? (caller, message) -> messages.test(caller, message) ? GRANTED : DENIED : null;
	}

	/**
	 * Who may call.
	 */
	enum Access {

		OPEN, AUTHENTICATED, BY_RULE

	}

}
