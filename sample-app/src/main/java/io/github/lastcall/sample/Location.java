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
 * A place on Earth, in E7: degrees times 10,000,000. Unlike the {@link Point} that a
 * client sends, it is always valid.
 *
 * @param latitude within 90 degrees north and south
 * @param longitude within 180 degrees east and west
 */
record Location(int latitude, int longitude) {

	private static final int MAX_LATITUDE = 900_000_000;

	private static final int MAX_LONGITUDE = 1_800_000_000;

	/**
	 * The location of a point that is the whole request.
	 * @param point what the client sent
	 * @return the location
	 * @throws InvalidRequestException if there is no such place
	 */
	static Location of(Point point) {
		return of("", point);
	}

	/**
	 * The location of a point in one field of a request.
	 * @param present whether the client has set the field
	 * @param field the name of the field
	 * @param point what the client sent
	 * @return the location
	 * @throws InvalidRequestException if it is missing or there is no such place
	 */
	static Location of(boolean present, String field, Point point) {
		if (!present) {
			throw new InvalidRequestException("%s must be set".formatted(field));
		}
		return of(field + ".", point);
	}

	private static Location of(String prefix, Point point) {
		check(prefix + "latitude", point.getLatitude(), MAX_LATITUDE);
		check(prefix + "longitude", point.getLongitude(), MAX_LONGITUDE);
		return new Location(point.getLatitude(), point.getLongitude());
	}

	private static void check(String field, int value, int max) {
		if (value < -max || value > max) {
			throw new InvalidRequestException("%s must be between %d and %d (degrees times 10000000), but was %d"
				.formatted(field, -max, max, value));
		}
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
