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

import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import io.github.lastcall.grpc.health.ServingStatusTable;
import org.apache.commons.logging.LogFactory;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/**
 * The names of the health groups.
 *
 * @param names all groups, readiness and liveness at least
 * @param followingAvailability groups that Actuator does not have, which follow the
 * availability of the application
 * @param ignored groups that are configured but not evaluated, because Actuator's health
 * endpoint is not available
 */
record HealthGroupNames(Set<String> names, Set<String> followingAvailability,
		Set<String> ignored) implements AopInfrastructureBean {

	/**
	 * Returns the groups of an application without Actuator's health endpoint.
	 */
	static HealthGroupNames ofAvailability(Environment environment) {
		Set<String> ignored = Binder.get(environment)
			.bind("management.endpoint.health.group", Bindable.mapOf(String.class, Object.class))
			.map(Map::keySet)
			.orElse(Set.of());
		if (!ignored.isEmpty()) {
			LogFactory.getLog(HealthGroupNames.class)
				.warn(("The health groups %s of management.endpoint.health.group are not evaluated because Actuator's health endpoint "
						+ "is not available: the gRPC server only follows the application's readiness and liveness. "
						+ "Set management.endpoint.health.access to read-only to evaluate them")
					.formatted(new TreeSet<>(ignored)));
		}
		return of(Set.of(), ignored);
	}

	/**
	 * Returns the groups of an application with Actuator's health endpoint.
	 */
	static HealthGroupNames of(Collection<String> groups) {
		return of(groups, Set.of());
	}

	private static HealthGroupNames of(Collection<String> groups, Set<String> ignored) {
		Set<String> availability = new TreeSet<>(Set.of(ServingStatusTable.READINESS, ServingStatusTable.LIVENESS));
		Set<String> names = new TreeSet<>(groups);
		availability.removeAll(names);
		names.addAll(availability);
		return new HealthGroupNames(names, availability, ignored);
	}

}
