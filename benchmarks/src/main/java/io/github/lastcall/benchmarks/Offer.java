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

package io.github.lastcall.benchmarks;

import java.util.Map;

import io.grpc.Status;

/**
 * What became of the calls that a server was offered.
 *
 * @param perSecond calls offered per second
 * @param okPerSecond calls that ended with OK, per second, of those due from the second
 * second on
 * @param statuses all calls by status
 * @param attemptsPerCall streams opened per call
 * @param p50Millis the median latency of calls that succeeded, from when each was due,
 * from the second second on, or {@code NaN} if none has
 * @param p99Millis the latency that 1 of 100 of them exceeds
 * @param delayP99Millis how late 99 of 100 calls were sent at most
 * @param clientProcessors processors that the client used
 * @param serverProcessors processors that the server used
 * @param threads the most platform threads that the server had
 * @param residentBytes the most memory that the server has had resident since its start
 * @param recoveryMillis from the end of the load to normal service, infinity if it did
 * not come, or {@code NaN} if that was not measured
 * @param stolenSeconds seconds of all processors that other machines had meanwhile
 */
record Offer(int perSecond, double okPerSecond, Map<Status.Code, Long> statuses, double attemptsPerCall,
		double p50Millis, double p99Millis, double delayP99Millis, double clientProcessors, double serverProcessors,
		int threads, long residentBytes, double recoveryMillis, double stolenSeconds) {

	/**
	 * The calls that did not end with OK.
	 */
	long failed() {
		return this.statuses.entrySet()
			.stream()
			.filter((entry) -> entry.getKey() != Status.Code.OK)
			.mapToLong(Map.Entry::getValue)
			.sum();
	}

}
