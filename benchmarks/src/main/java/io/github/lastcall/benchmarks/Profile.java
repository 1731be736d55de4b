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

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Sampled stacks, each a thread and its frames from the outermost to the innermost.
 */
final class Profile {

	private final Map<String, Double> stacks;

	private Profile(Map<String, Double> stacks) {
		this.stacks = Map.copyOf(stacks);
	}

	static Profile read(Path collapsed) throws IOException {
		Map<String, Double> stacks = new HashMap<>();
		try (Stream<String> lines = Files.lines(collapsed)) {
			lines.forEach((line) -> {
				int space = line.lastIndexOf(' ');
				stacks.merge(line.substring(0, space), Double.valueOf(line.substring(space + 1)), Double::sum);
			});
		}
		return new Profile(stacks);
	}

	double samples() {
		return this.stacks.values().stream().mapToDouble(Double::doubleValue).sum();
	}

	/**
	 * How many samples belong to what.
	 * @param owner tells what a stack belongs to
	 */
	Map<String, Double> by(Function<String[], String> owner) {
		Map<String, Double> owners = new HashMap<>();
		this.stacks.forEach((stack, samples) -> owners.merge(owner.apply(stack.split(";")), samples, Double::sum));
		return owners;
	}

}
