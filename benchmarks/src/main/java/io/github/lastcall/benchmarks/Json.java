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

import java.nio.file.Path;

import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes results, and talks to processes.
 */
final class Json {

	private static final JsonMapper MAPPER = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

	private static final JsonMapper LINES = JsonMapper.builder().build();

	private Json() {
	}

	/**
	 * A JSON object in a line of its own.
	 */
	static String line(Object value) {
		return LINES.writeValueAsString(value) + "\n";
	}

	static <T> T read(String line, Class<T> type) {
		return LINES.readValue(line, type);
	}

	static void write(Path file, Object result) {
		MAPPER.writeValue(file, result);
		System.out.println("written: " + file);
	}

}
