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

import io.github.lastcall.grpc.executor.MdcState;
import io.github.lastcall.grpc.executor.ThreadState;
import io.github.lastcall.grpc.observation.ObservationScopeState;
import io.github.lastcall.grpc.security.SecurityContextState;
import io.micrometer.observation.ObservationRegistry;
import org.slf4j.MDC;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.core.context.SecurityContextHolderStrategy;
import org.springframework.util.function.SingletonSupplier;

/**
 * A {@link ThreadState} for each library that keeps state on a thread. The last one is
 * restored first.
 */
@Configuration(proxyBeanMethods = false)
class ThreadStateConfiguration implements AopInfrastructureBean {

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(MDC.class)
	static class MdcConfiguration implements AopInfrastructureBean {

		@Bean
		@Order(0)
		MdcState lastCallMdcState() {
			return new MdcState();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(SecurityContextHolder.class)
	static class SecurityContextConfiguration implements AopInfrastructureBean {

		@Bean
		@Order(1)
		SecurityContextState lastCallSecurityContextState(ObjectProvider<SecurityContextHolderStrategy> strategies) {
			return new SecurityContextState(SecurityConfiguration.strategy(strategies));
		}

	}

	/**
	 * Restored first: handlers of a scope that is closed restore state of the other
	 * libraries.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(ObservationRegistry.class)
	static class ObservationScopeConfiguration implements AopInfrastructureBean {

		@Bean
		@Order(2)
		ObservationScopeState lastCallObservationScopeState(ObjectProvider<ObservationRegistry> registries) {
			// Micrometer's registries share their scopes. Looked up late, because their
			// handlers may depend on the server.
			return new ObservationScopeState(SingletonSupplier.of(() -> registries.orderedStream()
				.filter((registry) -> !registry.isNoop())
				.findFirst()
				.orElseGet(ObservationRegistry::create)));
		}

	}

}
