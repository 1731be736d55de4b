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

import io.grpc.stub.AbstractStub;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.BeanFactoryUtils;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.config.DependencyDescriptor;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.ContextAnnotationAutowireCandidateResolver;
import org.springframework.core.MethodParameter;

/**
 * Creates the generated stubs that tests autowire. There is no bean for them, as the
 * stubs that the classes of a context will need are not known when it starts.
 */
final class StubAutowiring extends ContextAnnotationAutowireCandidateResolver {

	private final ApplicationContext context;

	private StubAutowiring(ApplicationContext context) {
		this.context = context;
	}

	/**
	 * Extends the resolver of a bean factory, unless the application has its own.
	 */
	static void install(DefaultListableBeanFactory beanFactory, ApplicationContext context) {
		if (beanFactory.getAutowireCandidateResolver().getClass() == ContextAnnotationAutowireCandidateResolver.class) {
			beanFactory.setAutowireCandidateResolver(new StubAutowiring(context));
		}
	}

	/**
	 * Returns whether a stub is created, as the application has no bean of its type.
	 */
	static boolean creates(Class<?> type, ListableBeanFactory beanFactory) {
		return AbstractStub.class.isAssignableFrom(type)
				&& BeanFactoryUtils.beanNamesForTypeIncludingAncestors(beanFactory, type, true, false).length == 0;
	}

	@Override
	public @Nullable Object getSuggestedValue(DependencyDescriptor descriptor) {
		Object value = super.getSuggestedValue(descriptor);
		if (value != null || !creates(descriptor.getDependencyType(), this.context) || isOfBean(descriptor)) {
			return value;
		}
		return Stubs.create(descriptor.getDependencyType(), this.context, metadata(descriptor));
	}

	/**
	 * Returns whether a bean has the dependency: it would not be there in production.
	 */
	private boolean isOfBean(DependencyDescriptor descriptor) {
		return BeanFactoryUtils.beanNamesForTypeIncludingAncestors(this.context,
				descriptor.getMember().getDeclaringClass(), true, false).length > 0;
	}

	private static CallMetadata metadata(DependencyDescriptor descriptor) {
		MethodParameter parameter = descriptor.getMethodParameter();
		if (parameter == null) {
			// Set again with the metadata of the field, its class and its test.
			return CallMetadata.of(Object.class);
		}
		return CallMetadata.of(parameter.getContainingClass())
			.with(parameter.getMethod())
			.with(parameter.getParameter());
	}

}
