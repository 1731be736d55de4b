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

package io.github.lastcall.sample;

import io.github.lastcall.sample.routeguide.Point;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

class LocationTests {

	@ParameterizedTest
	@CsvSource({ "0, 0", "900000000, 1800000000", "-900000000, -1800000000" })
	void everyPointOnEarthIsALocation(int latitude, int longitude) {
		Location location = Location.of(point(latitude, longitude));
		assertThat(location).isEqualTo(new Location(latitude, longitude));
		assertThat(location.toPoint()).isEqualTo(point(latitude, longitude));
	}

	private static Point point(int latitude, int longitude) {
		return Point.newBuilder().setLatitude(latitude).setLongitude(longitude).build();
	}

}
