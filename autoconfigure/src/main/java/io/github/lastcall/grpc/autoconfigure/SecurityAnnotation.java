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
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import org.springframework.aop.Advisor;
import org.springframework.aop.Pointcut;
import org.springframework.aop.PointcutAdvisor;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.annotation.AnnotationUtils;
import org.springframework.security.access.annotation.Secured;
import org.springframework.security.access.prepost.PostAuthorize;
import org.springframework.security.access.prepost.PostFilter;
import org.springframework.security.access.prepost.PreAuthorize;
import org.springframework.security.access.prepost.PreFilter;
import org.springframework.security.authorization.method.AuthorizationManagerAfterMethodInterceptor;
import org.springframework.security.authorization.method.AuthorizationManagerBeforeMethodInterceptor;
import org.springframework.security.authorization.method.PostFilterAuthorizationMethodInterceptor;
import org.springframework.security.authorization.method.PreFilterAuthorizationMethodInterceptor;
import org.springframework.security.core.annotation.SecurityAnnotationScanners;
import org.springframework.util.ClassUtils;

/**
 * Annotations of Spring Security's method security that one advisor evaluates.
 *
 * @param types the annotations
 * @param time when they are evaluated
 * @param pointcut the pointcut of the advisor
 * @param enabledBy the annotation that adds the advisor
 * @param aspect the bean of the aspect that evaluates them in AspectJ mode, empty if
 * there is none
 */
record SecurityAnnotation(List<Class<? extends Annotation>> types, Time time, Pointcut pointcut, String enabledBy,
		String aspect) {

	private static final String ENABLED = "@EnableMethodSecurity";

	private static final String JSR_250 = "jakarta.annotation.security.";

	/**
	 * Returns the annotations on the classpath.
	 */
	static List<SecurityAnnotation> all() {
		List<SecurityAnnotation> all = new ArrayList<>();
		all.add(new SecurityAnnotation(List.of(PreAuthorize.class), Time.BEFORE,
				AuthorizationManagerBeforeMethodInterceptor.preAuthorize().getPointcut(), ENABLED,
				"preAuthorizeAspect$0"));
		all.add(new SecurityAnnotation(List.of(PostAuthorize.class), Time.AFTER,
				AuthorizationManagerAfterMethodInterceptor.postAuthorize().getPointcut(), ENABLED,
				"postAuthorizeAspect$0"));
		all.add(new SecurityAnnotation(List.of(PreFilter.class), Time.FILTER,
				new PreFilterAuthorizationMethodInterceptor().getPointcut(), ENABLED, "preFilterAspect$0"));
		all.add(new SecurityAnnotation(List.of(PostFilter.class), Time.AFTER,
				new PostFilterAuthorizationMethodInterceptor().getPointcut(), ENABLED, "postFilterAspect$0"));
		all.add(new SecurityAnnotation(List.of(Secured.class), Time.BEFORE,
				AuthorizationManagerBeforeMethodInterceptor.secured().getPointcut(),
				ENABLED + "(securedEnabled = true)", "securedAspect$0"));
		if (ClassUtils.isPresent(JSR_250 + "RolesAllowed", SecurityAnnotation.class.getClassLoader())) {
			all.add(new SecurityAnnotation(jsr250(), Time.BEFORE,
					AuthorizationManagerBeforeMethodInterceptor.jsr250().getPointcut(),
					ENABLED + "(jsr250Enabled = true)", ""));
		}
		return List.copyOf(all);
	}

	private static List<Class<? extends Annotation>> jsr250() {
		List<Class<? extends Annotation>> types = new ArrayList<>();
		for (String name : List.of("DenyAll", "PermitAll", "RolesAllowed")) {
			types.add(ClassUtils.resolveClassName(JSR_250 + name, SecurityAnnotation.class.getClassLoader())
				.asSubclass(Annotation.class));
		}
		return List.copyOf(types);
	}

	/**
	 * Finds the annotation of a method, or that of its class if the method is a handler.
	 */
	@Nullable Annotation find(Method method, Class<?> type, boolean handler) {
		if (handler) {
			return SecurityAnnotationScanners.requireUnique(this.types).scan(method, type);
		}
		return this.types.stream()
			.map((annotation) -> (Annotation) AnnotatedElementUtils.findMergedAnnotation(method, annotation))
			.filter(Objects::nonNull)
			.findFirst()
			.orElse(null);
	}

	/**
	 * Returns whether an advisor of a proxy evaluates the annotation of a method. An
	 * advisor of Spring Security with a pointcut of its own belongs to the application
	 * and may evaluate any.
	 */
	boolean isEvaluatedBy(Advisor advisor, Method method, Class<?> type) {
		if (!(advisor instanceof PointcutAdvisor candidate)
				|| !advisor.getAdvice().getClass().getName().startsWith("org.springframework.security.")) {
			return false;
		}
		Pointcut candidatePointcut = candidate.getPointcut();
		boolean own = all().stream().noneMatch((other) -> other.pointcut().equals(candidatePointcut));
		return (own || this.pointcut.equals(candidatePointcut)) && candidatePointcut.getClassFilter().matches(type)
				&& candidatePointcut.getMethodMatcher().matches(method, type);
	}

	/**
	 * Returns whether AspectJ has woven advice around a method. It moves the body to
	 * another method then.
	 */
	static boolean isWoven(Method method) {
		return Stream.of(method.getDeclaringClass().getDeclaredMethods())
			.anyMatch((body) -> body.getName().startsWith(method.getName() + "_aroundBody"));
	}

	/**
	 * Returns an annotation as it is written.
	 */
	static String text(Annotation annotation) {
		Object value = AnnotationUtils.getValue(annotation);
		String name = "@" + annotation.annotationType().getSimpleName();
		if (value == null) {
			return name;
		}
		return name + Stream.of((value instanceof String[] values) ? values : new Object[] { value })
			.map(String::valueOf)
			.collect(Collectors.joining("\", \"", "(\"", "\")"));
	}

	/**
	 * When an annotation is evaluated.
	 */
	enum Time {

		BEFORE, AFTER, FILTER

	}

}
