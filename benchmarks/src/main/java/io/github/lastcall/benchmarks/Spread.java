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

import java.util.Collection;
import java.util.List;
import java.util.Locale;

/**
 * The median of some values, and their range.
 *
 * @param median the median
 * @param min the least
 * @param max the greatest
 */
record Spread(double median, double min, double max) {

	static Spread of(Collection<? extends Number> values) {
		List<Double> sorted = values.stream().map(Number::doubleValue).sorted().toList();
		if (sorted.isEmpty()) {
			throw new IllegalArgumentException("There is no median of nothing");
		}
		int middle = sorted.size() / 2;
		double median = (sorted.size() % 2 == 1) ? sorted.get(middle)
				: (sorted.get(middle - 1) + sorted.get(middle)) / 2;
		return new Spread(median, sorted.get(0), sorted.get(sorted.size() - 1));
	}

	/**
	 * The median and, in brackets, the range, if there is one.
	 * @param format of each number, such as {@code %.1f}
	 */
	String text(String format) {
		if (Double.isNaN(this.median)) {
			return "-";
		}
		return (this.min == this.max) ? median(format) : String.format(Locale.ROOT,
				format + " (" + format + ".." + format + ")", this.median, this.min, this.max);
	}

	String median(String format) {
		return String.format(Locale.ROOT, format, this.median);
	}

}
