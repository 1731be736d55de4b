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

/**
 * A place on Earth, in E7: degrees times 10,000,000. The rules of {@link Point} have been
 * checked before a handler sees it.
 *
 * @param latitude within 90 degrees north and south
 * @param longitude within 180 degrees east and west
 */
record Location(int latitude, int longitude) {

	/**
	 * The location of a point in a request.
	 * @param point what the client sent
	 * @return the location
	 */
	static Location of(Point point) {
		return new Location(point.getLatitude(), point.getLongitude());
	}

	Point toPoint() {
		return Point.newBuilder().setLatitude(this.latitude).setLongitude(this.longitude).build();
	}

	double latitudeInRadians() {
		return Math.toRadians(this.latitude / 1e7);
	}

	double longitudeInRadians() {
		return Math.toRadians(this.longitude / 1e7);
	}

}
