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
import java.util.function.Function;

import io.github.lastcall.grpc.server.GrpcServerStartException;
import org.jspecify.annotations.Nullable;

import org.springframework.security.authorization.AuthorizationManager;
import org.springframework.security.authorization.AuthorizationManagerFactory;
import org.springframework.security.core.Authentication;

/**
 * Rule of a {@link GrpcAuthorization}.
 *
 * @param target the methods that it names
 * @param predicate who may call, as written in the rule
 * @param access who may call, as counted
 * @param manager creates the manager that decides
 * @param messages decides about each message, {@code null} to allow all
 */
record AuthorizationRule(RuleTarget target, String predicate, RuleDecision.Access access,
		Function<AuthorizationManagerFactory<GrpcSecuredCall>, AuthorizationManager<GrpcSecuredCall>> manager,
		@Nullable BiPredicate<Authentication, Object> messages) {

	AuthorizationRule withMessages(BiPredicate<Authentication, Object> messages) {
		return new AuthorizationRule(this.target, this.predicate, RuleDecision.Access.BY_RULE, this.manager, messages);
	}

	/**
	 * Resolves the rule with the factory of the application, which knows the prefix of
	 * roles and their hierarchy.
	 */
	RuleDecision resolve(AuthorizationManagerFactory<GrpcSecuredCall> factory) {
		try {
			return new RuleDecision(this.manager.apply(factory), this.access, this.messages, description());
		}
		catch (IllegalArgumentException ex) {
			throw new GrpcServerStartException(
					"The authorization rule %s is invalid: %s.".formatted(this, ex.getMessage()), "Correct the rule.");
		}
	}

	private String description() {
		return (this.messages != null) ? this.predicate + ".eachMessage(...)" : this.predicate;
	}

	@Override
	public String toString() {
		return this.target.text() + "." + description();
	}

}
