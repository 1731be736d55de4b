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

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

import io.github.lastcall.sample.process.ApplicationProcess;
import io.github.lastcall.sample.process.Tools;

/**
 * The packaged sample as Spring Boot advises to deploy it: extracted, with an archive of
 * its classes. The tests start it dozens of times, and so each start takes less than half
 * of the processor time of the jar as it is.
 */
final class PackagedSample {

	private static final Path JAR = Path.of("target", "sample-app.jar");

	private static final Path DIRECTORY = Path.of("target", "extracted");

	private static final Path EXTRACTED = DIRECTORY.resolve(JAR.getFileName());

	private static final Path ARCHIVE = DIRECTORY.resolve("classes.jsa");

	private PackagedSample() {
	}

	/**
	 * What {@code java} is told to run the sample.
	 * @return options and the jar
	 */
	static List<String> arguments() {
		if (!Files.exists(JAR)) {
			throw new IllegalStateException(JAR + " is missing: run the tests by ./mvnw verify");
		}
		prepare();
		return List.of("-XX:SharedArchiveFile=" + ARCHIVE, "-jar", EXTRACTED.toString());
	}

	/**
	 * Several processes run tests at the same time, and one of them prepares it.
	 */
	private static synchronized void prepare() {
		try (FileChannel channel = FileChannel.open(Path.of("target", "extracted.lock"), StandardOpenOption.CREATE,
				StandardOpenOption.WRITE); FileLock lock = channel.lock()) {
			if (!Files.exists(ARCHIVE)
					|| Files.getLastModifiedTime(ARCHIVE).compareTo(Files.getLastModifiedTime(JAR)) < 0) {
				Tools.run(ApplicationProcess.JAVA, "-Djarmode=tools", "-jar", JAR.toString(), "extract", "--force",
						"--destination", DIRECTORY.toString());
				archiveClasses();
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * The archive is written when the process ends, and has what it has loaded by then.
	 */
	private static void archiveClasses() {
		try (SampleProcess sample = new SampleProcess(List.of("-XX:ArchiveClassesAtExit=" + ARCHIVE, "-jar",
				EXTRACTED.toString(), "--server.port=0", "--grpc.server.port=0"))) {
			sample.awaitServing();
			sample.signal("TERM");
			sample.awaitExit();
		}
		catch (Exception ex) {
			throw new IllegalStateException("The classes of the sample cannot be archived", ex);
		}
	}

}
