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

import java.util.List;

/**
 * Something that there can be more and more of, and what a server does then.
 *
 * @param name its name in options and results
 * @param axis what grows, for people
 * @param measurement measures all sizes
 */
record Growth(String name, String axis, Measurement measurement) {

	/**
	 * Measures all sizes.
	 */
	@FunctionalInterface
	interface Measurement {

		List<Point> measure() throws Exception;

	}

	/**
	 * What has been measured at one size.
	 *
	 * @param size how many there were
	 * @param metric what has been measured, with its unit
	 * @param server whose it is
	 * @param values the median and the range
	 */
	record Point(int size, String metric, String server, Spread values) {

	}

}
