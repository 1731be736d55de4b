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

import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.Advisor;
import org.springframework.aop.framework.Advised;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.security.access.prepost.PreAuthorize;
import org.springframework.security.authorization.method.HandleAuthorizationDenied;
import org.springframework.security.authorization.method.ThrowingMethodAuthorizationDeniedHandler;
import org.springframework.security.core.annotation.SecurityAnnotationScanner;
import org.springframework.security.core.annotation.SecurityAnnotationScanners;
import org.springframework.util.ReflectionUtils;
import org.springframework.util.StringUtils;

/**
 * Checks that the annotations of Spring Security's method security on the beans of
 * services are evaluated, and that they are when they can still protect something.
 */
final class MethodSecurityCheck {

	/**
	 * Bean that {@code @EnableReactiveMethodSecurity} adds.
	 */
	private static final String REACTIVE = "_reactiveMethodSecurityConfiguration";

	private static final SecurityAnnotationScanner<HandleAuthorizationDenied> DENIALS = SecurityAnnotationScanners
		.requireUnique(HandleAuthorizationDenied.class);

	private final BeanFactory beanFactory;

	private final List<SecurityAnnotation> annotations;

	MethodSecurityCheck(BeanFactory beanFactory) {
		this.beanFactory = beanFactory;
		this.annotations = SecurityAnnotation.all();
	}

	/**
	 * Checks the beans of all services.
	 * @return the annotations that decide about calls, by the full name of the method
	 * @throws GrpcServerStartException if an annotation is not evaluated, or too late
	 */
	Map<String, String> check(GrpcServices services) {
		Map<String, String> decisions = new HashMap<>();
		for (GrpcServices.Registration registration : services.application()) {
			decisions.putAll(new Bean(registration).check());
		}
		return decisions;
	}

	private boolean hasAspect(SecurityAnnotation kind) {
		return !kind.aspect().isEmpty() && this.beanFactory.containsBean(kind.aspect());
	}

	/**
	 * Bean of a service.
	 */
	private final class Bean {

		private final String name;

		private final Class<?> type;

		private final List<Advisor> advisors = new ArrayList<>();

		private final Map<String, MethodDescriptor<?, ?>> handlers = new HashMap<>();

		Bean(GrpcServices.Registration registration) {
			this.name = registration.beanName();
			Object bean = MethodSecurityCheck.this.beanFactory.getBean(this.name);
			this.type = unwrap(bean);
			for (ServerMethodDefinition<?, ?> method : registration.definition().getMethods()) {
				MethodDescriptor<?, ?> descriptor = method.getMethodDescriptor();
				this.handlers.put(javaName(String.valueOf(descriptor.getBareMethodName())), descriptor);
			}
		}

		/**
		 * Collects the advisors of all proxies of the bean.
		 * @return the class of the bean without its proxies
		 */
		private Class<?> unwrap(Object bean) {
			Object next = bean;
			while (next instanceof Advised advised) {
				this.advisors.addAll(List.of(advised.getAdvisors()));
				Object target = target(advised);
				if (target == null) {
					// Its proxy is created with it, by all advisors that apply.
					MethodSecurityCheck.this.beanFactory.getBeanProvider(Advisor.class).forEach(this.advisors::add);
					return AopUtils.getTargetClass(next);
				}
				next = target;
			}
			return AopUtils.getTargetClass(next);
		}

		/**
		 * Returns the target of a proxy, {@code null} if its scope is not active.
		 */
		private static @Nullable Object target(Advised advised) {
			try {
				return advised.getTargetSource().getTarget();
			}
			catch (Exception ex) {
				return null;
			}
		}

		Map<String, String> check() {
			Map<String, String> decisions = new HashMap<>();
			List<Method> methods = Stream.of(ReflectionUtils.getUniqueDeclaredMethods(this.type))
				.filter((method) -> !method.isSynthetic() && method.getDeclaringClass() != Object.class)
				.sorted(Comparator.comparing(Method::getName).thenComparing(Method::toGenericString))
				.toList();
			for (Method method : methods) {
				MethodDescriptor<?, ?> handled = handled(method);
				for (SecurityAnnotation kind : MethodSecurityCheck.this.annotations) {
					Annotation annotation = kind.find(method, this.type, handled != null);
					if (annotation != null && handled != null) {
						if (checkCalled(method, handled, kind, annotation)) {
							checkEvaluated(method, kind, annotation);
							checkInTime(method, handled, kind, annotation);
							decisions.merge(handled.getFullMethodName(), SecurityAnnotation.text(annotation),
									"%s, %s"::formatted);
						}
					}
					else if (annotation != null) {
						checkEvaluated(method, kind, annotation);
					}
				}
			}
			return decisions;
		}

		private @Nullable MethodDescriptor<?, ?> handled(Method method) {
			String name = method.getName();
			// Generators append an underscore to Java's keywords.
			return this.handlers.get(name.endsWith("_") ? name.substring(0, name.length() - 1) : name);
		}

		/**
		 * Checks that the server calls a method, and not another one of the same name
		 * that calls it without the proxy, as the stubs of Reactor have them.
		 * @return {@code false} if another one of the same name has the annotation too
		 */
		private boolean checkCalled(Method method, MethodDescriptor<?, ?> handled, SecurityAnnotation kind,
				Annotation annotation) {
			Method called = called(method, handled);
			if (called == null || isWoven(method, kind)) {
				return true;
			}
			if (kind.find(called, this.type, true) == null) {
				String signature = "%s(%s)".formatted(called.getName(), called.getParameterTypes()[0].getSimpleName());
				throw new GrpcServerStartException(
						"%s, which is not evaluated: calls arrive at %s, which calls this method without the proxy of the bean."
							.formatted(text(method, annotation), signature),
						"Override %s and move the annotation to it.".formatted(signature));
			}
			return false;
		}

		/**
		 * Finds the method that receives the request of a call as it is, if that is
		 * another one than the given.
		 */
		private @Nullable Method called(Method method, MethodDescriptor<?, ?> handled) {
			if (!(handled.getRequestMarshaller() instanceof MethodDescriptor.ReflectableMarshaller<?> marshaller)) {
				return null;
			}
			Class<?> message = marshaller.getMessageClass();
			return (receives(method, message) || !handled.getType().clientSendsOneMessage()) ? null
					: Stream.of(ReflectionUtils.getUniqueDeclaredMethods(this.type))
						.filter((other) -> other.getName().equals(method.getName()) && receives(other, message)
								&& other.getParameterCount() == method.getParameterCount())
						.findFirst()
						.orElse(null);
		}

		private static boolean receives(Method method, Class<?> message) {
			return method.getParameterCount() > 0 && method.getParameterTypes()[0] == message;
		}

		private boolean isWoven(Method method, SecurityAnnotation kind) {
			return hasAspect(kind) && SecurityAnnotation.isWoven(method);
		}

		private void checkEvaluated(Method method, SecurityAnnotation kind, Annotation annotation) {
			if (isWoven(method, kind)) {
				return;
			}
			String modifier = closed(method);
			if (modifier != null) {
				throw new GrpcServerStartException(
						"%s, which is not evaluated: the method is %s.".formatted(text(method, annotation), modifier),
						"Make it a method that a proxy of the bean can override.");
			}
			if (this.advisors.stream().anyMatch((advisor) -> kind.isEvaluatedBy(advisor, method, this.type))) {
				return;
			}
			if (hasAspect(kind)) {
				throw new GrpcServerStartException(
						"%s, which is not evaluated: method security is in AspectJ mode, and %s is not woven into the method."
							.formatted(text(method, annotation),
									StringUtils.capitalize(kind.aspect().replace("$0", ""))),
						"Weave the class with spring-security-aspects, which needs the annotation on the method itself, or remove mode = AdviceMode.ASPECTJ from @EnableMethodSecurity.");
			}
			throw new GrpcServerStartException(
					"%s, which is not evaluated: no proxy of the bean handles the annotation."
						.formatted(text(method, annotation)),
					"Add %s to a configuration class, or remove the annotation.".formatted(kind.enabledBy()));
		}

		private static @Nullable String closed(Method method) {
			int modifiers = method.getModifiers();
			if (Modifier.isFinal(modifiers)) {
				return "final";
			}
			return Modifier.isPrivate(modifiers) ? "private" : Modifier.isStatic(modifiers) ? "static" : null;
		}

		/**
		 * Checks a handler: nothing is filtered, as no argument is a collection, and when
		 * it returns, the answer has left or does not exist yet.
		 */
		private void checkInTime(Method method, MethodDescriptor<?, ?> handled, SecurityAnnotation kind,
				Annotation annotation) {
			boolean observed = isObserved(method);
			if (MethodSecurityCheck.this.beanFactory.containsBean(REACTIVE)) {
				throw new GrpcServerStartException(
						"%s, which would deny every call: reactive method security looks for the caller in Reactor's context, which gRPC calls do not have."
							.formatted(text(method, annotation)),
						"Replace @EnableReactiveMethodSecurity with @EnableMethodSecurity, which decides when the method is called, or the annotation with a rule of GrpcAuthorization.");
			}
			if (kind.time() == SecurityAnnotation.Time.AFTER) {
				throw new GrpcServerStartException("%s, which does not protect anything there: %s.".formatted(
						text(method, annotation),
						observed ? "the answer is not returned but sent to a StreamObserver, and may have left by then"
								: "it is evaluated before the returned publisher or coroutine has an answer"),
						"Decide before the handler runs, with @PreAuthorize or a rule of GrpcAuthorization, or in the handler before it answers.");
			}
			if (kind.time() == SecurityAnnotation.Time.FILTER) {
				throw new GrpcServerStartException(
						"%s, which has nothing to filter there: no argument of the method is a collection."
							.formatted(text(method, annotation)),
						"Check each message with eachMessage(...) of a GrpcAuthorization rule, or in the handler.");
			}
			if (observed && annotation instanceof PreAuthorize && isDenialHandled(method)) {
				throw new GrpcServerStartException(
						"%s and @HandleAuthorizationDenied, which cannot answer a denied call there: the answer is not returned but sent to a StreamObserver, so the client would wait for it."
							.formatted(text(method, annotation)),
						"Remove @HandleAuthorizationDenied, so that a denied call ends with PERMISSION_DENIED. For another status or description, write a @GrpcExceptionHandler for AuthorizationDeniedException.");
			}
			if (observed && !handled.getType().clientSendsOneMessage()
					&& annotation instanceof PreAuthorize preAuthorize) {
				List<String> named = MessageNames.in(preAuthorize.value(), method);
				if (!named.isEmpty()) {
					throw new GrpcServerStartException(
							"%s, which names a message (%s): the expression is evaluated once, before the first message of the stream arrives."
								.formatted(text(method, annotation), String.join(", ", named)),
							"Decide about messages with eachMessage(...) of a GrpcAuthorization rule, or in the handler.");
				}
			}
		}

		private boolean isDenialHandled(Method method) {
			HandleAuthorizationDenied annotation = DENIALS.scan(method, this.type);
			return annotation != null && annotation.handlerClass() != ThrowingMethodAuthorizationDeniedHandler.class;
		}

		private static boolean isObserved(Method method) {
			return method.getReturnType() == void.class
					|| method.getReturnType().getName().equals("io.grpc.stub.StreamObserver");
		}

		private String text(Method method, Annotation annotation) {
			return "Method %s.%s of the @GrpcService bean '%s' has %s".formatted(
					method.getDeclaringClass().getSimpleName(), method.getName(), this.name,
					SecurityAnnotation.text(annotation));
		}

	}

	/**
	 * Returns the name that generators give to the handler of a method.
	 */
	private static String javaName(String method) {
		StringBuilder name = new StringBuilder();
		boolean upper = false;
		for (char letter : method.toCharArray()) {
			if (letter == '_') {
				upper = true;
				continue;
			}
			name.append(
					name.isEmpty() ? Character.toLowerCase(letter) : upper ? Character.toUpperCase(letter) : letter);
			upper = false;
		}
		return name.toString();
	}

}
