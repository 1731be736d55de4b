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

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

import io.github.lastcall.sample.routeguide.Feature;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * What the repository promises on every database, with the places that the application
 * brings along.
 */
abstract class AbstractFeatureRepositoryTests {

	private static final Area WORLD = new Area(-900_000_000, -1_800_000_000, 900_000_000, 1_800_000_000);

	private final FeatureRepository repository = context().getBean(FeatureRepository.class);

	abstract ConfigurableApplicationContext context();

	/**
	 * Start the part of the application again, on the same database.
	 */
	abstract ConfigurableApplicationContext startAgain();

	@Test
	void thereAreManyPlacesAndNoneTwice() {
		List<Feature> features = this.repository.findWithin(WORLD, null, Integer.MAX_VALUE);
		assertThat(features).hasSizeGreaterThanOrEqualTo(150);
		assertThat(features).extracting(Feature::getName).doesNotHaveDuplicates().allMatch((name) -> !name.isBlank());
		assertThat(features).extracting(Feature::getLocation).doesNotHaveDuplicates();
	}

	@Test
	void placesAreInEveryQuarterOfTheWorldAndValid() {
		List<Location> locations = this.repository.findWithin(WORLD, null, Integer.MAX_VALUE)
			.stream()
			.map((feature) -> Location.of(feature.getLocation()))
			.toList();
		assertThat(locations).filteredOn((location) -> location.latitude() > 0 && location.longitude() > 0)
			.hasSizeGreaterThan(20);
		assertThat(locations).filteredOn((location) -> location.latitude() > 0 && location.longitude() < 0)
			.hasSizeGreaterThan(20);
		assertThat(locations).filteredOn((location) -> location.latitude() < 0 && location.longitude() > 0)
			.hasSizeGreaterThan(20);
		assertThat(locations).filteredOn((location) -> location.latitude() < 0 && location.longitude() < 0)
			.hasSizeGreaterThan(20);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			Paris, France | 48.86 | 2.35
			Reykjavik, Iceland | 64.15 | -21.94
			Tokyo, Japan | 35.69 | 139.69
			Nairobi, Kenya | -1.29 | 36.82
			Mount Kenya, Kenya | -0.15 | 37.31
			Cape Town, South Africa | -33.92 | 18.42
			Washington, D.C., United States | 38.91 | -77.04
			São Paulo, Brazil | -23.55 | -46.63
			Sydney Opera House, Australia | -33.86 | 151.22
			Mount Everest, Nepal and China | 27.99 | 86.93
			Nukuʻalofa, Tonga | -21.14 | -175.20
			Geographic South Pole, Antarctica | -90 | 0
			""")
	void aWellKnownPlaceIsWhereItShouldBe(String name, double latitude, double longitude) {
		assertThat(this.repository.findWithin(WORLD, null, Integer.MAX_VALUE))
			.filteredOn((feature) -> feature.getName().equals(name))
			.singleElement()
			.satisfies((feature) -> {
				assertThat(feature.getLocation().getLatitude() / 1e7).isCloseTo(latitude, within(0.01));
				assertThat(feature.getLocation().getLongitude() / 1e7).isCloseTo(longitude, within(0.01));
			});
	}

	@Test
	void oneFeatureIsFoundByItsExactLocation() {
		assertThat(this.repository.findAt(new Location(488584000, 22945000))).get()
			.extracting(Feature::getName)
			.isEqualTo("Eiffel Tower, France");
		assertThat(this.repository.findAt(new Location(488584000, 22945001))).isEmpty();
		assertThat(this.repository.findAt(new Location(0, 0))).isEmpty();
	}

	@Test
	void anAreaIncludesItsBorders() {
		Area point = new Area(488584000, 22945000, 488584000, 22945000);
		assertThat(this.repository.findWithin(point, null, 10)).extracting(Feature::getName)
			.containsExactly("Eiffel Tower, France");
	}

	@Test
	void anAreaExcludesWhatIsAroundIt() {
		Area iceland = new Area(630_000_000, -250_000_000, 670_000_000, -130_000_000);
		assertThat(this.repository.findWithin(iceland, null, 10)).extracting(Feature::getName)
			.containsExactly("Reykjavik, Iceland");
	}

	@ParameterizedTest
	@CsvSource({ "1", "7", "100", "1000" })
	void pagesOfAnySizeAddUpToEverythingInOrder(int size) {
		List<Feature> all = new ArrayList<>();
		Location last = null;
		List<Feature> page = page(last, size);
		while (!page.isEmpty()) {
			assertThat(page).hasSizeLessThanOrEqualTo(size);
			all.addAll(page);
			last = Location.of(page.get(page.size() - 1).getLocation());
			page = page(last, size);
		}
		assertThat(all).isEqualTo(this.repository.findWithin(WORLD, null, Integer.MAX_VALUE));
		assertThat(all)
			.isSortedAccordingTo(Comparator.comparingInt((Feature feature) -> feature.getLocation().getLatitude())
				.thenComparingInt((feature) -> feature.getLocation().getLongitude()));
	}

	private List<Feature> page(@Nullable Location after, int size) {
		return this.repository.findWithin(WORLD, after, size);
	}

	@Test
	void aPageCanEndBetweenTwoFeaturesOfTheSameLatitude() {
		JdbcClient jdbc = context().getBean(JdbcClient.class);
		jdbc.sql("INSERT INTO feature (name, latitude, longitude) VALUES ('West', 17, 1), ('East', 17, 2)").update();
		try {
			assertThat(this.repository.findWithin(WORLD, new Location(17, 1), 1)).extracting(Feature::getName)
				.containsExactly("East");
		}
		finally {
			jdbc.sql("DELETE FROM feature WHERE latitude = 17").update();
		}
	}

	@Test
	void aSecondStartKeepsWhatIsThere() {
		JdbcClient jdbc = context().getBean(JdbcClient.class);
		List<Feature> before = this.repository.findWithin(WORLD, null, Integer.MAX_VALUE);
		jdbc.sql("UPDATE feature SET name = 'Tour Eiffel' WHERE latitude = 488584000").update();
		try (ConfigurableApplicationContext again = startAgain()) {
			FeatureRepository other = again.getBean(FeatureRepository.class);
			assertThat(other.findWithin(WORLD, null, Integer.MAX_VALUE)).hasSameSizeAs(before);
			assertThat(other.findAt(new Location(488584000, 22945000))).get()
				.extracting(Feature::getName)
				.isEqualTo("Tour Eiffel");
		}
		finally {
			jdbc.sql("UPDATE feature SET name = 'Eiffel Tower, France' WHERE latitude = 488584000").update();
		}
	}

}
