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

package io.github.lastcall.grpc.shutdown;

import java.time.Duration;

import org.springframework.util.Assert;

/**
 * How long each state of a shutdown may take. Zero skips it, negative values are refused.
 *
 * @param propagationDelay how long to go on serving after health has become NOT_SERVING,
 * so that load balancers notice
 * @param gracePeriod how long calls in flight may take to end after the listener is
 * closed
 * @param forceTimeout how long calls that are closed by force may take to clean up
 */
public record ShutdownSettings(Duration propagationDelay, Duration gracePeriod, Duration forceTimeout) {

	public ShutdownSettings {
		Assert.isTrue(!propagationDelay.isNegative(), "'propagationDelay' must not be negative");
		Assert.isTrue(!gracePeriod.isNegative(), "'gracePeriod' must not be negative");
		Assert.isTrue(!forceTimeout.isNegative(), "'forceTimeout' must not be negative");
	}

	/**
	 * The longest that a shutdown takes: what an orchestrator must allow for.
	 * @return the sum of all
	 */
	public Duration budget() {
		return this.propagationDelay.plus(this.gracePeriod).plus(this.forceTimeout);
	}

}
