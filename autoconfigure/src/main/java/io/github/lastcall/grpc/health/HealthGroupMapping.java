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

package io.github.lastcall.grpc.health;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.ServerServiceDefinition;

import org.springframework.aop.framework.AopInfrastructureBean;

/**
 * Mapping of services to the health groups that they follow.
 *
 * @hidden
 */
public final class HealthGroupMapping implements AopInfrastructureBean {

	private static final String PROPERTY = "grpc.server.health.services.";

	private final Map<String, String> groupsByService;

	private final TreeSet<String> groups;

	private final Set<String> ignored;

	private final ServingStatusTable table;

	/**
	 * Creates a new mapping.
	 * @param groupsByService the configured health groups by full service name
	 * @param groups the available health groups
	 * @param ignored the health groups that are configured but not evaluated
	 * @param table the table to register the services in
	 */
	public HealthGroupMapping(Map<String, String> groupsByService, Iterable<String> groups, Set<String> ignored,
			ServingStatusTable table) {
		this.groupsByService = new TreeMap<>(groupsByService);
		this.groups = new TreeSet<>();
		groups.forEach(this.groups::add);
		this.ignored = Set.copyOf(ignored);
		this.table = table;
	}

	/**
	 * Registers the services of a server.
	 * @throws GrpcServerStartException if a mapping names a group or a service that does
	 * not exist
	 */
	public void register(GrpcServices services) {
		List<String> names = services.names();
		this.groupsByService.forEach((service, group) -> {
			// A service that is mocked in a test is missing, and its name is unknown.
			if (!names.contains(service) && services.unbound().isEmpty()) {
				throw new GrpcServerStartException(
						"The health of service '%s' is mapped to group '%s', but no such service is served."
							.formatted(service, group),
						"Remove the property, or name one of the services %s.".formatted(new TreeSet<>(names)),
						List.of(PROPERTY + service), null);
			}
			requireGroup(group, "service '%s'".formatted(service), List.of(PROPERTY + service));
		});
		for (GrpcServices.Registration service : services.application()) {
			String group = service.annotation().healthGroup();
			if (!group.isEmpty()) {
				requireGroup(group, "@GrpcService bean '%s'".formatted(service.beanName()), List.of());
			}
		}
		names.forEach((name) -> this.table.register(name, ServingStatusTable.READINESS));
		for (GrpcServices.Registration service : services.application()) {
			String group = service.annotation().healthGroup();
			if (!group.isEmpty()) {
				this.table.register(service.name(), group);
			}
		}
		this.groupsByService.forEach(this.table::register);
	}

	/**
	 * Registers services added by customizers, which follow readiness.
	 */
	public void registerAdded(List<ServerServiceDefinition> services) {
		services.forEach((service) -> this.table.register(service.getServiceDescriptor().getName(),
				ServingStatusTable.READINESS));
	}

	private void requireGroup(String group, String who, List<String> properties) {
		if (this.ignored.contains(group) && !this.groups.contains(group)) {
			throw new GrpcServerStartException(
					"The health of %s is mapped to group '%s', which is not evaluated because Actuator's health endpoint is not available."
						.formatted(who, group),
					"Set management.endpoint.health.access to read-only, or use one of %s.".formatted(this.groups),
					properties, null);
		}
		if (!this.groups.contains(group)) {
			throw new GrpcServerStartException(
					"The health of %s is mapped to group '%s', but there is no such health group.".formatted(who,
							group),
					"Define it with management.endpoint.health.group.%s.include, or use one of %s.".formatted(group,
							this.groups),
					properties, null);
		}
	}

}
