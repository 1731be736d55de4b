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
import java.util.List;

/**
 * A server that takes part in a comparison.
 *
 * @param name its kind, and the JDK if it is not the one of this process:
 * {@code lastcall-virtual@25}
 * @param kind what is started
 * @param javaHome what runs it
 */
record Candidate(String name, ServerKind kind, Path javaHome) {

	static Candidate of(String name, Jdks jdks) {
		int at = name.indexOf('@');
		return (at < 0) ? new Candidate(name, ServerKind.named(name), Jdks.own())
				: new Candidate(name, ServerKind.named(name.substring(0, at)), jdks.home(name.substring(at + 1)));
	}

	static List<Candidate> of(List<String> names, Jdks jdks) {
		return names.stream().map((name) -> of(name, jdks)).toList();
	}

	Candidate with(String... arguments) {
		return new Candidate(this.name, this.kind.with(arguments), this.javaHome);
	}

}
