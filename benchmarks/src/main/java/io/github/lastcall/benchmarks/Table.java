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

package io.github.lastcall.benchmarks;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A table in Markdown.
 */
final class Table {

	private final List<List<String>> rows = new ArrayList<>();

	Table(String... columns) {
		this.rows.add(List.of(columns));
		this.rows.add(Collections.nCopies(columns.length, "---"));
	}

	void row(String... cells) {
		this.rows.add(List.of(cells));
	}

	@Override
	public String toString() {
		return this.rows.stream().map((row) -> "| " + String.join(" | ", row) + " |\n").collect(Collectors.joining());
	}

}
