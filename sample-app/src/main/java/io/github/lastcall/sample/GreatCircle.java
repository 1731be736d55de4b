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

/**
 * Distances over the Earth's surface, by the haversine formula on a sphere. The Earth is
 * flattened, so they are off by up to half a percent.
 */
final class GreatCircle {

	/**
	 * The mean radius of the Earth.
	 */
	static final int EARTH_RADIUS_METRES = 6_371_009;

	private GreatCircle() {
	}

	static double metres(Location from, Location to) {
		double sinLatitude = Math.sin((to.latitudeInRadians() - from.latitudeInRadians()) / 2);
		double sinLongitude = Math.sin((to.longitudeInRadians() - from.longitudeInRadians()) / 2);
		double haversine = sinLatitude * sinLatitude
				+ Math.cos(from.latitudeInRadians()) * Math.cos(to.latitudeInRadians()) * sinLongitude * sinLongitude;
		// Rounding can take it past 1 for opposite points, where the arc sine ends.
		return 2 * EARTH_RADIUS_METRES * Math.asin(Math.sqrt(Math.min(1, haversine)));
	}

}
