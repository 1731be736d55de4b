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

import io.github.lastcall.grpc.observation.ErrorTag;
import io.github.lastcall.grpc.observation.GrpcCallObservations;
import io.github.lastcall.grpc.observation.SpanErrorTag;
import io.micrometer.core.instrument.binder.grpc.GrpcServerObservationConvention;
import io.micrometer.observation.GlobalObservationConvention;
import io.micrometer.observation.ObservationFilter;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationPredicate;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.tracing.handler.TracingObservationHandler;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigureOrder;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.boot.micrometer.observation.autoconfigure.ObservationHandlerGroup;
import org.springframework.boot.micrometer.observation.autoconfigure.ObservationRegistryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;

/**
 * {@link EnableAutoConfiguration Auto-configuration} for the observation of calls by
 * tracing and other handlers that do not create meters.
 */
@AutoConfiguration(after = GrpcServerAutoConfiguration.class)
@AutoConfigureOrder(Ordered.LOWEST_PRECEDENCE)
@ConditionalOnClass({ GrpcServerObservationConvention.class, ObservationHandlerGroup.class })
@ConditionalOnBean(value = GrpcServers.class, search = SearchStrategy.CURRENT)
public final class GrpcServerObservationAutoConfiguration implements AopInfrastructureBean {

	@Bean
	@ConditionalOnMissingBean
	GrpcCallObservations lastCallCallObservations(ObjectProvider<ObservationRegistry> registries,
			ObjectProvider<ObservationHandler<?>> handlers, ObjectProvider<ObservationHandlerGroup> groups,
			ObjectProvider<ObservationPredicate> predicates, ObjectProvider<ObservationFilter> filters,
			ObjectProvider<GlobalObservationConvention<?>> globalConventions,
			ObjectProvider<ObservationRegistryCustomizer<?>> customizers,
			ObjectProvider<GrpcServerObservationConvention> conventions, ObjectProvider<ErrorTag> errorTags) {
		ErrorTag errorTag = errorTags.getIfAvailable(() -> (context, error) -> {
		});
		CallObservationHandlers observers = CallObservationHandlers.of(handlers.orderedStream().toList());
		if (observers.isEmpty() || registries.stream().allMatch(ObservationRegistry::isNoop)) {
			return new GrpcCallObservations(ObservationRegistry.NOOP, null, errorTag);
		}
		// Not the registry bean, to which Spring Boot adds the handlers that create
		// meters: every call would be counted twice.
		ObservationRegistry registry = ObservationRegistry.create();
		predicates.orderedStream().forEach(registry.observationConfig()::observationPredicate);
		globalConventions.orderedStream().forEach(registry.observationConfig()::observationConvention);
		observers.register(registry.observationConfig(), groups.stream().sorted().toList());
		filters.orderedStream().forEach(registry.observationConfig()::observationFilter);
		CallObservationHandlers.customize(registry, customizers.orderedStream().toList());
		return new GrpcCallObservations(registry,
				conventions.getIfUnique(() -> conventions.orderedStream().findFirst().orElse(null)), errorTag);
	}

	/**
	 * Needs Micrometer Tracing.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(TracingObservationHandler.class)
	static class TracingConfiguration implements AopInfrastructureBean {

		@Bean
		SpanErrorTag lastCallSpanErrorTag() {
			return new SpanErrorTag();
		}

	}

}
