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

package io.github.lastcall.grpc.security;

import java.nio.file.Path;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import com.nimbusds.jose.util.X509CertUtils;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.TestAuthority;
import io.github.lastcall.grpc.testing.TestTokens;
import io.github.lastcall.sample.routeguide.Point;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import io.netty.pkitesting.X509Bundle;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.web.context.request.RequestContextHolder;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tokens that are bound to the certificate of a client (RFC 8705).
 */
@Timeout(120)
class BoundTokenTests {

	private static final TestAuthority AUTHORITY = new TestAuthority("authority");

	private static final X509Bundle DRIVER = AUTHORITY.client("driver");

	private static final X509Bundle GUEST = AUTHORITY.client("guest");

	private static final TestTokens TOKENS = new TestTokens();

	private static Path directory;

	@BeforeAll
	static void issue(@TempDir Path files) throws Exception {
		directory = files;
		AUTHORITY.write(directory, AUTHORITY.server("server"));
	}

	@AfterAll
	static void stop() {
		TOKENS.close();
	}

	@Test
	void aTokenThatIsBoundToACertificateIsGoodWithThatAlone() {
		String bound = TOKENS.token("alice", (claims) -> claims.claim("cnf",
				Map.of("x5t#S256", X509CertUtils.computeSHA256Thumbprint(DRIVER.getCertificate()).toString())));
		Queue<Object> requests = new ConcurrentLinkedQueue<>();
		runner().run((context) -> {
			assertThat(context).hasNotFailed();
			context.getBean(CallerRouteGuide.class).onFeature = () -> {
				Object request = RequestContextHolder.getRequestAttributes();
				requests.add((request != null) ? request : "none");
			};
			int port = GrpcClient.port(context);
			assertThat(call(port, DRIVER, bound)).isEqualTo("alice");
			assertThat(call(port, GUEST, bound)).isEqualTo("UNAUTHENTICATED");
			assertThat(call(port, null, bound)).isEqualTo("UNAUTHENTICATED");
			assertThat(call(port, DRIVER, TOKENS.token("bob"))).isEqualTo("bob");
			assertThat(call(port, null, TOKENS.token("bob"))).isEqualTo("bob");
			assertThat(requests).containsExactly("none", "none", "none");
		});
	}

	private static ApplicationContextRunner runner() {
		return GrpcServerContextRunner.create()
			.withConfiguration(AutoConfigurations.of(SslAutoConfiguration.class))
			.withBean(CallerRouteGuide.class)
			.withBean(JwtDecoder.class, TOKENS::decoder)
			.withPropertyValues(TestAuthority.properties(directory, "grpc.server.address=127.0.0.1",
					"grpc.server.ssl.client-auth=optional"));
	}

	private static String call(int port, @Nullable X509Bundle certificate, String token) {
		Metadata headers = new Metadata();
		headers.put(HeaderCredentials.AUTHORIZATION, "Bearer " + token);
		try (GrpcClient client = AUTHORITY.connect(port, certificate)) {
			return client.routeGuide()
				.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
				.getFeature(Point.getDefaultInstance())
				.getName();
		}
		catch (StatusRuntimeException ex) {
			return ex.getStatus().getCode().toString();
		}
	}

}
