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

package io.github.lastcall.grpc.test;

import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.function.Supplier;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.BeanUtils;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.ApplicationContext;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.util.Assert;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

/**
 * Creates what {@link GrpcStub @GrpcStub} asks for.
 */
final class Stubs {

	private Stubs() {
	}

	/**
	 * Sets the annotated fields of a test instance, and gives the stubs that it autowires
	 * their metadata.
	 * @param metadata the metadata of its class and method
	 */
	static void inject(Object instance, Supplier<ApplicationContext> context, CallMetadata metadata) {
		ReflectionUtils.doWithFields(ClassUtils.getUserClass(instance), (field) -> {
			if (Modifier.isStatic(field.getModifiers())) {
				throw new IllegalStateException("@GrpcStub must not be on a static field: " + field);
			}
			ReflectionUtils.makeAccessible(field);
			field.set(instance, create(field.getType(), context.get(), metadata.with(field)));
		}, (field) -> AnnotatedElementUtils.hasAnnotation(field, GrpcStub.class)
				|| (AnnotatedElementUtils.hasAnnotation(field, Autowired.class)
						&& StubAutowiring.creates(field.getType(), context.get())));
	}

	static Object create(Class<?> type, ApplicationContext context, CallMetadata metadata) {
		TestServer server = context.getBeanProvider(TestServer.class).getIfAvailable();
		Assert.state(server != null, "@GrpcStub needs the server of a test with @SpringBootTest, @GrpcTest "
				+ "or @AutoConfigureGrpcInProcess");
		ManagedChannel channel = metadata.attachTo(server.channel());
		if (type.isInstance(channel)) {
			return channel;
		}
		Method factory = factory(type);
		if (factory != null) {
			Object stub = ReflectionUtils.invokeMethod(factory, null, channel);
			if (stub != null) {
				return stub;
			}
		}
		Constructor<?> constructor = ClassUtils.getConstructorIfAvailable(type, Channel.class);
		if (constructor != null) {
			return BeanUtils.instantiateClass(constructor, channel);
		}
		throw new IllegalStateException(
				("@GrpcStub cannot create %s. It must be io.grpc.Channel, io.grpc.ManagedChannel "
						+ "or a generated stub: its enclosing class has a static method that creates it from a Channel, "
						+ "or it has a constructor with a Channel.")
					.formatted(type.getName()));
	}

	/**
	 * Finds the method of the generated class around a stub that creates it. Kotlin's
	 * stubs have a constructor instead.
	 */
	private static @Nullable Method factory(Class<?> type) {
		Class<?> generated = type.getEnclosingClass();
		if (generated == null) {
			return null;
		}
		return Arrays.stream(generated.getMethods())
			.filter((method) -> Modifier.isStatic(method.getModifiers()))
			.filter((method) -> method.getReturnType() == type)
			.filter((method) -> Arrays.equals(method.getParameterTypes(), new Class<?>[] { Channel.class }))
			.findFirst()
			.orElse(null);
	}

}
