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

import java.util.List;

import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.TestTokens;
import io.github.lastcall.sample.routeguide.Point;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.AuthenticationManagerResolver;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.ProviderManager;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.core.context.SecurityContextHolderStrategy;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.server.resource.authentication.JwtAuthenticationProvider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * What an application can change about the authentication of calls.
 */
@Timeout(120)
class CallerConfigurationTests {

	private static final Metadata.Key<String> TENANT = Metadata.Key.of("tenant", Metadata.ASCII_STRING_MARSHALLER);

	private static final TestTokens TOKENS = new TestTokens();

	private static final TestTokens OTHER_TOKENS = new TestTokens();

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withBean(CallerRouteGuide.class)
		.withPropertyValues("grpc.server.address=127.0.0.1");

	@AfterAll
	static void stop() {
		TOKENS.close();
		OTHER_TOKENS.close();
	}

	@Test
	void aConverterOfBearerTokensReplacesThatOfTheResourceServer() {
		this.runner.withBean(JwtDecoder.class, TOKENS::decoder)
			.withBean(TestAuthorization.class)
			.withBean(GrpcAuthenticationConverter.class, OwnTokens::new)
			.run((context) -> {
				try (GrpcClient client = GrpcClient.of(context)) {
					assertThat(name(client, headers("own-alice"))).isEqualTo("own-alice");
					StatusRuntimeException ex = failure(client, headers(TOKENS.token("alice")));
					assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
					assertThat(challenges(ex)).containsExactly(OwnTokens.CHALLENGE);
					assertThat(challenges(failure(client, new Metadata()))).containsExactly(OwnTokens.CHALLENGE);
				}
			});
	}

	@Test
	void aResolverChoosesTheIssuerOfEachCall() {
		this.runner.withUserConfiguration(TwoIssuers.class).run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				assertThat(name(client, headers(TOKENS.token("alice")))).isEqualTo("alice");
				Metadata other = headers(OTHER_TOKENS.token("bob"));
				assertThat(failure(client, other).getStatus().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
				other.put(TENANT, "other");
				assertThat(name(client, other)).isEqualTo("bob");
			}
		});
	}

	@Test
	void aTokenOfEightKibibytesNeedsAHigherLimit() {
		String padded = TOKENS.token("alice", (claims) -> claims.claim("padding", "x".repeat(6000)));
		assertThat(padded.length()).isBetween(8 * 1024, 8 * 1024 + 100);
		ApplicationContextRunner resourceServer = this.runner.withBean(JwtDecoder.class, TOKENS::decoder);
		resourceServer.run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				assertThat(failure(client, headers(padded)).getStatus().getCode()).isEqualTo(Status.Code.INTERNAL);
				assertThat(name(client, headers(TOKENS.token("alice")))).isEqualTo("alice");
			}
		});
		resourceServer.withPropertyValues("grpc.server.limits.inbound-metadata-size=16KB").run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				assertThat(name(client, headers(padded))).isEqualTo("alice");
			}
		});
	}

	@Test
	void aSecurityContextThatAllThreadsShareFailsTheStart() {
		SecurityContextHolderStrategy before = SecurityContextHolder.getContextHolderStrategy();
		SecurityContextHolder.setStrategyName(SecurityContextHolder.MODE_GLOBAL);
		try {
			this.runner.withBean(GrpcAuthenticationConverter.class, CallerDuringCallTests::users)
				.run((context) -> assertThat(context).getFailure()
					.hasRootCauseInstanceOf(GrpcServerStartException.class)
					.rootCause()
					.hasMessageContaining("MODE_GLOBAL"));
		}
		finally {
			SecurityContextHolder.clearContext();
			SecurityContextHolder.setContextHolderStrategy(before);
		}
	}

	@Test
	void exceptionsOfHandlersMeanTheSameIfSecurityIsDisabled() {
		this.runner.withPropertyValues("grpc.server.security.enabled=false").run((context) -> {
			CallerRouteGuide handler = context.getBean(CallerRouteGuide.class);
			try (GrpcClient client = GrpcClient.of(context)) {
				Status required = Status.UNAUTHENTICATED.withDescription("Authentication required");
				handler.onFeature = () -> {
					throw new AccessDeniedException("secret reason");
				};
				assertThat(failure(client, new Metadata()).getStatus()).hasToString(required.toString());
				handler.onFeature = () -> {
					throw new BadCredentialsException("secret reason");
				};
				assertThat(failure(client, new Metadata()).getStatus()).hasToString(required.toString());
				handler.onFeature = () -> {
					SecurityContextHolder.getContext()
						.setAuthentication(new TestingAuthenticationToken("alice", "", "ROLE_USER"));
					throw new AccessDeniedException("secret reason");
				};
				assertThat(failure(client, new Metadata()).getStatus())
					.hasToString(Status.PERMISSION_DENIED.withDescription("Access denied").toString());
			}
		});
	}

	private static String name(GrpcClient client, Metadata headers) {
		return client.routeGuide()
			.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
			.getFeature(Point.getDefaultInstance())
			.getName();
	}

	private static StatusRuntimeException failure(GrpcClient client, Metadata headers) {
		StatusRuntimeException ex = catchThrowableOfType(StatusRuntimeException.class, () -> name(client, headers));
		assertThat(ex).isNotNull();
		return ex;
	}

	private static List<String> challenges(StatusRuntimeException ex) {
		Metadata trailers = ex.getTrailers();
		Iterable<String> all = (trailers != null) ? trailers.getAll(SecurityStatus.WWW_AUTHENTICATE) : null;
		return (all != null) ? List.of(String.join("\n", all).split("\n")) : List.of();
	}

	private static Metadata headers(String token) {
		Metadata headers = new Metadata();
		headers.put(HeaderCredentials.AUTHORIZATION, "Bearer " + token);
		return headers;
	}

	@Configuration(proxyBeanMethods = false)
	static class TwoIssuers {

		@Bean
		AuthenticationManagerResolver<GrpcSecuredCall> issuers() {
			AuthenticationManager tokens = manager(TOKENS);
			AuthenticationManager otherTokens = manager(OTHER_TOKENS);
			return (call) -> "other".equals(call.headers().get(TENANT)) ? otherTokens : tokens;
		}

		private static AuthenticationManager manager(TestTokens issuer) {
			return new ProviderManager(new JwtAuthenticationProvider(issuer.decoder()));
		}

	}

	static class OwnTokens implements GrpcAuthenticationConverter {

		static final String CHALLENGE = "Bearer realm=\"own\"";

		@Override
		public Authentication convert(GrpcSecuredCall call) {
			String token = String.valueOf(HeaderCredentials.ofScheme("Bearer", call));
			if (!token.startsWith("own-")) {
				throw new BadCredentialsException("Not a token of ours");
			}
			return new TestingAuthenticationToken(token, "", "ROLE_USER");
		}

		@Override
		public String challenge() {
			return CHALLENGE;
		}

	}

}
