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

package io.github.lastcall.grpc.test;

import io.github.lastcall.sample.routeguide.Point;

/**
 * Points of the tests.
 */
final class Points {

	static final Point OSLO = at(599139000);

	static final Point NOWHERE = at(1);

	static final Point NOT_ON_EARTH = at(900_000_001);

	private Points() {
	}

	private static Point at(int latitude) {
		return Point.newBuilder().setLatitude(latitude).build();
	}

}
