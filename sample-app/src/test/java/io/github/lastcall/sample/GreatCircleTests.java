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

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

class GreatCircleTests {

	private static final Location PARIS = new Location(488566000, 23522000);

	private static final Location NEW_YORK = new Location(407128000, -740060000);

	@Test
	void aPointIsNowhereFromItself() {
		assertThat(GreatCircle.metres(PARIS, PARIS)).isZero();
	}

	@Test
	void oneDegreeOfTheEquatorIsA360thOfTheCircumference() {
		double circumference = 2 * Math.PI * GreatCircle.EARTH_RADIUS_METRES;
		assertThat(GreatCircle.metres(new Location(0, 0), new Location(0, 10_000_000))).isCloseTo(circumference / 360,
				within(0.001));
	}

	@Test
	void parisIs5837KilometresFromNewYorkBothWays() {
		assertThat(GreatCircle.metres(PARIS, NEW_YORK)).isCloseTo(5_837_250, within(500.0));
		assertThat(GreatCircle.metres(NEW_YORK, PARIS)).isEqualTo(GreatCircle.metres(PARIS, NEW_YORK));
	}

	@Test
	void the180thMeridianIsNoDetour() {
		Location west = new Location(0, 1_799_000_000);
		Location east = new Location(0, -1_799_000_000);
		assertThat(GreatCircle.metres(west, east)).isCloseTo(22_239, within(1.0));
	}

	@Test
	void theOtherSideOfTheEarthIsHalfItsCircumferenceAway() {
		double half = Math.PI * GreatCircle.EARTH_RADIUS_METRES;
		Location antipode = new Location(-488566000, 23522000 - 1_800_000_000);
		assertThat(GreatCircle.metres(PARIS, antipode)).isCloseTo(half, within(1.0));
		assertThat(GreatCircle.metres(new Location(900_000_000, 0), new Location(-900_000_000, 0))).isCloseTo(half,
				within(1.0));
	}

}
