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

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.github.lastcall.grpc.call.InFlightCalls;
import io.github.lastcall.grpc.error.CallErrors;
import io.github.lastcall.grpc.health.HealthGroupMapping;
import io.github.lastcall.grpc.server.GrpcServiceDiscovery;
import io.github.lastcall.grpc.server.GrpcServices;
import io.github.lastcall.grpc.server.InfrastructureService;
import io.github.lastcall.grpc.tls.PeerIdentityFilter;
import io.github.lastcall.grpc.validation.RequestValidation;
import io.grpc.BindableService;
import io.grpc.ServerInterceptor;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;

/**
 * Finds the services of each server: those of the application, and health and reflection
 * as the properties say.
 */
final class ApplicationServices implements AopInfrastructureBean {

	private static final Log logger = LogFactory.getLog(ApplicationServices.class);

	private final ConfigurableListableBeanFactory beanFactory;

	private final GrpcServerProperties properties;

	private final InfrastructureService health;

	private final HealthGroupMapping healthGroups;

	private final ObjectProvider<PeerIdentityFilter> identities;

	private final RequestValidation validation;

	private final ObjectProvider<ServerSecurity> security;

	private final CallErrors errors;

	private final Set<String> warnings = ConcurrentHashMap.newKeySet();

	ApplicationServices(ConfigurableListableBeanFactory beanFactory, GrpcServerProperties properties,
			InfrastructureService health, HealthGroupMapping healthGroups,
			ObjectProvider<PeerIdentityFilter> identities, CallErrors errors, RequestValidation validation,
			ObjectProvider<ServerSecurity> security) {
		this.beanFactory = beanFactory;
		this.properties = properties;
		this.health = health;
		this.healthGroups = healthGroups;
		this.identities = identities;
		this.errors = errors;
		this.validation = validation;
		this.security = security;
	}

	GrpcServices find(ServerType type) {
		if (!type.servesApplication()) {
			return new GrpcServices(List.of(), List.of(this.health.service().bindService()));
		}
		List<ServerInterceptor> outermost = this.identities.stream().map(ServerInterceptor.class::cast).toList();
		GrpcServices services = new GrpcServiceDiscovery(this.beanFactory, infrastructure(), outermost,
				InFlightCalls.innermostInterceptor(), this::warn)
			.discover();
		this.healthGroups.register(services);
		this.errors.register(services);
		this.validation.register(services);
		this.security.ifAvailable((security) -> security.register(services));
		return services;
	}

	private List<InfrastructureService> infrastructure() {
		List<InfrastructureService> services = new ArrayList<>();
		if (this.properties.health().enabled()) {
			services.add(this.health);
		}
		else {
			warn("grpc.server.health.enabled is false: a drain is not announced over gRPC. "
					+ "A health service of your own must listen to GrpcServerStateChangedEvent");
		}
		if (this.properties.reflection().enabled()) {
			services.add(reflection());
			services.add(oldReflection());
		}
		return services;
	}

	private static InfrastructureService reflection() {
		BindableService service = (BindableService) ProtoReflectionServiceV1.newInstance();
		return new InfrastructureService(service, "the reflection service (v1)");
	}

	@SuppressWarnings("deprecation")
	private static InfrastructureService oldReflection() {
		BindableService service = (BindableService) io.grpc.protobuf.services.ProtoReflectionService.newInstance();
		return new InfrastructureService(service, "the reflection service (v1alpha)");
	}

	private void warn(String message) {
		if (this.warnings.add(message)) {
			logger.warn(message);
		}
	}

}
