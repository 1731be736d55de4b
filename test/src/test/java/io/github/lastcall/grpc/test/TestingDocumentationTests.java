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

package io.github.lastcall.grpc.test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The Java code of {@code docs/testing.md} is that of tests.
 */
class TestingDocumentationTests {

	private static final Pattern JAVA = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

	private static final Path SOURCES = Path.of("src/test/java/io/github/lastcall/grpc/test/app");

	@Test
	void theCodeOfTheDocumentationIsCompiledAndRun() throws IOException {
		List<String> sources;
		try (Stream<Path> files = Files.list(SOURCES)) {
			sources = files.map(TestingDocumentationTests::code).toList();
		}
		List<String> blocks = JAVA.matcher(Files.readString(Path.of("../docs/testing.md")))
			.results()
			.map((block) -> withoutSpace(block.group(1)))
			.toList();
		assertThat(blocks).hasSizeGreaterThan(5)
			.allSatisfy((block) -> assertThat(sources).anySatisfy((source) -> assertThat(source).contains(block)));
	}

	private static String code(Path file) {
		try {
			return withoutSpace(Files.readString(file));
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static String withoutSpace(String code) {
		return code.replaceAll("\\s+", "");
	}

}
