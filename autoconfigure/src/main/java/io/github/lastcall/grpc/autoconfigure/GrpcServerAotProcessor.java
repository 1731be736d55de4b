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

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

import io.github.lastcall.grpc.health.v1.HealthCheckRequest;
import io.github.lastcall.grpc.health.v1.HealthCheckResponse;
import io.github.lastcall.grpc.health.v1.HealthListRequest;
import io.github.lastcall.grpc.health.v1.HealthListResponse;
import io.github.lastcall.grpc.server.GrpcService;
import org.jspecify.annotations.Nullable;

import org.springframework.aot.generate.GenerationContext;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.ReflectionHints;
import org.springframework.beans.factory.aot.BeanFactoryInitializationAotContribution;
import org.springframework.beans.factory.aot.BeanFactoryInitializationAotProcessor;
import org.springframework.beans.factory.aot.BeanFactoryInitializationCode;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * Adds reflection hints for the interceptors of {@link GrpcService#interceptors()}, whose
 * constructors are called if they are not beans, and for the messages of the health
 * service, whose methods protobuf looks up.
 */
class GrpcServerAotProcessor implements BeanFactoryInitializationAotProcessor {

	private static final List<Class<?>> MESSAGES = List.of(HealthCheckRequest.class, HealthCheckRequest.Builder.class,
			HealthCheckResponse.class, HealthCheckResponse.Builder.class, HealthCheckResponse.ServingStatus.class,
			HealthListRequest.class, HealthListRequest.Builder.class, HealthListResponse.class,
			HealthListResponse.Builder.class);

	@Override
	public @Nullable BeanFactoryInitializationAotContribution processAheadOfTime(
			ConfigurableListableBeanFactory beanFactory) {
		String[] services = beanFactory.getBeanNamesForAnnotation(GrpcService.class);
		if (services.length == 0) {
			return null;
		}
		Set<Class<?>> interceptors = new LinkedHashSet<>();
		for (String service : services) {
			GrpcService annotation = beanFactory.findAnnotationOnBean(service, GrpcService.class);
			if (annotation != null) {
				interceptors.addAll(List.of(annotation.interceptors()));
			}
		}
		return new Hints(interceptors);
	}

	private record Hints(Set<Class<?>> interceptors) implements BeanFactoryInitializationAotContribution {

		@Override
		public void applyTo(GenerationContext context, BeanFactoryInitializationCode code) {
			ReflectionHints hints = context.getRuntimeHints().reflection();
			this.interceptors.forEach((type) -> hints.registerType(type, MemberCategory.INVOKE_DECLARED_CONSTRUCTORS));
			MESSAGES.forEach((type) -> hints.registerType(type, MemberCategory.INVOKE_PUBLIC_METHODS));
		}

	}

}
