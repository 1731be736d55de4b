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

package io.github.lastcall.grpc.error;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;

import io.github.lastcall.grpc.server.GrpcServerStartException;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.support.AopUtils;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.annotation.AnnotatedElementUtils;

/**
 * Methods of one bean that map exceptions, for the calls of all services or of one.
 */
final class HandlerMethods implements GrpcExceptionMapper {

	private final List<HandlerMethod> methods = new ArrayList<>();

	private final @Nullable String service;

	/**
	 * Finds the methods of a bean.
	 * @param service the full name of the service whose exceptions they map, {@code null}
	 * for all services
	 * @throws GrpcServerStartException if a method cannot be called, or two methods
	 * handle the same exception
	 */
	HandlerMethods(String beanName, Object bean, @Nullable String service) {
		this.service = service;
		Set<Method> annotated = MethodIntrospector.selectMethods(AopUtils.getTargetClass(bean),
				(Method method) -> AnnotatedElementUtils.hasAnnotation(method, GrpcExceptionHandler.class));
		for (Method method : annotated) {
			HandlerMethod handler = new HandlerMethod(beanName, bean, method);
			this.methods.forEach((other) -> checkDistinct(beanName, handler, other));
			this.methods.add(handler);
		}
	}

	private static void checkDistinct(String beanName, HandlerMethod one, HandlerMethod other) {
		for (Class<? extends Throwable> exception : one.exceptions()) {
			if (other.exceptions().contains(exception) && Objects.equals(one.request(), other.request())) {
				throw new GrpcServerStartException(
						"Two @GrpcExceptionHandler methods of bean '%s' handle %s:%n%n    %s%n    %s"
							.formatted(beanName, exception.getName(), one, other),
						"Keep one of them, or handle different types of exceptions or of requests.");
			}
		}
	}

	boolean isEmpty() {
		return this.methods.isEmpty();
	}

	@Override
	public @Nullable GrpcError map(Throwable exception, GrpcFailedCall call) {
		if (this.service != null && !this.service.equals(call.method().getServiceName())) {
			return null;
		}
		HandlerMethod nearest = null;
		int distance = Integer.MAX_VALUE;
		for (HandlerMethod method : this.methods) {
			int one = method.distance(exception.getClass(), call);
			if (one >= 0 && (one < distance || (one == distance && method.request() != null))) {
				nearest = method;
				distance = one;
			}
		}
		return (nearest != null) ? nearest.invoke(exception, call) : null;
	}

}
