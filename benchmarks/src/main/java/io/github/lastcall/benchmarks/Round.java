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

/**
 * What one round has shown of a server under a load.
 *
 * @param callsPerSecond calls that ended with OK; when none has, what is counted by call
 * is {@code NaN}
 * @param cpuMicrosPerCall microseconds of the server's processor time
 * @param p50Millis the median latency, at the client
 * @param p99Millis the latency that 1 of 100 calls exceeds
 * @param p999Millis the latency that 1 of 1000 calls exceeds
 * @param allocatedBytesPerCall bytes of heap that the server allocated
 * @param peakHeapBytes the most that the server's heap held, garbage included
 * @param peakThreads the most platform threads that the server had
 * @param failures how many calls failed, by reason
 */
record Round(double callsPerSecond, double cpuMicrosPerCall, double p50Millis, double p99Millis, double p999Millis,
		double allocatedBytesPerCall, long peakHeapBytes, int peakThreads, Map<String, Long> failures) {

	long failed() {
		return this.failures.values().stream().mapToLong(Long::longValue).sum();
	}

}
