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

import io.github.lastcall.grpc.executor.ServerTimer;
import io.github.lastcall.grpc.executor.ThreadServerTimer;
import io.github.lastcall.grpc.health.ActuatorHealthBridge;
import io.github.lastcall.grpc.health.HealthSettings;
import io.github.lastcall.grpc.health.ServingStatusTable;
import io.github.lastcall.grpc.lifecycle.ServerStates;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.health.actuate.endpoint.HealthEndpointGroups;
import org.springframework.boot.health.contributor.HealthContributors;
import org.springframework.boot.health.registry.HealthContributorRegistry;
import org.springframework.boot.health.registry.ReactiveHealthContributorRegistry;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.function.SingletonSupplier;

/**
 * Health that follows Actuator's health groups.
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnClass(HealthEndpointGroups.class)
@ConditionalOnBean({ HealthEndpointGroups.class, HealthContributorRegistry.class })
class ActuatorHealthConfiguration implements AopInfrastructureBean {

	@Bean
	HealthGroupNames lastCallHealthGroupNames(HealthEndpointGroups groups) {
		return HealthGroupNames.of(groups.getNames());
	}

	@Bean
	ActuatorHealthBridge lastCallActuatorHealthBridge(ObjectProvider<HealthContributorRegistry> registry,
			ObjectProvider<ReactiveHealthContributorRegistry> reactiveRegistry, HealthEndpointGroups groups,
			ApplicationAvailability availability, ServingStatusTable statuses, ServerStates servers,
			HealthSettings settings, @Qualifier("lastCallHealthTimer") ServerTimer timer) {
		// Looked up late, because the server's own health indicator depends on the
		// server.
		return new ActuatorHealthBridge(SingletonSupplier.of(() -> {
			ReactiveHealthContributorRegistry reactive = reactiveRegistry.getIfAvailable();
			return (reactive != null) ? HealthContributors.of(registry.getObject(), reactive.asHealthContributors())
					: registry.getObject();
		}), groups, availability, statuses, servers, settings, timer);
	}

	@Bean(defaultCandidate = false)
	@ConditionalOnMissingBean(name = "lastCallHealthTimer")
	ThreadServerTimer lastCallHealthTimer() {
		return new ThreadServerTimer("grpc-health-sampler");
	}

}
