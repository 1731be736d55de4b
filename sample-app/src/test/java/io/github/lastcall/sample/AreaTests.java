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
import io.github.lastcall.sample.routeguide.Rectangle;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class AreaTests {

	@Test
	void oppositeCornersComeInAnyOrder() {
		Area area = new Area(-10, -20, 30, 40);
		assertThat(Area.of(rectangle(point(-10, -20), point(30, 40)))).isEqualTo(area);
		assertThat(Area.of(rectangle(point(30, 40), point(-10, -20)))).isEqualTo(area);
		assertThat(Area.of(rectangle(point(30, -20), point(-10, 40)))).isEqualTo(area);
		assertThat(Area.of(rectangle(point(-10, 40), point(30, -20)))).isEqualTo(area);
	}

	private static Rectangle rectangle(Point lo, Point hi) {
		return Rectangle.newBuilder().setLo(lo).setHi(hi).build();
	}

	private static Point point(int latitude, int longitude) {
		return Point.newBuilder().setLatitude(latitude).setLongitude(longitude).build();
	}

}
