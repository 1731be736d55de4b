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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * A server that takes part in a comparison.
 *
 * @param name its name in tables and results
 * @param kind what is started
 * @param javaHome what runs it
 * @param jvmOptions options of its JVM besides those that all servers have
 * @param classes classes of Last Call instead of those of this build, or {@code null}
 */
record Candidate(String name, ServerKind kind, Path javaHome, List<String> jvmOptions, @Nullable Path classes) {

	Candidate(String name, ServerKind kind, Path javaHome) {
		this(name, kind, javaHome, List.of(), null);
	}

	/**
	 * The server that a text describes: {@code KIND}, {@code KIND@JDK}, and settings
	 * behind it: {@code +PROPERTY=VALUE}, {@code +-JVMOPTION}, {@code +/CLASSES} with the
	 * classes of another build of Last Call. {@code NAME=} before it names it in tables.
	 */
	static Candidate of(String text, Jdks jdks) {
		// A plus sign behind a colon is that of a JVM option.
		List<String> parts = List.of(text.split("(?<!:)\\+"));
		int equals = parts.get(0).indexOf('=');
		String name = (equals < 0) ? text : text.substring(0, equals);
		String server = parts.get(0).substring(equals + 1);
		int at = server.indexOf('@');
		ServerKind kind = ServerKind.named((at < 0) ? server : server.substring(0, at));
		List<String> jvmOptions = new ArrayList<>();
		Path classes = null;
		for (String setting : parts.subList(1, parts.size())) {
			if (setting.startsWith("-")) {
				jvmOptions.add(setting);
			}
			else if (setting.startsWith("/")) {
				classes = Path.of(setting);
			}
			else {
				kind = kind.with("--" + setting);
			}
		}
		return new Candidate(name, kind, (at < 0) ? Jdks.own() : jdks.home(server.substring(at + 1)), jvmOptions,
				classes);
	}

	static List<Candidate> of(List<String> texts, Jdks jdks) {
		return texts.stream().map((text) -> of(text, jdks)).toList();
	}

	Candidate with(String... arguments) {
		return with(this.kind.with(arguments));
	}

	/**
	 * The same with a maximum of threads.
	 */
	Candidate withThreads(int threads) {
		return with(this.kind.withThreads(threads));
	}

	private Candidate with(ServerKind kind) {
		return new Candidate(this.name, kind, this.javaHome, this.jvmOptions, this.classes);
	}

	String classPath() throws IOException {
		return this.kind.classPath(this.classes);
	}

}
