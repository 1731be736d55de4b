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

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.grpc.MethodDescriptor;

import org.springframework.security.authorization.AuthorizationManager;
import org.springframework.security.authorization.AuthorizationManagerFactory;
import org.springframework.security.core.Authentication;
import org.springframework.util.Assert;

/**
 * Rules that decide who may call which method. A bean of this type switches authorization
 * on: <pre class="code">
 * &#064;Bean
 * GrpcAuthorization grpcAuthorization() {
 *     return GrpcAuthorization.rules((rules) -&gt; rules
 *         .method(RouteGuideGrpc.getRecordRouteMethod()).hasRole("DRIVER")
 *         .service(RouteGuideGrpc.class).hasAuthority("SCOPE_routes")
 *         .anyOther().denyAll());
 * }
 * </pre>
 * <p>
 * The first rule that matches a method decides. The start of the server fails if a rule
 * decides for no method that is served, and if no rule decides for a method that is
 * served. The health service is open unless {@link Rules#health()} says otherwise.
 */
public final class GrpcAuthorization {

	private final List<AuthorizationRule> rules;

	private GrpcAuthorization(List<AuthorizationRule> rules) {
		this.rules = List.copyOf(rules);
	}

	/**
	 * Creates the rules of a server.
	 * @param rules adds the rules, in their order
	 * @return the rules
	 * @throws GrpcServerStartException if a rule does not say who may call, or follows
	 * {@link Rules#anyOther()}
	 */
	public static GrpcAuthorization rules(Consumer<Rules> rules) {
		Assert.notNull(rules, "'rules' must not be null");
		RuleList list = new RuleList();
		rules.accept(new Rules(list));
		list.checkComplete();
		return new GrpcAuthorization(list.rules);
	}

	List<AuthorizationRule> rules() {
		return this.rules;
	}

	/**
	 * The rules so far, and the methods of the one that does not say yet who may call.
	 */
	private static final class RuleList {

		private final List<AuthorizationRule> rules = new ArrayList<>();

		private List<RuleTarget> targets = List.of();

		void begin(List<RuleTarget> targets) {
			checkComplete();
			if (targets.isEmpty()) {
				throw new GrpcServerStartException("An authorization rule names no method.",
						"Name at least one method, pattern or service in it.");
			}
			if (!this.rules.isEmpty() && this.rules.get(this.rules.size() - 1).target().isAnyOther()) {
				throw new GrpcServerStartException(
						"The authorization rule %s follows anyOther(), which decides for every method that is left."
							.formatted(text(targets)),
						"Move anyOther() to the end of the rules.");
			}
			this.targets = targets;
		}

		void checkComplete() {
			if (!this.targets.isEmpty()) {
				throw new GrpcServerStartException(
						"The authorization rule %s does not say who may call.".formatted(text(this.targets)),
						"End it with permitAll(), authenticated(), hasRole(...), denyAll() or the like.");
			}
		}

		private static String text(List<RuleTarget> targets) {
			return targets.stream().map(RuleTarget::text).collect(Collectors.joining(", "));
		}

	}

	/**
	 * Rules of a server. Each names methods and then who may call them.
	 */
	public static class Rules {

		private final RuleList list;

		private Rules(RuleList list) {
			this.list = list;
		}

		/**
		 * Adds a rule for one method.
		 * @param <Q> the type of its requests
		 * @param method the method
		 * @return the rule, to say who may call
		 */
		public <Q> Rule<Q> method(MethodDescriptor<Q, ?> method) {
			Assert.notNull(method, "'method' must not be null");
			return rule(List.of(RuleTarget.method(method)));
		}

		/**
		 * Adds a rule for each of these methods.
		 * @param methods the methods
		 * @return the rule, to say who may call
		 */
		public Rule<Object> method(MethodDescriptor<?, ?>... methods) {
			return rule(Stream.of(methods).map(RuleTarget::method).toList());
		}

		/**
		 * Adds a rule for the methods with these names.
		 * @param patterns full names of methods such as {@code acme.Admin/Delete}. A
		 * {@code *} stands for any number of characters except the slash:
		 * {@code acme.Admin/*} for the methods of a service, {@code acme.*}{@code /*} for
		 * those of all services of a package and of the packages in it. A pattern with a
		 * {@code *} in the name of the service does not match infrastructure services
		 * @return the rule, to say who may call
		 */
		public Rule<Object> method(String... patterns) {
			return rule(Stream.of(patterns).map(RuleTarget::pattern).toList());
		}

		/**
		 * Adds a rule for all methods of these services.
		 * @param generated generated classes such as {@code RouteGuideGrpc}
		 * @return the rule, to say who may call
		 */
		public Rule<Object> service(Class<?>... generated) {
			return rule(Stream.of(generated).map(RuleTarget::service).toList());
		}

		/**
		 * Adds a rule for the health service. Without one it is open, because probes have
		 * no credentials. The server of {@code grpc.server.health.port} is always open.
		 * @return the rule, to say who may call
		 */
		public Rule<Object> health() {
			return rule(List.of(RuleTarget.HEALTH));
		}

		/**
		 * Adds a rule for the reflection service. Without one it follows
		 * {@link #anyOther()}. The rule may stay if reflection is disabled.
		 * @return the rule, to say who may call
		 */
		public Rule<Object> reflection() {
			return rule(List.of(RuleTarget.REFLECTION));
		}

		/**
		 * Adds a rule for the channelz service. Without one it follows
		 * {@link #anyOther()}. The rule may stay if channelz is not served.
		 * @return the rule, to say who may call
		 */
		public Rule<Object> channelz() {
			return rule(List.of(RuleTarget.CHANNELZ));
		}

		/**
		 * Adds the last rule, for every method that no other rule matches, even if only a
		 * fallback registry knows it. It does not decide for the health service.
		 * @return the rule, to say who may call
		 */
		public Rule<Object> anyOther() {
			return rule(List.of(RuleTarget.ANY_OTHER));
		}

		private <Q> Rule<Q> rule(List<RuleTarget> targets) {
			this.list.begin(targets);
			return new Rule<>(this.list, targets);
		}

	}

	/**
	 * Rule that does not say yet who may call.
	 *
	 * @param <Q> the type of the requests
	 */
	public static final class Rule<Q> {

		private final RuleList list;

		private final List<RuleTarget> targets;

		private Rule(RuleList list, List<RuleTarget> targets) {
			this.list = list;
			this.targets = targets;
		}

		/**
		 * Allows every call, with or without credentials.
		 * @return the rules, to add others
		 */
		public DecidedRule<Q> permitAll() {
			return decide("permitAll()", RuleDecision.Access.OPEN, AuthorizationManagerFactory::permitAll);
		}

		/**
		 * Allows no call.
		 * @return the rules, to add others
		 */
		public DecidedRule<Q> denyAll() {
			return decide("denyAll()", AuthorizationManagerFactory::denyAll);
		}

		/**
		 * Allows callers that have authenticated.
		 * @return the rules, to add others
		 */
		public DecidedRule<Q> authenticated() {
			return decide("authenticated()", RuleDecision.Access.AUTHENTICATED,
					AuthorizationManagerFactory::authenticated);
		}

		/**
		 * Allows callers with a role.
		 * @param role the role, without the prefix {@code ROLE_}
		 * @return the rules, to add others
		 */
		public DecidedRule<Q> hasRole(String role) {
			return decide(text("hasRole", role), (factory) -> factory.hasRole(role));
		}

		/**
		 * Allows callers with at least one of these roles.
		 * @param roles the roles, without the prefix {@code ROLE_}
		 * @return the rules, to add others
		 */
		public DecidedRule<Q> hasAnyRole(String... roles) {
			return decide(text("hasAnyRole", roles), (factory) -> factory.hasAnyRole(roles));
		}

		/**
		 * Allows callers with all of these roles.
		 * @param roles the roles, without the prefix {@code ROLE_}
		 * @return the rules, to add others
		 */
		public DecidedRule<Q> hasAllRoles(String... roles) {
			return decide(text("hasAllRoles", roles), (factory) -> factory.hasAllRoles(roles));
		}

		/**
		 * Allows callers with an authority.
		 * @param authority the authority, such as {@code SCOPE_routes}
		 * @return the rules, to add others
		 */
		public DecidedRule<Q> hasAuthority(String authority) {
			return decide(text("hasAuthority", authority), (factory) -> factory.hasAuthority(authority));
		}

		/**
		 * Allows callers with at least one of these authorities.
		 * @param authorities the authorities
		 * @return the rules, to add others
		 */
		public DecidedRule<Q> hasAnyAuthority(String... authorities) {
			return decide(text("hasAnyAuthority", authorities), (factory) -> factory.hasAnyAuthority(authorities));
		}

		/**
		 * Allows callers with all of these authorities.
		 * @param authorities the authorities
		 * @return the rules, to add others
		 */
		public DecidedRule<Q> hasAllAuthorities(String... authorities) {
			return decide(text("hasAllAuthorities", authorities), (factory) -> factory.hasAllAuthorities(authorities));
		}

		/**
		 * Leaves the decision to an authorization manager, once per call and before its
		 * first message. If it returns {@code null}, the call is denied.
		 * @param manager the manager
		 * @return the rules, to add others
		 */
		public DecidedRule<Q> access(AuthorizationManager<? super GrpcSecuredCall> manager) {
			Assert.notNull(manager, "'manager' must not be null");
			return decide("access(...)", (factory) -> manager::authorize);
		}

		private static String text(String predicate, String... names) {
			Assert.isTrue(names.length > 0, "'names' must not be empty");
			Assert.noNullElements(names, "'names' must not contain null");
			return Stream.of(names).collect(Collectors.joining("\", \"", predicate + "(\"", "\")"));
		}

		private DecidedRule<Q> decide(String predicate,
				Function<AuthorizationManagerFactory<GrpcSecuredCall>, AuthorizationManager<GrpcSecuredCall>> manager) {
			return decide(predicate, RuleDecision.Access.BY_RULE, manager);
		}

		private DecidedRule<Q> decide(String predicate, RuleDecision.Access access,
				Function<AuthorizationManagerFactory<GrpcSecuredCall>, AuthorizationManager<GrpcSecuredCall>> manager) {
			Assert.state(this.list.targets == this.targets, "The rule says already who may call");
			List<AuthorizationRule> decided = this.targets.stream()
				.map((target) -> new AuthorizationRule(target, predicate, access, manager, null))
				.toList();
			this.list.rules.addAll(decided);
			this.list.targets = List.of();
			return new DecidedRule<>(this.list, decided);
		}

	}

	/**
	 * Rule that says who may call, and the rules to which others can be added.
	 *
	 * @param <Q> the type of the requests
	 */
	public static final class DecidedRule<Q> extends Rules {

		private final RuleList list;

		private final List<AuthorizationRule> decided;

		private DecidedRule(RuleList list, List<AuthorizationRule> decided) {
			super(list);
			this.list = list;
			this.decided = decided;
		}

		/**
		 * Checks each message of a call that the rule allows, before its handler receives
		 * it. The first message that is denied ends the call.
		 * @param check returns whether the caller may send the message. The caller is an
		 * {@link org.springframework.security.authentication.AnonymousAuthenticationToken}
		 * if it has no credentials. The check must not block
		 * @return the rules, to add others
		 */
		@SuppressWarnings("unchecked")
		public Rules eachMessage(BiPredicate<? super Authentication, ? super Q> check) {
			Assert.notNull(check, "'check' must not be null");
			this.list.rules.replaceAll((rule) -> this.decided.contains(rule)
					? rule.withMessages((BiPredicate<Authentication, Object>) check) : rule);
			return new Rules(this.list);
		}

	}

}
