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
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * async-profiler in the process of a server: it samples stacks and threads that Java's
 * own profilers do not see, such as those of the JIT compiler.
 */
final class Profiler {

	private static final Path LIBRARY = Path.of("benchmarks", "target", "libasyncProfiler.so").toAbsolutePath();

	private static final long ATTACH_MILLIS = 30_000;

	private final Candidate candidate;

	private final Path folder;

	/**
	 * Create a profiler.
	 * @param candidate the server
	 * @param folder where stacks and flame graphs go
	 */
	Profiler(Candidate candidate, Path folder) throws IOException {
		this.candidate = candidate;
		this.folder = Files.createDirectories(folder.toAbsolutePath());
		unpack();
	}

	private static synchronized void unpack() throws IOException {
		String system = System.getProperty("os.name").startsWith("Mac") ? "macos"
				: "linux-" + (System.getProperty("os.arch").equals("aarch64") ? "arm64" : "x64");
		try (InputStream library = Profiler.class.getResourceAsStream("/" + system + "/libasyncProfiler.so")) {
			if (library == null) {
				throw new IllegalStateException("async-profiler has no library for " + system);
			}
			Files.copy(library, LIBRARY, StandardCopyOption.REPLACE_EXISTING);
		}
	}

	/**
	 * The option that lets a JVM be profiled from its start to its exit.
	 */
	String jvmOption(ProfiledEvent event) throws IOException {
		Files.deleteIfExists(stacks(event));
		return "-agentpath:%s=start,%s,file=%s,collapsed".formatted(LIBRARY, event.arguments(), stacks(event));
	}

	void start(ProfiledEvent event, ManagedProcess process) throws IOException, InterruptedException {
		tell(process, "start," + event.arguments());
	}

	Profile stop(ProfiledEvent event, ManagedProcess process) throws IOException, InterruptedException {
		tell(process, "stop");
		tell(process, "dump,flamegraph,file=%s".formatted(file(event, "html")));
		tell(process, "dump,collapsed,file=%s".formatted(stacks(event)));
		return read(event);
	}

	/**
	 * What has been sampled. Until the process has exited, only what it was told to dump.
	 */
	Profile read(ProfiledEvent event) throws IOException {
		return Profile.read(stacks(event));
	}

	private Path stacks(ProfiledEvent event) {
		return file(event, "collapsed");
	}

	private Path file(ProfiledEvent event, String extension) {
		return this.folder.resolve("%s-%s.%s".formatted(this.candidate.name(), event.label(), extension));
	}

	/**
	 * jcmd succeeds when the agent does not, and takes what has an equals sign and no
	 * quotes for an argument of its own.
	 */
	private void tell(ManagedProcess process, String arguments) throws IOException, InterruptedException {
		List<String> command = List.of(this.candidate.javaHome().resolve("bin").resolve("jcmd").toString(),
				String.valueOf(process.pid()), "JVMTI.agent_load", LIBRARY.toString(), '"' + arguments + '"');
		Path log = this.folder.resolve("jcmd.log");
		Files.deleteIfExists(log);
		try (ManagedProcess jcmd = ManagedProcess.start(command, log)) {
			if (!jcmd.awaitExit(ATTACH_MILLIS) || !Files.readString(log).contains("return code: 0")) {
				throw new IllegalStateException("The profiler does not answer, see " + log);
			}
		}
	}

}
