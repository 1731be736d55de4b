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
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The folder that the results of a benchmark go to.
 */
final class Results {

	private final String name;

	private final Path folder;

	/**
	 * Create the folder.
	 * @param name the benchmark, and the name of its files
	 * @param options may name another folder than the one of today
	 */
	Results(String name, Options options) throws IOException {
		this.name = name;
		this.folder = Path.of(options.text("out", "benchmarks/results/" + LocalDate.now(ZoneOffset.UTC)));
		Files.createDirectories(this.folder);
	}

	void json(Map<String, ?> result) {
		Map<String, Object> all = new LinkedHashMap<>();
		all.put("environment", Environment.describe());
		all.putAll(result);
		Json.write(this.folder.resolve(this.name + ".json"), all);
	}

	/**
	 * Write, and show.
	 */
	void markdown(String text) throws IOException {
		System.out.println(text);
		Path file = this.folder.resolve(this.name + ".md");
		Files.writeString(file, text);
		System.out.println("written: " + file);
	}

	Path picture(String suffix) {
		return picture(suffix, "png");
	}

	Path picture(String suffix, String format) {
		return this.folder.resolve(this.name + suffix + "." + format);
	}

}
