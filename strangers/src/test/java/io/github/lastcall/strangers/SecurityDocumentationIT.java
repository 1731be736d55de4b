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
package io.github.lastcall.strangers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The configurations of {@code docs/security.md} are those of applications that other
 * tests here run. The section of rules shows many at once, which no application has.
 */
class SecurityDocumentationIT {

	private static final Pattern BLOCK = Pattern.compile("```(xml|yaml|java)\n(.*?)```", Pattern.DOTALL);

	private static final List<String> FOLDERS = List.of("secured-jwt", "secured-certificates", "secured-both",
			"kotlin");

	@Test
	void theConfigurationsOfTheDocumentationAreCompiledAndRun() throws IOException {
		List<String> sources;
		try (Stream<Path> files = FOLDERS.stream().flatMap(SecurityDocumentationIT::files)) {
			sources = files.map(SecurityDocumentationIT::content).toList();
		}
		String guide = Files.readString(Path.of("../docs/security.md"));
		List<String> blocks = BLOCK.matcher(guide.replaceFirst("(?s)## Rules\n.*\n## Who calls", ""))
			.results()
			.map((block) -> withoutSpace(block.group(2)))
			.toList();
		assertThat(blocks).hasSizeGreaterThan(9)
			.allMatch((block) -> sources.stream().anyMatch((source) -> source.contains(block)));
	}

	private static Stream<Path> files(String folder) {
		try {
			return Files.walk(Path.of(folder))
				.filter((file) -> !file.toString().contains("/target/"))
				.filter((file) -> file.toString().matches(".*/(pom\\.xml|application\\.yml|[^/]*\\.java)"));
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static String content(Path file) {
		try {
			return withoutSpace(Files.readString(file));
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static String withoutSpace(String text) {
		return text.replaceAll("\\s+", "");
	}

}
