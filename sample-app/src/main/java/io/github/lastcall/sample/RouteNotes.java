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

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.springframework.stereotype.Component;

/**
 * The messages that travellers left, by location; safe for any number of threads. What it
 * keeps is limited, and the oldest goes first: at each location the 50 newest messages of
 * at most 500 characters, and the 1000 locations where somebody wrote last. That is some
 * 50 MB at the very worst. Each replica has its own, and forgets them at a restart.
 */
@Component
final class RouteNotes {

	static final int MAX_LOCATIONS = 1000;

	static final int MAX_MESSAGES_PER_LOCATION = 50;

	private final Map<Location, Deque<String>> messages = new LeastRecentlyUsed<>(MAX_LOCATIONS);

	/**
	 * Leave a message at a location.
	 * @param location where
	 * @param message what
	 * @return the messages that were there before, oldest first
	 */
	List<String> leave(Location location, String message) {
		// One step, so that of two notes left at the same time one sees the other.
		synchronized (this.messages) {
			Deque<String> here = this.messages.computeIfAbsent(location, (key) -> new ArrayDeque<>());
			List<String> earlier = List.copyOf(here);
			if (here.size() == MAX_MESSAGES_PER_LOCATION) {
				here.removeFirst();
			}
			here.addLast(message);
			return earlier;
		}
	}

	private static final class LeastRecentlyUsed<K, V> extends LinkedHashMap<K, V> {

		private final int capacity;

		LeastRecentlyUsed(int capacity) {
			super(16, 0.75f, true);
			this.capacity = capacity;
		}

		@Override
		protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
			return size() > this.capacity;
		}

	}

}
