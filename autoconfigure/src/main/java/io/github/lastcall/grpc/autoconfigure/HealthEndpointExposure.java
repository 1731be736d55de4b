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

import java.util.EnumSet;
import java.util.Set;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.autoconfigure.endpoint.condition.EndpointExposureOutcomeContributor;
import org.springframework.boot.actuate.autoconfigure.endpoint.expose.EndpointExposure;
import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.autoconfigure.condition.ConditionMessage;
import org.springframework.boot.autoconfigure.condition.ConditionOutcome;
import org.springframework.core.env.Environment;

/**
 * Makes Spring Boot evaluate the health groups even if the health endpoint is exposed
 * neither over HTTP nor over JMX, because the gRPC health service follows them. The
 * endpoint itself is not exposed by this.
 */
class HealthEndpointExposure implements EndpointExposureOutcomeContributor {

	private static final EndpointId HEALTH = EndpointId.of("health");

	private final boolean enabled;

	HealthEndpointExposure(Environment environment) {
		this.enabled = OnServerEnabled.isEnabled(environment);
	}

	@Override
	public @Nullable ConditionOutcome getExposureOutcome(EndpointId endpointId, Set<EndpointExposure> exposures,
			ConditionMessage.Builder message) {
		// Conditions for only one of HTTP and JMX are left alone.
		if (this.enabled && HEALTH.equals(endpointId) && exposures.containsAll(EnumSet.allOf(EndpointExposure.class))) {
			return ConditionOutcome.match(message.because("the gRPC server follows its health groups"));
		}
		return null;
	}

}
