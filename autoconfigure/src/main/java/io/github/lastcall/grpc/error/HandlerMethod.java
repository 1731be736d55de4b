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
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

import com.google.protobuf.MessageLite;
import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.tls.PeerIdentity;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.support.AopUtils;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.util.ReflectionUtils;

/**
 * Method annotated with {@link GrpcExceptionHandler @GrpcExceptionHandler}.
 */
final class HandlerMethod {

	private static final Set<Class<?>> RETURNED = Set.of(GrpcError.class, Status.class, StatusException.class,
			StatusRuntimeException.class, com.google.rpc.Status.class);

	private final Object bean;

	private final Method method;

	private final List<Class<? extends Throwable>> exceptions;

	private final List<Argument> arguments = new ArrayList<>();

	private @Nullable Class<?> request;

	HandlerMethod(String beanName, Object bean, Method declared) {
		this.bean = bean;
		String name = "%s of bean '%s'".formatted(declared.toGenericString(), beanName);
		check(name, declared);
		this.method = AopUtils.selectInvocableMethod(declared, bean.getClass());
		ReflectionUtils.makeAccessible(this.method);
		Class<? extends Throwable> parameter = Throwable.class;
		boolean named = false;
		for (Parameter one : declared.getParameters()) {
			Class<?> type = one.getType();
			if (Throwable.class.isAssignableFrom(type)) {
				parameter = type.asSubclass(Throwable.class);
				named = true;
			}
			this.arguments.add(argument(name, one));
		}
		GrpcExceptionHandler annotation = AnnotatedElementUtils.findMergedAnnotation(declared,
				GrpcExceptionHandler.class);
		List<Class<? extends Throwable>> types = (annotation != null) ? List.of(annotation.value()) : List.of();
		this.exceptions = types.isEmpty() && named ? List.of(parameter) : types;
		checkExceptions(name, parameter);
	}

	private static void check(String name, Method method) {
		if (Modifier.isPrivate(method.getModifiers()) || Modifier.isStatic(method.getModifiers())
				|| Modifier.isFinal(method.getModifiers())) {
			throw invalid(name, "is private, static or final",
					"Make it a method that a proxy of the bean can override.");
		}
		if (!RETURNED.contains(method.getReturnType())) {
			throw invalid(name, "returns " + method.getReturnType().getName(),
					"Return GrpcError, io.grpc.Status, StatusException, StatusRuntimeException or com.google.rpc.Status.");
		}
	}

	private void checkExceptions(String name, Class<? extends Throwable> parameter) {
		if (this.exceptions.isEmpty()) {
			throw invalid(name, "names no exception",
					"Add a parameter for the exception, or name its type in the annotation.");
		}
		for (Class<? extends Throwable> exception : this.exceptions) {
			if (!parameter.isAssignableFrom(exception)) {
				throw invalid(name,
						"handles %s but has a parameter of type %s".formatted(exception.getName(), parameter.getName()),
						"Declare the parameter with a type that all exceptions have in common.");
			}
		}
	}

	private Argument argument(String name, Parameter parameter) {
		Class<?> type = parameter.getType();
		if (Throwable.class.isAssignableFrom(type)) {
			return (exception, call) -> exception;
		}
		if (type == GrpcFailedCall.class) {
			return (exception, call) -> call;
		}
		if (type == MethodDescriptor.class) {
			return (exception, call) -> call.method();
		}
		if (type == Metadata.class) {
			return (exception, call) -> call.headers();
		}
		if (type == Locale.class) {
			return (exception, call) -> call.locale();
		}
		if (type == PeerIdentity.class) {
			return (exception, call) -> call.peer().orElse(null);
		}
		if (MessageLite.class.isAssignableFrom(type) && this.request == null) {
			this.request = type;
			return (exception, call) -> call.request().orElse(null);
		}
		throw invalid(name, "has a parameter of type " + type.getName(),
				"Its parameters may be the exception, MethodDescriptor, Metadata, Locale, PeerIdentity, "
						+ "GrpcFailedCall, and one for the request.");
	}

	private static GrpcServerStartException invalid(String name, String problem, String action) {
		return new GrpcServerStartException(
				"The @GrpcExceptionHandler method %s cannot be called: it %s.".formatted(name, problem), action);
	}

	List<Class<? extends Throwable>> exceptions() {
		return this.exceptions;
	}

	@Nullable Class<?> request() {
		return this.request;
	}

	/**
	 * Returns how far the type of an exception is from the nearest one that this method
	 * handles.
	 * @return the number of superclasses between them, -1 if it does not handle it
	 */
	int distance(Class<?> exception, GrpcFailedCall call) {
		if (this.request != null && !this.request.isInstance(call.request().orElse(null))) {
			return -1;
		}
		int distance = 0;
		for (Class<?> type = exception; type != Object.class; type = type.getSuperclass(), distance++) {
			if (this.exceptions.contains(type)) {
				return distance;
			}
			if (type == StatusException.class || type == StatusRuntimeException.class) {
				return -1;
			}
		}
		return -1;
	}

	@Nullable GrpcError invoke(Throwable exception, GrpcFailedCall call) {
		Object[] values = this.arguments.stream().map((argument) -> argument.resolve(exception, call)).toArray();
		return error(ReflectionUtils.invokeMethod(this.method, this.bean, values));
	}

	private static @Nullable GrpcError error(@Nullable Object returned) {
		if (returned instanceof Status status) {
			return GrpcError.of(status);
		}
		if (returned instanceof com.google.rpc.Status message) {
			return GrpcError.of(message);
		}
		if (returned instanceof Throwable thrown) {
			return ThrownStatus.withAllTrailers(thrown);
		}
		return (GrpcError) returned;
	}

	@Override
	public String toString() {
		return this.method.toGenericString();
	}

	private interface Argument {

		@Nullable Object resolve(Throwable exception, GrpcFailedCall call);

	}

}
