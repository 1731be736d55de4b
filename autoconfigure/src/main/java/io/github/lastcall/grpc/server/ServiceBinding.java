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

package io.github.lastcall.grpc.server;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.List;

import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopProxyUtils;
import org.springframework.aop.support.AopUtils;
import org.springframework.util.Assert;
import org.springframework.util.ReflectionUtils;

/**
 * Binds a bean so that its calls go through its proxy, if it has one. Only a final
 * {@code bindService()}, as in generated classes, runs on a class-based proxy; any other
 * binds the methods of the target.
 */
final class ServiceBinding {

	private final String beanName;

	private final BindableService service;

	ServiceBinding(String beanName, BindableService service) {
		this.beanName = beanName;
		this.service = service;
	}

	/**
	 * Binds the service.
	 * @return its definition, {@code null} if it has none, as a mock
	 * @throws GrpcServerStartException if calls would not go through the proxy
	 */
	@Nullable ServerServiceDefinition bind() {
		if (AopUtils.isJdkDynamicProxy(this.service)) {
			throw bypassed("it is a JDK proxy of its interfaces",
					"Use a class-based proxy: set spring.aop.proxy-target-class to true (the default), "
							+ "or proxyTargetClass = true where proxies are enabled.");
		}
		if (!AopUtils.isCglibProxy(this.service)) {
			return this.service.bindService();
		}
		if (!Modifier.isFinal(bindService(AopUtils.getTargetClass(this.service)).getModifiers())) {
			throw bypassed("its bindService() is not final",
					"Declare bindService() final, so that it runs on the proxy, and refer to methods of the service in it "
							+ "(this::getFeature), or extend the generated ...ImplBase class.");
		}
		return bindProxy();
	}

	private static Method bindService(Class<?> type) {
		Method method = ReflectionUtils.findMethod(type, "bindService");
		Assert.state(method != null, "No bindService()");
		return method;
	}

	private GrpcServerStartException bypassed(String reason, String action) {
		return new GrpcServerStartException(
				"Bean '%s' is annotated with @GrpcService and has a proxy (for transactions, security or other aspects) that its calls would bypass: %s."
					.formatted(this.beanName, reason),
				action);
	}

	/**
	 * A proxy is made without running a constructor, so the fields that a final method
	 * reads are null. Those that are final never change: the proxy may have them too.
	 */
	private @Nullable ServerServiceDefinition bindProxy() {
		try {
			return this.service.bindService();
		}
		catch (RuntimeException ex) {
			copyFinalFields();
			try {
				return this.service.bindService();
			}
			catch (RuntimeException again) {
				throw new GrpcServerStartException(
						"Bean '%s' is annotated with @GrpcService and has a proxy (for transactions, security or other aspects) on which its bindService() fails: %s."
							.formatted(this.beanName, again),
						"Move what needs the proxy (@Transactional, @PreAuthorize and the like) to another bean that the service calls.",
						List.of(), again);
			}
		}
	}

	private void copyFinalFields() {
		Object target = AopProxyUtils.getSingletonTarget(this.service);
		if (target != null) {
			ReflectionUtils.doWithFields(target.getClass(), (field) -> copy(field, target), ServiceBinding::isFinal);
		}
	}

	private static boolean isFinal(Field field) {
		return Modifier.isFinal(field.getModifiers()) && !Modifier.isStatic(field.getModifiers())
				&& !field.getType().isPrimitive();
	}

	private void copy(Field field, Object target) {
		try {
			field.setAccessible(true);
			if (field.get(this.service) == null) {
				field.set(this.service, field.get(target));
			}
		}
		catch (IllegalAccessException | RuntimeException ex) {
			// Closed to reflection: to bind fails again, and that is reported.
		}
	}

}
