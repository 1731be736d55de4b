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

import java.io.BufferedReader;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.sample.process.Tools;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What other people's clients see of the packaged sample.
 */
@Tag("full")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class OtherClientsIT {

	private static final String OSLO = "{\"latitude\": 599139000, \"longitude\": 107522000}";

	private static SampleProcess sample;

	@BeforeAll
	static void start() throws Exception {
		sample = SampleProcess.start();
	}

	@AfterAll
	static void stop() {
		sample.close();
	}

	@ParameterizedTest
	@ValueSource(strings = { "grpc-v1", "grpc-v1alpha" })
	void bufListsServicesAndMethodsByEitherReflection(String protocol) {
		assertThat(buf("--reflect", "--reflect-protocol", protocol, "--list-services", url(sample, "")).lines())
			.containsExactly("grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
					"grpc.reflection.v1alpha.ServerReflection", "routeguide.RouteGuide");
		assertThat(buf("--reflect", "--reflect-protocol", protocol, "--list-methods", url(sample, "")).lines())
			.contains("grpc.health.v1.Health/List", "routeguide.RouteGuide/GetFeature",
					"routeguide.RouteGuide/ListFeatures", "routeguide.RouteGuide/RecordRoute",
					"routeguide.RouteGuide/RouteChat");
	}

	@ParameterizedTest
	@ValueSource(strings = { "grpc-v1", "grpc-v1alpha" })
	void bufCallsEveryKindOfMethodByEitherReflection(String protocol) {
		assertThat(call(protocol, "routeguide.RouteGuide/GetFeature", OSLO)).contains("Oslo, Norway");
		assertThat(
				call(protocol, "routeguide.RouteGuide/ListFeatures",
						"{\"lo\": {\"latitude\": 590000000, \"longitude\": 100000000}, "
								+ "\"hi\": {\"latitude\": 600000000, \"longitude\": 110000000}}"))
			.contains("Oslo, Norway");
		assertThat(call(protocol, "routeguide.RouteGuide/RecordRoute",
				OSLO + "{\"latitude\": 600139000, \"longitude\": 107522000}"))
			.contains("\"pointCount\": 2")
			.contains("\"featureCount\": 1")
			.contains("\"distance\": 11120");
		assertThat(call(protocol, "routeguide.RouteGuide/RouteChat",
				("{\"location\": %1$s, \"message\": \"first\"}{\"location\": %1$s, \"message\": \"second\"}")
					.formatted(OSLO)))
			.contains("first");
		assertThat(call(protocol, "grpc.health.v1.Health/Check", "{}")).contains("SERVING");
		assertThat(call(protocol, "grpc.health.v1.Health/List", "{}")).contains("\"routeguide.RouteGuide\"");
	}

	@Test
	void bufWatchesTheEnd() throws Exception {
		String buf = Tools.buf();
		try (SampleProcess sample = SampleProcess.start("--grpc.server.shutdown.propagation-delay=1s")) {
			Process watch = Tools.start(buf, "curl", "--http2-prior-knowledge", "--protocol", "grpc", "-d", "{}",
					url(sample, "/grpc.health.v1.Health/Watch"));
			try (BufferedReader lines = watch.inputReader()) {
				assertThat(nextStatus(lines)).contains("\"SERVING\"");
				sample.signal("TERM");
				assertThat(nextStatus(lines)).contains("\"NOT_SERVING\"");
				assertThat(nextStatus(lines)).isEmpty();
			}
			assertThat(watch.waitFor()).isZero();
			sample.awaitExit();
		}
	}

	private static String nextStatus(BufferedReader lines) throws Exception {
		for (String line = lines.readLine(); line != null; line = lines.readLine()) {
			if (line.contains("status")) {
				return line;
			}
		}
		return "";
	}

	@Test
	void pythonCallsAndWatchesTheEnd() throws Exception {
		String python = Tools.pythonWithGrpc();
		try (SampleProcess sample = SampleProcess.start("--grpc.server.shutdown.propagation-delay=1s")) {
			Process client = Tools.start(python, "src/test/python/route_guide_client.py",
					Integer.toString(sample.grpcPort()));
			try (BufferedReader lines = client.inputReader()) {
				assertThat(List.of(lines.readLine(), lines.readLine(), lines.readLine(), lines.readLine()))
					.containsExactly("check 0801", "feature True", "features True", "watch 0801");
				sample.signal("TERM");
				assertThat(lines.lines()).containsExactly("watch 0802", "served True", "watch ended OK");
			}
			assertThat(client.waitFor()).isZero();
			sample.awaitExit();
		}
	}

	private static String call(String reflection, String method, String data) {
		return buf("--reflect", "--reflect-protocol", reflection, "-d", data, url(sample, "/" + method));
	}

	private static String buf(String... arguments) {
		String[] command = new String[arguments.length + 5];
		System.arraycopy(new String[] { Tools.buf(), "curl", "--http2-prior-knowledge", "--protocol", "grpc" }, 0,
				command, 0, 5);
		System.arraycopy(arguments, 0, command, 5, arguments.length);
		Tools.Result result = Tools.run(command);
		assertThat(result.exit()).as(result.output()).isZero();
		return result.output();
	}

	private static String url(SampleProcess sample, String path) {
		return "http://localhost:" + sample.grpcPort() + path;
	}

}
