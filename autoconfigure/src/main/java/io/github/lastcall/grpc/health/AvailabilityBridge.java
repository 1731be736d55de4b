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

import java.util.Map;
import java.util.Set;

import io.grpc.health.v1.HealthCheckResponse.ServingStatus;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.AvailabilityState;
import org.springframework.boot.availability.LivenessState;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ApplicationListener;
import org.springframework.core.Ordered;

/**
 * Bridge from the application's availability to the readiness and liveness groups, for
 * applications without Actuator's health groups. Changes apply immediately.
 *
 * @hidden
 */
public final class AvailabilityBridge
		implements AopInfrastructureBean, ApplicationListener<AvailabilityChangeEvent<?>>, Ordered {

	private final ServingStatusTable table;

	private final Set<String> groups;

	/**
	 * Creates a new bridge.
	 * @param table the table to update
	 * @param availability the availability of the application
	 * @param groups the groups that follow the availability
	 */
	public AvailabilityBridge(ServingStatusTable table, ApplicationAvailability availability, Set<String> groups) {
		this.table = table;
		this.groups = Set.copyOf(groups);
		changed(availability.getReadinessState());
		changed(availability.getLivenessState());
	}

	@Override
	public void onApplicationEvent(AvailabilityChangeEvent<?> event) {
		changed(event.getState());
	}

	private void changed(AvailabilityState state) {
		if (state instanceof ReadinessState) {
			sample(ServingStatusTable.READINESS, state == ReadinessState.ACCEPTING_TRAFFIC);
		}
		else if (state instanceof LivenessState) {
			sample(ServingStatusTable.LIVENESS, state == LivenessState.CORRECT);
		}
	}

	private void sample(String group, boolean serving) {
		if (this.groups.contains(group)) {
			this.table.sample(Map.of(group, serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING));
		}
	}

	@Override
	public int getOrder() {
		return Ordered.HIGHEST_PRECEDENCE;
	}

}
