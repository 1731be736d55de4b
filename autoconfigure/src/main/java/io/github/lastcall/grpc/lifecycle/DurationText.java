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

import java.math.BigDecimal;
import java.time.Duration;

/**
 * Text for durations in logs and statuses.
 *
 * @hidden
 */
public final class DurationText {

	private DurationText() {
	}

	/**
	 * Formats a duration exactly, to the millisecond.
	 * @return the text, such as {@code 0s}, {@code 150ms} or {@code 1.5s}
	 */
	public static String of(Duration duration) {
		long millis = duration.toMillis();
		return (millis > 0 && millis < 1000) ? millis + "ms"
				: BigDecimal.valueOf(millis, 3).stripTrailingZeros().toPlainString() + "s";
	}

	/**
	 * Formats a measured duration: from one second on, rounded to tenths of a second.
	 */
	static String rounded(Duration duration) {
		long millis = duration.toMillis();
		return of(Duration.ofMillis((millis < 1000) ? millis : Math.round(millis / 100.0) * 100));
	}

}
