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

import java.time.Duration;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.util.Assert;

/**
 * Settings of health.
 *
 * @param sampleInterval the time between two evaluations of the health indicators,
 * positive
 * @param sampleTimeout the maximum time for an indicator to answer before it counts as
 * failed, positive
 * @param notServingAs how Check reports NOT_SERVING
 * @hidden
 */
public record HealthSettings(Duration sampleInterval, Duration sampleTimeout,
		NotServingAs notServingAs) implements AopInfrastructureBean {

	public HealthSettings {
		Assert.isTrue(sampleInterval.compareTo(Duration.ZERO) > 0, "'sampleInterval' must be positive");
		Assert.isTrue(sampleTimeout.compareTo(Duration.ZERO) > 0, "'sampleTimeout' must be positive");
	}

	/**
	 * How Check reports NOT_SERVING.
	 *
	 * @hidden
	 */
	public enum NotServingAs {

		/**
		 * NOT_SERVING in the response, as the specification defines it.
		 */
		STATUS,

		/**
		 * Status UNAVAILABLE of the call, for balancers that check only the status.
		 */
		ERROR

	}

}
