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
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.sample.process.Tools;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The packaged sample with {@code --spring.profiles.active=secured}, and what {@code buf}
 * sees of it.
 */
@Tag("full")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class SecuredIT {

	private static Path directory;

	private static SampleProcess sample;

	@BeforeAll
	static void start(@TempDir Path parent) throws Exception {
		directory = parent.resolve("tokens");
		sample = SampleProcess.start("--spring.profiles.active=secured", "--tokens.directory=" + directory);
	}

	@AfterAll
	static void stop() {
		sample.close();
	}

	@Test
	void aCallWithoutATokenIsRefused() {
		assertThat(getFeature(null)).contains("\"unauthenticated\"");
	}

	@Test
	void aGuestReadsAndDoesNotWrite() throws Exception {
		assertThat(getFeature("guest")).contains("London, United Kingdom");
		assertThat(recordRoute("guest")).contains("\"permission_denied\"");
	}

	@Test
	void aDriverReadsAndWrites() throws Exception {
		assertThat(getFeature("driver")).contains("London, United Kingdom");
		assertThat(recordRoute("driver")).contains("\"pointCount\": 1");
	}

	@Test
	void probesByHttpNeedNoTokenAndOperatorsDo() throws Exception {
		assertThat(sample.httpStatus("/actuator/health")).isEqualTo(200);
		assertThat(sample.httpStatus("/actuator/health/readiness")).isEqualTo(200);
		assertThat(sample.httpStatus("/actuator/grpc")).isEqualTo(401);
		assertThat(httpStatus("guest")).isEqualTo(403);
		assertThat(httpStatus("driver")).isEqualTo(200);
	}

	@Test
	void theLogSaysThatTheTokensAreADemonstration() throws Exception {
		assertThat(sample.log()).contains("For demonstration only").doesNotContain(token("guest"), "Exception");
		assertThat(directory).isDirectoryNotContaining((file) -> read(file).contains("PRIVATE"));
	}

	private static int httpStatus(String caller) throws Exception {
		HttpRequest request = HttpRequest
			.newBuilder(URI.create("http://localhost:%d/actuator/grpc".formatted(sample.webPort())))
			.header("Authorization", "Bearer " + token(caller))
			.build();
		return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
	}

	private static String getFeature(@Nullable String caller) {
		return buf(caller, "GetFeature", "{\"latitude\": 515074000, \"longitude\": -1278000}");
	}

	private static String recordRoute(String caller) {
		return buf(caller, "RecordRoute", "{\"latitude\": 515074000, \"longitude\": -1278000}");
	}

	private static String buf(@Nullable String caller, String method, String request) {
		List<String> command = new ArrayList<>(
				List.of(Tools.buf(), "curl", "--http2-prior-knowledge", "--protocol", "grpc", "-d", request));
		if (caller != null) {
			command.addAll(List.of("-H", "authorization: Bearer " + token(caller)));
		}
		command.add("http://localhost:%d/routeguide.RouteGuide/%s".formatted(sample.grpcPort(), method));
		return Tools.run(command.toArray(String[]::new)).output();
	}

	private static String token(String caller) {
		return read(directory.resolve(caller + ".token"));
	}

	private static String read(Path file) {
		try {
			return Files.readString(file);
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
