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

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

import io.github.lastcall.sample.routeguide.Feature;
import org.jspecify.annotations.Nullable;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/**
 * The features in the database.
 */
@Repository
class FeatureRepository {

	private static final String AT = """
			SELECT name, latitude, longitude FROM feature
			WHERE latitude = :latitude AND longitude = :longitude
			""";

	private static final String WITHIN = """
			SELECT name, latitude, longitude FROM feature
			WHERE latitude BETWEEN :south AND :north AND longitude BETWEEN :west AND :east
			AND (latitude, longitude) > (:afterLatitude, :afterLongitude)
			ORDER BY latitude, longitude
			LIMIT :limit
			""";

	private final JdbcClient jdbc;

	FeatureRepository(JdbcClient jdbc) {
		this.jdbc = jdbc;
	}

	Optional<Feature> findAt(Location location) {
		return this.jdbc.sql(AT)
			.param("latitude", location.latitude())
			.param("longitude", location.longitude())
			.query(FeatureRepository::toFeature)
			.optional();
	}

	/**
	 * Find one page of the features in an area, from south to north and from west to
	 * east. The page begins after a location and not at an offset: the database does not
	 * count its way there again, and rows that come and go shift nothing.
	 * @param area where to look
	 * @param after the location of the last feature of the page before, or {@code null}
	 * for the first page
	 * @param limit the size of the page
	 * @return the page, empty if nothing follows
	 */
	List<Feature> findWithin(Area area, @Nullable Location after, int limit) {
		return this.jdbc.sql(WITHIN)
			.param("south", area.south())
			.param("north", area.north())
			.param("west", area.west())
			.param("east", area.east())
			.param("afterLatitude", (after != null) ? after.latitude() : Integer.MIN_VALUE)
			.param("afterLongitude", (after != null) ? after.longitude() : Integer.MIN_VALUE)
			.param("limit", limit)
			.query(FeatureRepository::toFeature)
			.list();
	}

	private static Feature toFeature(ResultSet row, int number) throws SQLException {
		Location location = new Location(row.getInt("latitude"), row.getInt("longitude"));
		return Feature.newBuilder().setName(row.getString("name")).setLocation(location.toPoint()).build();
	}

}
