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
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The ways in which Spring Boot packages an application.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class PackagingIT {

	private static final String APPLICATION = "boot-4.1.2";

	@Test
	void anExtractedJarServes(@TempDir Path directory) throws Exception {
		extract(directory);
		servesAndStops(List.of("-jar", directory.resolve("application.jar").toString()));
	}

	@Test
	void theLayersOfAJarServeWhereAnImageMergesThem(@TempDir Path directory) throws Exception {
		extract(directory.resolve("layers"), "--layers", "--launcher");
		Path image = directory.resolve("image");
		for (String layer : List.of("dependencies", "spring-boot-loader", "snapshot-dependencies", "application")) {
			copy(directory.resolve("layers").resolve(layer), image);
		}
		servesAndStops(List.of("-cp", image.toString(), "org.springframework.boot.loader.launch.JarLauncher"));
	}

	@Test
	void anApplicationThatWasProcessedAheadOfTimeServes() throws Exception {
		String log = servesAndStops(List.of("-Dspring.aot.enabled=true", "-jar", Stranger.jar(APPLICATION).toString()));
		assertThat(log).contains("Starting AOT-processed GreeterApplication");
	}

	private static String servesAndStops(List<String> java) throws Exception {
		try (Stranger stranger = Stranger.start(java)) {
			assertThat(Stranger.greet(stranger.channel(), "Ada")).isEqualTo("Hello Ada, guest number 1");
			stranger.signal("TERM");
			stranger.awaitExit();
			assertThat(stranger.log()).contains("DRAINING -> STOPPED").doesNotContain("Exception");
			return stranger.log();
		}
	}

	private static void extract(Path directory, String... options) throws IOException, InterruptedException {
		List<String> command = Stream
			.concat(Stream.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Djarmode=tools",
					"-jar", Stranger.jar(APPLICATION).toString(), "extract", "--destination", directory.toString()),
					Stream.of(options))
			.toList();
		Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		assertThat(process.waitFor()).as(output).isZero();
	}

	private static void copy(Path source, Path target) throws IOException {
		if (!Files.exists(source)) {
			return;
		}
		try (Stream<Path> files = Files.walk(source)) {
			for (Path file : files.toList()) {
				Path copy = target.resolve(source.relativize(file).toString());
				if (Files.isDirectory(file)) {
					Files.createDirectories(copy);
				}
				else {
					Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
				}
			}
		}
	}

}
