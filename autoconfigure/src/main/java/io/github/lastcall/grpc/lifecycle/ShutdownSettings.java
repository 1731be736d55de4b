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

package io.github.lastcall.grpc.lifecycle;

import java.time.Duration;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.util.Assert;

/**
 * Durations of the states of a shutdown. Zero skips a state or gives it no time; negative
 * values are rejected.
 *
 * @param propagationDelay the time to keep serving after health has become NOT_SERVING,
 * so that load balancers notice
 * @param quietPeriod the time without a new call before the listener is closed; zero does
 * not wait for it
 * @param maxPropagationDelay the maximum time to wait for the quiet period, from the same
 * moment as the propagation delay and not shorter than it
 * @param gracePeriod the time for calls in flight to end after the listener is closed
 * @param streamGracePeriod the time for streaming calls among them, if shorter
 * @param forceTimeout the time for the handlers of forced calls to clean up
 * @hidden
 */
public record ShutdownSettings(Duration propagationDelay, Duration quietPeriod, Duration maxPropagationDelay,
		Duration gracePeriod, Duration streamGracePeriod, Duration forceTimeout) implements AopInfrastructureBean {

	/**
	 * Time for the rest of an application's end: noticing the signal, destroying beans,
	 * and exiting.
	 */
	public static final Duration EXIT = Duration.ofSeconds(3);

	public ShutdownSettings {
		notNegative(propagationDelay, "propagationDelay");
		notNegative(quietPeriod, "quietPeriod");
		notNegative(maxPropagationDelay, "maxPropagationDelay");
		notNegative(gracePeriod, "gracePeriod");
		notNegative(streamGracePeriod, "streamGracePeriod");
		notNegative(forceTimeout, "forceTimeout");
		Assert.isTrue(maxPropagationDelay.compareTo(propagationDelay) >= 0,
				"'maxPropagationDelay' must not be shorter than 'propagationDelay'");
	}

	/**
	 * Creates settings without a quiet period, and with the same grace period for
	 * streaming calls.
	 * @param propagationDelay how long to announce
	 * @param gracePeriod how long to drain
	 * @param forceTimeout how long to force
	 */
	public static ShutdownSettings of(Duration propagationDelay, Duration gracePeriod, Duration forceTimeout) {
		return new ShutdownSettings(propagationDelay, Duration.ZERO, propagationDelay, gracePeriod, gracePeriod,
				forceTimeout);
	}

	/**
	 * Returns the maximum time of the announcement.
	 * @return the propagation delay, or its maximum if there is a quiet period
	 */
	public Duration longestAnnouncement() {
		return this.quietPeriod.isZero() ? this.propagationDelay : this.maxPropagationDelay;
	}

	/**
	 * Returns the maximum time in which the server stops.
	 */
	public Duration longestStop() {
		return longestAnnouncement().plus(this.gracePeriod).plus(this.forceTimeout);
	}

	/**
	 * Returns the maximum time in which the process ends, which an orchestrator must
	 * allow.
	 * @return the time of the server plus {@link #EXIT}
	 */
	public Duration budget() {
		return longestStop().plus(EXIT);
	}

	private static void notNegative(Duration duration, String name) {
		Assert.isTrue(!duration.isNegative(), () -> "'" + name + "' must not be negative");
	}

}
