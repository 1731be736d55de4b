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

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.server.SimilarNames;
import io.grpc.MethodDescriptor;
import io.grpc.ServiceDescriptor;
import org.jspecify.annotations.Nullable;

import org.springframework.util.ReflectionUtils;

/**
 * Methods that a rule names.
 *
 * @param text the target as written in the rule
 * @param name the full name or the pattern, empty if the target cannot be misspelt
 * @param methods matches full names of methods
 */
record RuleTarget(String text, String name, Predicate<String> methods) {

	private static final String HEALTH_SERVICE = "grpc.health.v1.Health";

	private static final Set<String> REFLECTION_SERVICES = Set.of("grpc.reflection.v1.ServerReflection",
			"grpc.reflection.v1alpha.ServerReflection");

	private static final String CHANNELZ_SERVICE = "grpc.channelz.v1.Channelz";

	static final RuleTarget HEALTH = new RuleTarget("health()", "", RuleTarget::isHealth);

	static final RuleTarget REFLECTION = new RuleTarget("reflection()", "",
			(method) -> REFLECTION_SERVICES.contains(serviceOf(method)));

	static final RuleTarget CHANNELZ = new RuleTarget("channelz()", "",
			(method) -> CHANNELZ_SERVICE.equals(serviceOf(method)));

	static final RuleTarget ANY_OTHER = new RuleTarget("anyOther()", "", (method) -> !isHealth(method));

	static RuleTarget method(MethodDescriptor<?, ?> method) {
		String name = method.getFullMethodName();
		return new RuleTarget(text("method", name), name, name::equals);
	}

	/**
	 * Creates a target from a pattern. Its wildcard matches no infrastructure service, so
	 * that nobody closes the health service by accident.
	 */
	static RuleTarget pattern(String pattern) {
		int slash = pattern.indexOf('/');
		if (slash < 1 || slash == pattern.length() - 1 || slash != pattern.lastIndexOf('/')) {
			throw new GrpcServerStartException(
					"The authorization rule %s does not name a method.".formatted(text("method", pattern)),
					"Write the service, a slash and the method, such as acme.Admin/Delete, or acme.Admin/* for all methods.");
		}
		Predicate<String> named = Pattern
			.compile(Stream.of(pattern.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining("[^/]*")))
			.asMatchPredicate();
		boolean anyService = pattern.substring(0, slash).contains("*");
		return new RuleTarget(text("method", pattern), pattern,
				anyService ? named.and((method) -> !isInfrastructure(method)) : named);
	}

	/**
	 * Creates a target from the generated class of a service.
	 */
	static RuleTarget service(Class<?> generated) {
		String text = "service(%s.class)".formatted(generated.getSimpleName());
		String service = descriptor(text, generated).getName();
		return new RuleTarget(text, service + "/*", (method) -> service.equals(serviceOf(method)));
	}

	private static ServiceDescriptor descriptor(String text, Class<?> generated) {
		Method method = ReflectionUtils.findMethod(generated, "getServiceDescriptor");
		if (method != null && Modifier.isStatic(method.getModifiers())
				&& method.getReturnType() == ServiceDescriptor.class) {
			ReflectionUtils.makeAccessible(method);
			if (ReflectionUtils.invokeMethod(method, null) instanceof ServiceDescriptor descriptor) {
				return descriptor;
			}
		}
		throw new GrpcServerStartException(
				"The authorization rule %s does not name a service: %s has no static method getServiceDescriptor()."
					.formatted(text, generated.getName()),
				"Name the class that grpc-java's generator creates for the service, such as RouteGuideGrpc.class.");
	}

	private static String text(String kind, String name) {
		return "%s(\"%s\")".formatted(kind, name);
	}

	private static boolean isInfrastructure(String method) {
		return Stream.of(HEALTH, REFLECTION, CHANNELZ).anyMatch((target) -> target.matches(method));
	}

	static boolean isHealth(String method) {
		return HEALTH_SERVICE.equals(serviceOf(method));
	}

	static @Nullable String serviceOf(String method) {
		return MethodDescriptor.extractFullServiceName(method);
	}

	boolean matches(String method) {
		return this.methods.test(method);
	}

	boolean isAnyOther() {
		return this == ANY_OTHER;
	}

	/**
	 * Returns whether the target is a mistake if it matches nothing that is served.
	 * Whether infrastructure services are served is up to properties.
	 */
	boolean mustMatch() {
		return !this.name.isEmpty();
	}

	/**
	 * Returns what may have been meant, of the names of methods or of services as the
	 * target has one or the other.
	 */
	List<String> similar(Set<String> served) {
		boolean wholeService = this.name.endsWith("/*");
		Set<String> names = wholeService
				? served.stream().map((method) -> serviceOf(method) + "/*").collect(Collectors.toSet()) : served;
		return SimilarNames.of(this.name, names);
	}

}
