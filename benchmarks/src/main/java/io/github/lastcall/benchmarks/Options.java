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

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Options of the form {@code --name value}.
 */
final class Options {

	private final Map<String, String> values = new HashMap<>();

	Options(List<String> args) {
		for (int i = 0; i < args.size(); i += 2) {
			if (!args.get(i).startsWith("--") || i + 1 == args.size()) {
				throw new IllegalArgumentException("Not an option with a value: " + args.get(i));
			}
			this.values.put(args.get(i).substring(2), args.get(i + 1));
		}
	}

	String text(String name, String defaultValue) {
		return this.values.getOrDefault(name, defaultValue);
	}

	int number(String name, int defaultValue) {
		return Integer.parseInt(text(name, String.valueOf(defaultValue)));
	}

	double decimal(String name, double defaultValue) {
		return Double.parseDouble(text(name, String.valueOf(defaultValue)));
	}

	List<Integer> numbers(String name, String defaultValue) {
		return list(name, defaultValue).stream().map(Integer::valueOf).toList();
	}

	List<String> list(String name, String defaultValue) {
		return List.of(text(name, defaultValue).split(","));
	}

}
