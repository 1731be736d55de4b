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

import io.grpc.health.v1.HealthCheckResponse.ServingStatus;

import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.LivenessState;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ApplicationListener;
import org.springframework.core.Ordered;

/**
 * Lets the readiness and liveness groups follow the availability of the application, the
 * moment that it changes.
 */
public final class AvailabilityBridge implements ApplicationListener<AvailabilityChangeEvent<?>>, Ordered {

	private final ServingStatusTable table;

	/**
	 * Create a new bridge.
	 * @param table where the groups' statuses go
	 */
	public AvailabilityBridge(ServingStatusTable table) {
		this.table = table;
	}

	@Override
	public void onApplicationEvent(AvailabilityChangeEvent<?> event) {
		if (event.getState() instanceof ReadinessState state) {
			sample(ServingStatusTable.READINESS, state == ReadinessState.ACCEPTING_TRAFFIC);
		}
		else if (event.getState() instanceof LivenessState state) {
			sample(ServingStatusTable.LIVENESS, state == LivenessState.CORRECT);
		}
	}

	private void sample(String group, boolean serving) {
		this.table.sample(group, serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
	}

	@Override
	public int getOrder() {
		return Ordered.HIGHEST_PRECEDENCE;
	}

}
