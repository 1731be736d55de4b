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
 * How health is found out and told.
 *
 * @param sampleInterval how often the health indicators are asked, positive
 * @param sampleTimeout how long one may take before it counts as failed, positive
 * @param notServingAs how Check tells that a name is not serving
 */
public record HealthSettings(Duration sampleInterval, Duration sampleTimeout,
		NotServingAs notServingAs) implements AopInfrastructureBean {

	public HealthSettings {
		Assert.isTrue(sampleInterval.compareTo(Duration.ZERO) > 0, "'sampleInterval' must be positive");
		Assert.isTrue(sampleTimeout.compareTo(Duration.ZERO) > 0, "'sampleTimeout' must be positive");
	}

	/**
	 * How Check tells that a name is NOT_SERVING.
	 */
	public enum NotServingAs {

		/**
		 * As the specification says: status OK, and NOT_SERVING in the message.
		 */
		STATUS,

		/**
		 * By the status UNAVAILABLE of the call, for balancers that look at nothing else.
		 */
		ERROR

	}

}
