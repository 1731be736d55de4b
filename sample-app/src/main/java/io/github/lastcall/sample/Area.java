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

import io.github.lastcall.sample.routeguide.Rectangle;

/**
 * Everything between two parallels and two meridians, borders included, in E7. It never
 * crosses the 180th meridian: corners on both sides of it span the other way round the
 * Earth.
 *
 * @param south the lowest latitude
 * @param west the lowest longitude
 * @param north the highest latitude
 * @param east the highest longitude
 */
record Area(int south, int west, int north, int east) {

	/**
	 * The area of a rectangle, whose opposite corners come in any order.
	 * @param rectangle what the client sent
	 * @return the area
	 */
	static Area of(Rectangle rectangle) {
		Location lo = Location.of(rectangle.getLo());
		Location hi = Location.of(rectangle.getHi());
		return new Area(Math.min(lo.latitude(), hi.latitude()), Math.min(lo.longitude(), hi.longitude()),
				Math.max(lo.latitude(), hi.latitude()), Math.max(lo.longitude(), hi.longitude()));
	}

}
