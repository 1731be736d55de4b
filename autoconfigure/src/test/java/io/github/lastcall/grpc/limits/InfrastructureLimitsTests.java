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
package io.github.lastcall.grpc.limits;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

import io.github.lastcall.grpc.autoconfigure.ServersOf;
import io.github.lastcall.grpc.health.v1.HealthCheckRequest;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.HealthClient;
import io.github.lastcall.grpc.testing.HealthWatch;
import io.github.lastcall.grpc.testing.Http2Frame;
import io.github.lastcall.grpc.testing.RogueClient;
import io.github.lastcall.grpc.testing.RogueClients;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.grpc.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What clients may ask of the services that a server brings along.
 */
@Timeout(120)
@ExtendWith(OutputCaptureExtension.class)
class InfrastructureLimitsTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	private static final int LARGEST = 64 * 1024;

	@RegisterExtension
	final RogueClients clients = new RogueClients();

	@ParameterizedTest
	@ValueSource(strings = { "grpc.health.v1.Health/Check", "grpc.health.v1.Health/Watch",
			"grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
			"grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo" })
	void aMessageOfMoreThan64KilobytesIsRefusedAndCounted(String method, CapturedOutput output) {
		runner().run((context) -> {
			RogueClient client = this.clients.connect(context).preface();
			byte[] message = HealthCheckRequest.newBuilder().setService("x".repeat(LARGEST)).build().toByteArray();
			send(client, 1, method, false, message);
			await().atMost(TIMEOUT).until(() -> refused(context) == 1);
			// In no more bytes than an ordinary one.
			send(client, 3, method, true, gzip(message));
			await().atMost(TIMEOUT).until(() -> refused(context) == 2);
			assertThat(ServersOf.refusals(context, "network").getCount(RefusalReason.MESSAGE_SIZE)).isZero();
			assertThat(output)
				.contains("refused a call to " + method
						+ ": Message to an infrastructure service exceeds the maximum size of 65536 bytes")
				.doesNotContain("\tat ");
			assertThat(client.closed()).isNotDone();
		});
	}

	@Test
	void oneOf64KilobytesIsRead() {
		runner().run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				HealthClient health = new HealthClient(client.channel());
				// Its tag and its length are four bytes.
				assertThat(health.check("x".repeat(LARGEST - 4))).isEqualTo(Status.Code.NOT_FOUND.name());
				assertThat(health.check("x".repeat(LARGEST - 3))).isEqualTo(Status.Code.RESOURCE_EXHAUSTED.name());
			}
			assertThat(refused(context)).isEqualTo(1);
		});
	}

	@Test
	void allServersOfAnApplicationShareTheirStreams() {
		runner().withBean(FewInfrastructureStreams.class)
			.withPropertyValues("grpc.server.health.port=0")
			.run((context) -> {
				int port = context.getEnvironment().getRequiredProperty("local.grpc.health.port", Integer.class);
				try (GrpcClient client = GrpcClient.of(context); GrpcClient probe = GrpcClient.of(port)) {
					HealthClient health = new HealthClient(probe.channel());
					HealthWatch first = new HealthClient(client.channel()).watch("");
					await().atMost(TIMEOUT).until(() -> !first.statuses().isEmpty());
					assertThat(health.firstOfWatch("")).isEqualTo(Status.Code.RESOURCE_EXHAUSTED.name());
					assertThat(ServersOf.refusals(context, "health").getCount(RefusalReason.INFRASTRUCTURE_STREAMS))
						.isEqualTo(1);
					first.cancel();
					await().atMost(TIMEOUT).until(() -> health.firstOfWatch(""), "NOT_SERVING"::equals);
				}
			});
	}

	private static void send(RogueClient client, int stream, String method, boolean compressed, byte[] message)
			throws IOException {
		client.frame(Http2Frame.HEADERS, Http2Frame.END_HEADERS, stream,
				Http2Frame.headers(method, compressed ? Map.of("grpc-encoding", "gzip") : Map.of()));
		byte[] all = Http2Frame.message(compressed, message.length, message);
		for (int from = 0; from < all.length; from += 16_000) {
			int to = Math.min(from + 16_000, all.length);
			client.frame(Http2Frame.DATA, 0, stream, Arrays.copyOfRange(all, from, to));
		}
		client.flush();
	}

	private static byte[] gzip(byte[] message) throws IOException {
		ByteArrayOutputStream compressed = new ByteArrayOutputStream();
		try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
			gzip.write(message);
		}
		return compressed.toByteArray();
	}

	private static long refused(ApplicationContext context) {
		return ServersOf.refusals(context, "network").getCount(RefusalReason.INFRASTRUCTURE_MESSAGE_SIZE);
	}

	private static ApplicationContextRunner runner() {
		return GrpcServerContextRunner.create()
			.withBean(TestService.class)
			.withPropertyValues("grpc.server.shutdown.grace-period=0");
	}

	@GrpcService
	static class TestService extends TestRouteGuide {

	}

}
