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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Client certificates name the callers of an application that has Spring Security's core
 * and nothing else of it, and of one that knows tokens, too.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ClientCertificateIT {

	private static CertificateFiles files;

	private final List<ManagedChannel> channels = new ArrayList<>();

	@BeforeAll
	static void issue(@TempDir Path directory) throws Exception {
		files = new CertificateFiles(directory);
		files.issue("driver", "spiffe://example.org/driver");
		files.issue("guest", null);
	}

	@Test
	void theCertificateNamesTheCaller() throws Exception {
		try (Stranger greeter = Stranger.start("secured-certificates", files.property(), "--grpc.server.port=0",
				"--grpc.server.health.port=0")) {
			assertThat(Callers.greet(channel(greeter, "driver"), null)).isEqualTo("Hello Ada from driver");
			StatusRuntimeException denied = Callers.refused(channel(greeter, "guest"), null);
			assertThat(denied.getStatus().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
			assertThat(Callers.refused(channel(greeter, null), null).getStatus().getCode())
				.isEqualTo(Status.Code.UNAVAILABLE);
			assertThat(Callers.python(greeter, "", files.of("driver"))).contains("OK Hello Ada from driver");
			assertThat(Callers.python(greeter, "", files.of("guest"))).contains("PERMISSION_DENIED None");
			assertThat(buf(greeter, "driver")).contains("\"Hello Ada from driver\"");
			assertThat(buf(greeter, "guest")).contains("\"permission_denied\"");
		}
	}

	@Test
	void theTokenIsTheCallerAndTheCertificateTheClient() throws Exception {
		try (AuthorizationServer authorizationServer = AuthorizationServer.start();
				Stranger greeter = Stranger.start("secured-both", files.property(), "--grpc.server.port=0",
						"--spring.security.oauth2.resourceserver.jwt.issuer-uri=" + authorizationServer.issuer())) {
			String token = authorizationServer.token("driver", "greet");
			String withoutScope = authorizationServer.token("driver", null);
			assertThat(Callers.greet(channel(greeter, null), token))
				.isEqualTo("Hello Ada from driver through a client without a certificate");
			assertThat(Callers.greet(channel(greeter, "guest"), null))
				.isEqualTo("Hello Ada from CN=guest through CN=guest");
			assertThat(Callers.greet(channel(greeter, "guest"), token))
				.isEqualTo("Hello Ada from driver through CN=guest");
			assertThat(Callers.refused(channel(greeter, "guest"), withoutScope).getStatus().getCode())
				.isEqualTo(Status.Code.PERMISSION_DENIED);
			StatusRuntimeException bad = Callers.refused(channel(greeter, "guest"), "bad");
			assertThat(bad.getStatus().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
			assertThat(bad.getTrailers().get(Callers.WWW_AUTHENTICATE)).startsWith("Bearer");
			StatusRuntimeException nobody = Callers.refused(channel(greeter, null), null);
			assertThat(nobody.getStatus().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
			assertThat(health(channel(greeter, null))).isEqualTo(ServingStatus.SERVING);
			assertThat(Callers.python(greeter, token, files.of("guest")))
				.contains("OK Hello Ada from driver through CN=guest");
			assertThat(Callers.buf(greeter, "https", "--cacert", files.authority(), "-H",
					"authorization: Bearer " + token))
				.contains("\"Hello Ada from driver through a client without a certificate\"");
			assertThat(Callers.buf(greeter, "https", "--cacert", files.authority())).contains("\"unauthenticated\"");
		}
	}

	@Test
	void aTokenThatIsBoundToACertificateIsGoodWithThatAlone() throws Exception {
		try (AuthorizationServer authorizationServer = AuthorizationServer.start();
				Stranger greeter = Stranger.start("secured-both", files.property(), "--grpc.server.port=0",
						"--spring.security.oauth2.resourceserver.jwt.issuer-uri=" + authorizationServer.issuer())) {
			String token = authorizationServer.boundToken("driver", "greet", files.thumbprint("driver"));
			assertThat(Callers.greet(channel(greeter, "driver"), token))
				.isEqualTo("Hello Ada from driver through CN=driver");
			assertThat(Callers.refused(channel(greeter, "guest"), token).getStatus().getCode())
				.isEqualTo(Status.Code.UNAUTHENTICATED);
			assertThat(Callers.refused(channel(greeter, null), token).getStatus().getCode())
				.isEqualTo(Status.Code.UNAUTHENTICATED);
		}
	}

	@AfterEach
	void close() {
		this.channels.forEach(ManagedChannel::shutdownNow);
	}

	private static ServingStatus health(Channel channel) {
		return HealthGrpc.newBlockingStub(channel)
			.withDeadlineAfter(1, TimeUnit.MINUTES)
			.check(HealthCheckRequest.getDefaultInstance())
			.getStatus();
	}

	private static String buf(Stranger greeter, String client) {
		String[] own = files.of(client);
		return Callers.buf(greeter, "https", "--cacert", own[0], "--cert", own[1], "--key", own[2]);
	}

	private ManagedChannel channel(Stranger greeter, @Nullable String client) throws IOException {
		ManagedChannel channel = NettyChannelBuilder
			.forAddress("localhost", greeter.grpcPort(), files.credentials(client))
			.disableRetry()
			.build();
		this.channels.add(channel);
		return channel;
	}

}
