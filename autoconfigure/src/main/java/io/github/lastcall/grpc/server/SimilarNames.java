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

package io.github.lastcall.grpc.server;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * Names that may have been meant by one that is unknown.
 *
 * @hidden
 */
public final class SimilarNames {

	/**
	 * Maximum share of wrong letters in a name for which another name is suggested.
	 */
	private static final double TYPOS = 0.25;

	private static final int MAX_NAMES = 3;

	private SimilarNames() {
	}

	/**
	 * Finds the names that are most similar to an unknown one.
	 * @param unknown the unknown name
	 * @param known the known names
	 * @return the most similar names, the most similar one first; none if all are too
	 * different
	 */
	public static List<String> of(String unknown, Collection<String> known) {
		return known.stream()
			.filter((name) -> distance(unknown, name) <= Math.max(1, unknown.length() * TYPOS))
			.sorted(Comparator.comparingInt((String name) -> distance(unknown, name))
				.thenComparing(Comparator.naturalOrder()))
			.limit(MAX_NAMES)
			.toList();
	}

	/**
	 * Returns the number of letters that are missing, superfluous, wrong or swapped.
	 * @param one a name
	 * @param other another name
	 * @return the number, 0 for equal names
	 */
	public static int distance(String one, String other) {
		int[][] distances = new int[one.length() + 1][other.length() + 1];
		for (int i = 0; i <= one.length(); i++) {
			for (int j = 0; j <= other.length(); j++) {
				distances[i][j] = (i == 0 || j == 0) ? i + j : shortest(distances, one, other, i, j);
			}
		}
		return distances[one.length()][other.length()];
	}

	private static int shortest(int[][] distances, String one, String other, int i, int j) {
		boolean same = one.charAt(i - 1) == other.charAt(j - 1);
		int shortest = Math.min(distances[i - 1][j - 1] + (same ? 0 : 1),
				Math.min(distances[i - 1][j], distances[i][j - 1]) + 1);
		boolean swapped = i > 1 && j > 1 && one.charAt(i - 1) == other.charAt(j - 2)
				&& one.charAt(i - 2) == other.charAt(j - 1);
		return swapped ? Math.min(shortest, distances[i - 2][j - 2] + 1) : shortest;
	}

}
