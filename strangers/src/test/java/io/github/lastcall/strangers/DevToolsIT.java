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

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.strangers.greeter.Greeting;
import io.github.lastcall.strangers.greeter.GreeterGrpc;
import io.github.lastcall.strangers.greeter.Guest;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An application that runs from its classes, as in an IDE, and is restarted by DevTools.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class DevToolsIT {

	private static final String APPLICATION = "reactor";

	@Test
	void aRestartDoesNotWaitForAnOpenStreamUnlessTheApplicationSaysSo(@TempDir Path directory) throws Exception {
		Path classes = directory.resolve("classes");
		try (Stranger stranger = start(classes)) {
			Received<Greeting> greetings = new Received<>();
			StreamObserver<Guest> guests = GreeterGrpc.newStub(stranger.channel()).greetAll(greetings);
			guests.onNext(Stranger.guest("Ada"));
			assertThat(greetings.next().getText()).isEqualTo("Hello Ada");
			Files.writeString(classes.resolve("application.yml"), "      grace-period: 7s", StandardOpenOption.APPEND);
			assertThat(greetings.end().status()).isEqualTo(Status.Code.UNAVAILABLE);
			stranger.awaitLog("grace period 7s");
			assertThat(stranger.log()).contains("calls in flight have 0s", "DRAINING -> FORCING");
		}
	}

	private static Stranger start(Path classes) throws IOException {
		FileSystemUtils.copyRecursively(Path.of(APPLICATION, "target", "classes"), classes);
		String classPath = classes + File.pathSeparator
				+ Files.readString(Path.of(APPLICATION, "target", "classpath.txt"));
		return Stranger.start(List.of("-cp", classPath, "io.github.lastcall.strangers.reactor.GreeterApplication"),
				"--spring.devtools.livereload.enabled=false", "--spring.devtools.restart.poll-interval=100ms",
				"--spring.devtools.restart.quiet-period=50ms");
	}

}
