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
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class RouteNotesTests {

	private static final Location HERE = new Location(1, 2);

	private final RouteNotes notes = new RouteNotes();

	@Test
	void whoComesLaterReadsWhatIsThereInOrder() {
		assertThat(this.notes.leave(HERE, "one")).isEmpty();
		assertThat(this.notes.leave(HERE, "two")).containsExactly("one");
		assertThat(this.notes.leave(HERE, "three")).containsExactly("one", "two");
	}

	@Test
	void anotherLocationHasOtherNotes() {
		this.notes.leave(HERE, "one");
		assertThat(this.notes.leave(new Location(2, 1), "two")).isEmpty();
	}

	@Test
	void theOldestNoteOfAFullLocationIsForgotten() {
		for (int i = 0; i < RouteNotes.MAX_MESSAGES_PER_LOCATION; i++) {
			assertThat(this.notes.leave(HERE, "note " + i)).hasSize(i);
		}
		assertThat(this.notes.leave(HERE, "one more")).hasSize(RouteNotes.MAX_MESSAGES_PER_LOCATION)
			.startsWith("note 0");
		assertThat(this.notes.leave(HERE, "and more")).hasSize(RouteNotes.MAX_MESSAGES_PER_LOCATION)
			.startsWith("note 1")
			.endsWith("one more");
	}

	@Test
	void theLocationThatIsQuietLongestIsForgotten() {
		for (int i = 0; i < RouteNotes.MAX_LOCATIONS; i++) {
			this.notes.leave(new Location(i, 0), "first");
		}
		this.notes.leave(new Location(0, 0), "second");
		this.notes.leave(HERE, "one location too many");
		assertThat(this.notes.leave(new Location(0, 0), "third")).containsExactly("first", "second");
		assertThat(this.notes.leave(new Location(1, 0), "second")).isEmpty();
	}

	@Test
	void ofNotesLeftAtTheSameTimeEachSeesADifferentNumberOfEarlierOnes() throws Exception {
		int travellers = 8;
		int locations = RouteNotes.MAX_LOCATIONS;
		CyclicBarrier together = new CyclicBarrier(travellers);
		ExecutorService executor = Executors.newFixedThreadPool(travellers);
		try {
			List<Future<List<Integer>>> trips = new ArrayList<>();
			for (int traveller = 0; traveller < travellers; traveller++) {
				trips.add(executor.submit(() -> {
					List<Integer> earlier = new ArrayList<>();
					for (int i = 0; i < locations; i++) {
						together.await();
						earlier.add(this.notes.leave(new Location(i, 0), "note").size());
					}
					return earlier;
				}));
			}
			List<Set<Integer>> seen = Stream.generate(() -> (Set<Integer>) new TreeSet<Integer>())
				.limit(locations)
				.toList();
			for (Future<List<Integer>> trip : trips) {
				for (int i = 0; i < locations; i++) {
					seen.get(i).add(trip.get().get(i));
				}
			}
			assertThat(seen).allSatisfy((counts) -> assertThat(counts).containsExactly(0, 1, 2, 3, 4, 5, 6, 7));
		}
		finally {
			executor.shutdownNow();
		}
	}

}
