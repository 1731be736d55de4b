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

/**
 * What a server achieves in a closed loop, with a client beside it on the same
 * processors.
 *
 * @param perSecond answers with OK per second
 * @param clientProcessors processors that the client used
 */
record Capacity(double perSecond, double clientProcessors) {

	/**
	 * The mean of two, because the speed of a machine changes.
	 */
	Capacity mean(Capacity other) {
		return new Capacity((this.perSecond + other.perSecond) / 2,
				(this.clientProcessors + other.clientProcessors) / 2);
	}

}
