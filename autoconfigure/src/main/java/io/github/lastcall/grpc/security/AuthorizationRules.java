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
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;

import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.security.authorization.AuthorizationManagerFactory;

/**
 * Decides about calls by the rules of a {@link GrpcAuthorization}, and checks the rules
 * against the methods that are served.
 *
 * @hidden
 */
public final class AuthorizationRules implements CallAuthorization, AopInfrastructureBean {

	private final @Nullable List<AuthorizationRule> rules;

	/**
	 * What the rule at the same index decides.
	 */
	private final List<RuleDecision> decisions = new ArrayList<>();

	private final Function<GrpcServices, Map<String, String>> methodSecurity;

	private final int servers;

	private final AtomicInteger started = new AtomicInteger();

	/**
	 * Full names of the methods of all servers.
	 */
	private final Set<String> served = new ConcurrentSkipListSet<>();

	/**
	 * Annotations of handlers by the full name of the method.
	 */
	private final Map<String, String> annotations = new ConcurrentHashMap<>();

	/**
	 * Creates new rules.
	 * @param authorization the rules of the application, {@code null} to allow all calls
	 * @param factory creates the managers of the rules
	 * @param methodSecurity checks the annotations of handlers, and returns those that
	 * decide about calls by the full name of the method
	 * @param servers the number of servers that start
	 */
	public AuthorizationRules(@Nullable GrpcAuthorization authorization,
			AuthorizationManagerFactory<GrpcSecuredCall> factory,
			Function<GrpcServices, Map<String, String>> methodSecurity, int servers) {
		this.rules = (authorization != null) ? authorization.rules() : null;
		if (this.rules != null) {
			this.rules.forEach((rule) -> this.decisions.add(rule.resolve(factory)));
		}
		this.methodSecurity = methodSecurity;
		this.servers = servers;
	}

	@Override
	public boolean isEmpty() {
		return this.rules == null && this.annotations.isEmpty();
	}

	@Override
	public void register(GrpcServices services) {
		this.annotations.putAll(this.methodSecurity.apply(services));
		register(services.all());
	}

	/**
	 * Checks the services that customizers have added, and once all servers have started
	 * the rules: each may be meant for one server.
	 */
	@Override
	public void await(List<ServerServiceDefinition> added) {
		register(added);
		if (this.started.incrementAndGet() >= this.servers) {
			checkRules();
		}
	}

	private void register(List<ServerServiceDefinition> services) {
		Set<String> methods = methods(services);
		this.served.addAll(methods);
		if (this.rules != null) {
			List<String> undecided = methods.stream()
				.filter((method) -> deciding(method) < 0 && !RuleTarget.isHealth(method))
				.toList();
			if (!undecided.isEmpty()) {
				throw new GrpcServerStartException(
						"No authorization rule decides for these methods, which are served:%n%s"
							.formatted(lines(undecided)),
						"Add rules for them to the GrpcAuthorization bean, or end its rules with anyOther(), such as anyOther().denyAll().");
			}
		}
	}

	private static Set<String> methods(Collection<ServerServiceDefinition> services) {
		return services.stream()
			.flatMap((service) -> service.getMethods().stream())
			.map((method) -> method.getMethodDescriptor().getFullMethodName())
			.collect(Collectors.toCollection(TreeSet::new));
	}

	/**
	 * Fails the start if a rule decides for nothing.
	 */
	private void checkRules() {
		List<AuthorizationRule> rules = (this.rules != null) ? this.rules : List.of();
		List<String> useless = new ArrayList<>();
		for (int i = 0; i < rules.size(); i++) {
			int index = i;
			AuthorizationRule rule = rules.get(i);
			if (rule.target().mustMatch() && this.served.stream().noneMatch((method) -> deciding(method) == index)) {
				useless.add(rule + reason(rule));
			}
		}
		if (!useless.isEmpty()) {
			Set<String> services = this.served.stream()
				.map((method) -> String.valueOf(RuleTarget.serviceOf(method)))
				.collect(Collectors.toCollection(TreeSet::new));
			throw new GrpcServerStartException(
					"These authorization rules decide for no method that is served:%n%s".formatted(lines(useless)),
					"Correct or remove each of them in the GrpcAuthorization bean, or move it before the rules that decide instead. The services are %s."
						.formatted(String.join(", ", services)));
		}
	}

	private String reason(AuthorizationRule rule) {
		Set<String> earlier = this.served.stream()
			.filter(rule.target()::matches)
			.map((method) -> String.valueOf(rules(method)))
			.collect(Collectors.toCollection(TreeSet::new));
		if (!earlier.isEmpty()) {
			return ": earlier rules decide for all that it matches: " + String.join(", ", earlier);
		}
		List<String> similar = rule.target().similar(this.served);
		return similar.isEmpty() ? ": it matches none"
				: ": it matches none, did you mean %s?".formatted(String.join(" or ", similar));
	}

	private @Nullable AuthorizationRule rules(String method) {
		int deciding = deciding(method);
		return (this.rules != null && deciding >= 0) ? this.rules.get(deciding) : null;
	}

	private static String lines(Collection<String> lines) {
		return lines.stream().map("%n    %s"::formatted).collect(Collectors.joining());
	}

	/**
	 * Returns the index of the first rule that matches, -1 if there is none.
	 */
	private int deciding(String method) {
		List<AuthorizationRule> rules = (this.rules != null) ? this.rules : List.of();
		for (int i = 0; i < rules.size(); i++) {
			if (rules.get(i).target().matches(method)) {
				return i;
			}
		}
		return -1;
	}

	@Override
	public RuleDecision of(MethodDescriptor<?, ?> method) {
		return decision(method.getFullMethodName());
	}

	private RuleDecision decision(String method) {
		int deciding = deciding(method);
		boolean decided = this.rules == null || RuleTarget.isHealth(method);
		RuleDecision decision = (deciding >= 0) ? this.decisions.get(deciding)
				: decided ? RuleDecision.UNDECIDED : RuleDecision.UNKNOWN;
		String annotations = this.annotations.get(method);
		return (annotations != null) ? decision.with(annotations) : decision;
	}

	/**
	 * Returns whether the application has rules, without which all calls are allowed.
	 */
	public boolean hasRules() {
		return this.rules != null;
	}

	/**
	 * Returns the methods that anyone may call.
	 * @param services the services whose methods are looked at
	 * @return full names in their order
	 */
	public List<String> openMethods(Collection<ServerServiceDefinition> services) {
		return methods(services).stream()
			.filter((method) -> decision(method).access() == RuleDecision.Access.OPEN)
			.toList();
	}

	/**
	 * Describes who may call a method.
	 * @param method the method
	 * @return the decision of the rules, and the annotations of the handler
	 */
	public String describe(MethodDescriptor<?, ?> method) {
		return of(method).description();
	}

	/**
	 * Counts methods by who may call them.
	 * @param services the services whose methods are counted
	 * @return a text such as {@code 3 open, 2 authenticated, 4 by rule}
	 */
	public String count(Collection<ServerServiceDefinition> services) {
		Map<RuleDecision.Access, Integer> counts = new TreeMap<>();
		methods(services).forEach((method) -> counts.merge(decision(method).access(), 1, Integer::sum));
		return "%d open, %d authenticated, %d by rule".formatted(counts.getOrDefault(RuleDecision.Access.OPEN, 0),
				counts.getOrDefault(RuleDecision.Access.AUTHENTICATED, 0),
				counts.getOrDefault(RuleDecision.Access.BY_RULE, 0));
	}

}
