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

package io.github.lastcall.benchmarks.service;

import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What became of the calls of a closed loop.
 *
 * @param callsInTime the calls that ended with OK within the time that counts
 * @param nanos the time
 * @param callsBetween the calls that ended with OK between what ran before that time and
 * what ran after it
 * @param calls all calls that ended with OK, those before and after it too
 * @param failures how many calls failed, by reason
 */
public record LoopOutcome(long callsInTime, long nanos, double callsBetween, long calls, Map<String, Long> failures) {

	/**
	 * The calls that ended with OK.
	 * @return calls per second
	 */
	public double callsPerSecond() {
		return this.callsInTime * (double) TimeUnit.SECONDS.toNanos(1) / this.nanos;
	}

	/**
	 * The calls that did not.
	 * @return how many
	 */
	public long failed() {
		return this.failures.values().stream().mapToLong(Long::longValue).sum();
	}

}
