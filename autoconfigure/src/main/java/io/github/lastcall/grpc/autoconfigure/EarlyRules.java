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

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;

import build.buf.protovalidate.Validator;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.validation.Protovalidate;
import io.github.lastcall.grpc.validation.RequestValidation;
import io.grpc.BindableService;
import io.grpc.ServiceDescriptor;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.util.ReflectionUtils;

/**
 * Begins to compile the rules of requests before any bean is created, so that it happens
 * beside the start of the application: of the services whose generated class can be told
 * from the type of their bean. All others follow when they are bound.
 */
final class EarlyRules implements BeanFactoryPostProcessor, AopInfrastructureBean {

	@Override
	public void postProcessBeanFactory(ConfigurableListableBeanFactory beanFactory) {
		if (beanFactory.getBeanNamesForType(Validator.class, true, false).length > 0) {
			return;
		}
		for (String name : beanFactory.getBeanNamesForAnnotation(GrpcService.class)) {
			for (Class<?> type = beanFactory.getType(name, false); type != null; type = type.getSuperclass()) {
				ServiceDescriptor service = generatedBeside(type);
				if (service != null) {
					RequestValidation.compile(service, Protovalidate.withDefaults());
				}
			}
		}
	}

	/**
	 * Returns the service of a generated class, whose outer class has its descriptor.
	 */
	private static @Nullable ServiceDescriptor generatedBeside(Class<?> type) {
		Class<?> outer = BindableService.class.isAssignableFrom(type) ? type.getEnclosingClass() : null;
		Method method = (outer != null) ? ReflectionUtils.findMethod(outer, "getServiceDescriptor") : null;
		if (method == null || !Modifier.isStatic(method.getModifiers())) {
			return null;
		}
		try {
			return (ReflectionUtils.invokeMethod(method, null) instanceof ServiceDescriptor service) ? service : null;
		}
		catch (RuntimeException | LinkageError ex) {
			// Reported when the service is bound.
			return null;
		}
	}

}
