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

import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.sample.process.Tools;
import io.grpc.ChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The packaged sample with {@code --spring.profiles.active=tls}, and what other people's
 * clients see of it.
 */
@Tag("full")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class TlsIT {

	private static Path directory;

	private static SampleProcess sample;

	@BeforeAll
	static void start(@TempDir Path parent) throws Exception {
		directory = parent.resolve("tls");
		sample = SampleProcess.start("--spring.profiles.active=tls", "--tls.directory=" + directory);
	}

	@AfterAll
	static void stop() {
		sample.close();
	}

	@Test
	void bufConnectsWithTheFileOfTheAuthority() {
		assertThat(buf("--cacert", authority().toString()).output()).contains("\"SERVING\"");
	}

	@Test
	void bufRefusesAServerWhoseAuthorityItDoesNotKnow() {
		// It only says that it cannot ask for the schema.
		assertThat(buf().exit()).isNotZero();
		sample.awaitLog("the client aborted, possibly because it does not trust the certificate of this server");
	}

	@Test
	void pythonConnectsWithTheFileOfTheAuthority() {
		Tools.Result result = Tools.run(Tools.pythonWithGrpc(), "src/test/python/tls_client.py",
				Integer.toString(sample.grpcPort()), authority().toString());
		assertThat(result.output()).contains("check 0801");
	}

	@Test
	void theCertificateIsRotatedOnRequestAndConnectionsLiveOn() throws Exception {
		ChannelCredentials credentials = TlsChannelCredentials.newBuilder().trustManager(authority().toFile()).build();
		ManagedChannel established = NettyChannelBuilder.forAddress("localhost", sample.grpcPort(), credentials)
			.disableRetry()
			.build();
		try {
			assertThatIsServing(established);
			JSONObject before = ssl();
			String serialNumber = serialNumber(before);

			HttpResponse<String> rotated = sample.post("/actuator/certificates");

			assertThat(rotated.statusCode()).as(rotated.body()).isEqualTo(200);
			await().atMost(Duration.ofMinutes(1)).until(() -> !serialNumber(ssl()).equals(serialNumber));
			assertThat(ssl().getInt("updates")).isEqualTo(before.getInt("updates") + 1);
			assertThat(sample.log()).contains("now uses the updated SSL bundle 'route-guide'");
			assertThatIsServing(established);
			assertThat(buf("--cacert", authority().toString()).output()).contains("\"SERVING\"");

			byte[] good = Files.readAllBytes(directory.resolve("server.p12"));
			Files.writeString(directory.resolve("server.p12"), "broken");
			sample.awaitLog("cannot use the updated SSL bundle 'route-guide' and keeps the previous one");
			assertThat(new JSONObject(sample.http("/actuator/health/grpc").body()).getJSONObject("details")
				.getJSONObject("ssl")
				.getString("updateFailed")).contains("server.p12");
			assertThat(buf("--cacert", authority().toString()).output()).contains("\"SERVING\"");
			Files.write(directory.resolve("server.p12"), good);
			await().atMost(Duration.ofMinutes(1)).until(() -> !ssl().has("failure"));
		}
		finally {
			established.shutdownNow();
		}
	}

	@Test
	void aSecondStartServesByTheFilesOfTheFirst() throws Exception {
		try (SampleProcess second = SampleProcess.start("--spring.profiles.active=tls",
				"--tls.directory=" + directory)) {
			assertThat(buf(second, "--cacert", authority().toString()).output()).contains("\"SERVING\"");
			assertThat(serialNumber(ssl(second))).isEqualTo(serialNumber(ssl(sample)));
		}
	}

	private static void assertThatIsServing(ManagedChannel channel) {
		assertThat(HealthGrpc.newBlockingStub(channel)
			.withDeadlineAfter(30, TimeUnit.SECONDS)
			.check(HealthCheckRequest.getDefaultInstance())
			.getStatus()).isEqualTo(ServingStatus.SERVING);
	}

	private static JSONObject ssl() throws Exception {
		return ssl(sample);
	}

	private static JSONObject ssl(SampleProcess process) throws Exception {
		return new JSONObject(process.http("/actuator/grpc").body()).getJSONObject("ssl");
	}

	private static String serialNumber(JSONObject ssl) throws Exception {
		return ssl.getJSONArray("certificates").getJSONObject(0).getString("serialNumber");
	}

	private static Tools.Result buf(String... arguments) {
		return buf(sample, arguments);
	}

	private static Tools.Result buf(SampleProcess process, String... arguments) {
		String[] command = { Tools.buf(), "curl", "--protocol", "grpc", "-d", "{}" };
		String[] all = new String[command.length + arguments.length + 1];
		System.arraycopy(command, 0, all, 0, command.length);
		System.arraycopy(arguments, 0, all, command.length, arguments.length);
		all[all.length - 1] = "https://localhost:" + process.grpcPort() + "/grpc.health.v1.Health/Check";
		return Tools.run(all);
	}

	private static Path authority() {
		return directory.resolve("ca.pem");
	}

}
