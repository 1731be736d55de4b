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

import java.lang.reflect.Modifier;

import io.github.lastcall.grpc.server.GrpcService;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopConfigException;
import org.springframework.beans.factory.BeanCreationException;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Analyzes that a service needs a proxy and cannot have one, because its class is final.
 */
class FinalServiceFailureAnalyzer extends AbstractFailureAnalyzer<AopConfigException> {

	private final @Nullable BeanFactory beanFactory;

	FinalServiceFailureAnalyzer(@Nullable BeanFactory beanFactory) {
		this.beanFactory = beanFactory;
	}

	@Override
	protected @Nullable FailureAnalysis analyze(Throwable rootFailure, AopConfigException cause) {
		BeanCreationException failed = findCause(rootFailure, BeanCreationException.class);
		while (failed != null && failed.getCause() instanceof BeanCreationException nested) {
			failed = nested;
		}
		String name = (failed != null) ? failed.getBeanName() : null;
		if (name == null || !(this.beanFactory instanceof ListableBeanFactory beans)
				|| beans.findAnnotationOnBean(name, GrpcService.class, false) == null) {
			return null;
		}
		Class<?> type = beans.getType(name, false);
		if (type == null || !Modifier.isFinal(type.getModifiers())) {
			return null;
		}
		return new FailureAnalysis(
				"The @GrpcService bean '%s' needs a proxy, for annotations such as @PreAuthorize or @Transactional, and cannot have one: %s is final."
					.formatted(name, type.getName()),
				"Remove final from the class. Kotlin's classes are final unless they are declared open, or the compiler plugin kotlin-spring opens them.",
				cause);
	}

}
