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
 * How long each state of a shutdown may take. Zero skips it or gives it no time, negative
 * values are refused.
 *
 * @param propagationDelay how long to go on serving after health has become NOT_SERVING,
 * so that load balancers notice
 * @param quietPeriod how long no new call must have arrived before the listener is
 * closed; zero does not wait for quiet
 * @param maxPropagationDelay how long to wait for quiet, counted from the same moment as
 * the propagation delay and not shorter than it
 * @param gracePeriod how long calls in flight may take to end after the listener is
 * closed
 * @param streamGracePeriod how long streaming calls among them may take; no longer than
 * the grace period has an effect
 * @param forceTimeout how long calls that are closed by force may take to clean up
 */
public record ShutdownSettings(Duration propagationDelay, Duration quietPeriod, Duration maxPropagationDelay,
		Duration gracePeriod, Duration streamGracePeriod, Duration forceTimeout) implements AopInfrastructureBean {

	/**
	 * What an application takes besides: to notice the signal, to destroy its beans, and
	 * to end its virtual machine.
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
	 * Settings without a quiet period, and the same grace for streaming calls.
	 * @param propagationDelay how long to announce
	 * @param gracePeriod how long to drain
	 * @param forceTimeout how long to force
	 * @return the settings
	 */
	public static ShutdownSettings of(Duration propagationDelay, Duration gracePeriod, Duration forceTimeout) {
		return new ShutdownSettings(propagationDelay, Duration.ZERO, propagationDelay, gracePeriod, gracePeriod,
				forceTimeout);
	}

	/**
	 * How long the end may be announced.
	 * @return the propagation delay, or the longest one if quiet is waited for
	 */
	public Duration longestAnnouncement() {
		return this.quietPeriod.isZero() ? this.propagationDelay : this.maxPropagationDelay;
	}

	/**
	 * The longest that the server takes to stop.
	 * @return the sum of all
	 */
	public Duration longestStop() {
		return longestAnnouncement().plus(this.gracePeriod).plus(this.forceTimeout);
	}

	/**
	 * The longest that the process takes to end: what an orchestrator must allow for.
	 * @return the time of the server, and {@link #EXIT} for everything else
	 */
	public Duration budget() {
		return longestStop().plus(EXIT);
	}

	private static void notNegative(Duration duration, String name) {
		Assert.isTrue(!duration.isNegative(), () -> "'" + name + "' must not be negative");
	}

}
