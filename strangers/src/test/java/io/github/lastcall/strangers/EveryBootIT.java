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
import java.util.concurrent.TimeUnit;

import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * What touches grpc-java's and Netty's insides, with the versions of every Spring Boot:
 * TLS, limits and Unix domain sockets; and what a servlet application has beside it.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class EveryBootIT {

	@ParameterizedTest
	@ValueSource(strings = { "boot-4.0.3", "boot-4.1.0", "boot-4.1.1-grpc-1.85", "boot-4.1.2" })
	void tlsLimitsAndSocketsWork(String name, @TempDir Path directory) throws Exception {
		writeCertificate(directory);
		Path socket = directory.resolve("grpc.sock");
		try (Stranger stranger = Stranger.start(name, "--grpc.server.ssl.bundle=server",
				"--grpc.server.ssl.client-auth=required",
				"--spring.ssl.bundle.pem.server.keystore.certificate=" + directory.resolve("certificate.pem"),
				"--spring.ssl.bundle.pem.server.keystore.private-key=" + directory.resolve("key.pem"),
				"--spring.ssl.bundle.pem.server.truststore.certificate=" + directory.resolve("certificate.pem"),
				"--grpc.server.unix-domain-socket.path=" + socket, "--grpc.server.limits.inbound-message-size=1KB",
				"--grpc.server.limits.connections=2")) {
			ManagedChannel tls = tls(stranger, directory);
			ManagedChannel unix = unix(socket);
			try {
				assertThat(Stranger.greet(tls, "Ada")).isEqualTo("Hello Ada, guest number 1");
				assertThat(Stranger.greet(unix, "Grace")).isEqualTo("Hello Grace, guest number 2");
				aLargeMessageIsRefused(stranger, tls);
				aTransactionThatFailsIsRolledBack(tls);
				plaintextIsRefused(stranger);
				actuatorKnowsTheServers(stranger);
			}
			finally {
				tls.shutdownNow();
				unix.shutdownNow();
			}
			stranger.signal("TERM");
			stranger.awaitExit();
			assertThat(socket).doesNotExist();
			assertThat(stranger.log()).doesNotContain("NoClassDefFoundError", "NoSuchMethodError", "forced call");
		}
	}

	private static void aLargeMessageIsRefused(Stranger stranger, ManagedChannel channel) {
		assertThatExceptionOfType(StatusRuntimeException.class)
			.isThrownBy(() -> Stranger.greet(channel, "x".repeat(2000)))
			.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED));
		stranger.awaitLog("grpc.server.limits.inbound-message-size");
	}

	private static void aTransactionThatFailsIsRolledBack(ManagedChannel channel) {
		assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(() -> Stranger.greet(channel, ""));
		assertThat(Stranger.greet(channel, "Barbara")).isEqualTo("Hello Barbara, guest number 3");
	}

	private static void plaintextIsRefused(Stranger stranger) {
		assertThatExceptionOfType(StatusRuntimeException.class)
			.isThrownBy(() -> Stranger.greet(stranger.channel(), "Mallory"))
			.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
		stranger.awaitLog("the client does not use TLS");
	}

	private static void actuatorKnowsTheServers(Stranger stranger) throws IOException, InterruptedException {
		int port = stranger.managementPort();
		assertThat(stranger.http(port, "/actuator/health/readiness").statusCode()).isEqualTo(200);
		assertThat(stranger.http(port, "/actuator/grpc").body()).contains("\"network\"", "\"unix-domain-socket\"",
				"greeter.Greeter");
	}

	private static void writeCertificate(Path directory) throws Exception {
		X509Bundle bundle = new CertificateBuilder().subject("CN=localhost")
			.addSanDnsName("localhost")
			.setIsCertificateAuthority(true)
			.buildSelfSigned();
		Files.writeString(directory.resolve("certificate.pem"), bundle.getCertificatePathPEM(),
				StandardCharsets.US_ASCII);
		Files.writeString(directory.resolve("key.pem"), bundle.getPrivateKeyPEM(), StandardCharsets.US_ASCII);
	}

	private static ManagedChannel tls(Stranger stranger, Path directory) throws IOException {
		return Grpc
			.newChannelBuilderForAddress("localhost", stranger.grpcPort(),
					TlsChannelCredentials.newBuilder()
						.trustManager(directory.resolve("certificate.pem").toFile())
						.keyManager(directory.resolve("certificate.pem").toFile(),
								directory.resolve("key.pem").toFile())
						.build())
			.disableRetry()
			.build();
	}

	@SuppressWarnings("deprecation")
	private static ManagedChannel unix(Path socket) {
		return NettyChannelBuilder.forAddress(new DomainSocketAddress(socket.toFile()))
			.channelType(EpollDomainSocketChannel.class)
			.eventLoopGroup(new EpollEventLoopGroup(1))
			.usePlaintext()
			.overrideAuthority("localhost")
			.disableRetry()
			.build();
	}

}
