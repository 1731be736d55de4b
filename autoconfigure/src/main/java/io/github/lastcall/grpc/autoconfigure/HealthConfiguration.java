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

import io.github.lastcall.grpc.health.AvailabilityBridge;
import io.github.lastcall.grpc.health.HealthGroupMapping;
import io.github.lastcall.grpc.health.HealthService;
import io.github.lastcall.grpc.health.HealthSettings;
import io.github.lastcall.grpc.health.ServingGate;
import io.github.lastcall.grpc.health.ServingStatusOverrides;
import io.github.lastcall.grpc.health.ServingStatusTable;
import io.github.lastcall.grpc.lifecycle.ServerStates;
import io.github.lastcall.grpc.server.InfrastructureService;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Fallback;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.Environment;

/**
 * Health of the services as clients see it.
 */
@Configuration(proxyBeanMethods = false)
class HealthConfiguration implements AopInfrastructureBean {

	@Bean
	HealthSettings lastCallHealthSettings(GrpcServerProperties properties) {
		return properties.health().settings();
	}

	/**
	 * Used if Actuator's health groups are not available.
	 */
	@Bean
	@Lazy
	@Fallback
	HealthGroupNames lastCallAvailabilityGroupNames(Environment environment) {
		return HealthGroupNames.ofAvailability(environment);
	}

	@Bean
	ServingStatusTable lastCallServingStatusTable(HealthGroupNames groups) {
		return new ServingStatusTable(groups.names(), groups.followingAvailability());
	}

	@Bean
	HealthGroupMapping lastCallHealthGroupMapping(GrpcServerProperties properties, ServingStatusTable statuses,
			HealthGroupNames groups) {
		return new HealthGroupMapping(properties.health().services(), groups.names(), groups.ignored(), statuses);
	}

	@Bean
	ServingStatusOverrides lastCallServingStatusOverrides(ServingStatusTable statuses) {
		return new ServingStatusOverrides(statuses);
	}

	@Bean
	ServingGate lastCallServingGate(ServingStatusTable statuses, ServerStates servers) {
		return new ServingGate(statuses, servers);
	}

	@Bean
	AvailabilityBridge lastCallAvailabilityBridge(ServingStatusTable statuses, ApplicationAvailability availability,
			HealthGroupNames groups) {
		return new AvailabilityBridge(statuses, availability, groups.followingAvailability());
	}

	@Bean
	InfrastructureService lastCallHealthService(ServingStatusTable statuses, HealthSettings settings) {
		return new InfrastructureService(new HealthService(statuses, settings.notServingAs()), "the health service");
	}

}
