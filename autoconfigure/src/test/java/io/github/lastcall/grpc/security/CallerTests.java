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

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import io.github.lastcall.grpc.autoconfigure.ServersOf;
import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.testing.EnableServerAutoConfiguration;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.grpc.testing.TestTokens;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc.RouteGuideBlockingStub;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.stub.MetadataUtils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.context.event.EventListener;
import org.springframework.core.annotation.Order;
import org.springframework.security.authentication.AuthenticationEventPublisher;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.DefaultAuthenticationEventPublisher;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.authentication.event.AbstractAuthenticationFailureEvent;
import org.springframework.security.authentication.event.AuthenticationSuccessEvent;
import org.springframework.security.authorization.AuthorizationEventPublisher;
import org.springframework.security.authorization.SpringAuthorizationEventPublisher;
import org.springframework.security.authorization.event.AuthorizationDeniedEvent;
import org.springframework.security.core.authority.AuthorityUtils;
import org.springframework.security.oauth2.jwt.JwtClaimValidator;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtValidators;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

/**
 * Who a caller is, and what the clients of refused calls receive.
 */
@Timeout(120)
@ExtendWith(OutputCaptureExtension.class)
class CallerTests {

	private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization",
			Metadata.ASCII_STRING_MARSHALLER);

	private static final Metadata.Key<String> API_KEY = Metadata.Key.of("x-api-key", Metadata.ASCII_STRING_MARSHALLER);

	private static final Metadata.Key<String> LATE = Metadata.Key.of("late", Metadata.ASCII_STRING_MARSHALLER);

	private static final Metadata.Key<String> WWW_AUTHENTICATE = Metadata.Key.of("www-authenticate",
			Metadata.ASCII_STRING_MARSHALLER);

	private static final TestTokens TOKENS = new TestTokens();

	private static ConfigurableApplicationContext context;

	private static GrpcClient client;

	@BeforeAll
	static void start() {
		context = new SpringApplicationBuilder(Config.class).web(WebApplicationType.NONE)
			.properties("grpc.server.port=0", "grpc.server.address=127.0.0.1", "spring.main.banner-mode=off")
			.run();
		client = GrpcClient.of(context);
	}

	@AfterAll
	static void stop() {
		client.close();
		context.close();
		TOKENS.close();
	}

	@Test
	void aTokenNamesTheCaller() {
		assertThat(name(bearer(TOKENS.token("alice")))).isEqualTo("alice");
	}

	@Test
	void credentialsOfOneCallAreNotThoseOfTheNextOnTheSameConnection() {
		for (int i = 0; i < 20; i++) {
			assertThat(open(bearer(TOKENS.token("alice")))).isEqualTo("alice");
			assertThat(open(null)).isEqualTo("nobody");
		}
	}

	@Test
	void aPasswordMayContainColons() {
		assertThat(name(basic("bob:pass:word:"))).isEqualTo("bob");
	}

	@ParameterizedTest
	@CsvSource({ "Basic %%%", "Basic Ym9i", "Basic", "Basic Ym9iOndyb25n" })
	void malformedOrWrongBasicCredentialsAreRefused(String authorization) {
		assertRefused(authorization, "Basic realm=\"grpc\"");
	}

	@Test
	void anApiKeyNamesTheCaller() {
		Metadata headers = new Metadata();
		headers.put(API_KEY, "key-of-carol");
		assertThat(stub(headers).getFeature(Point.getDefaultInstance()).getName()).isEqualTo("carol");
		headers.put(API_KEY, "another");
		StatusRuntimeException ex = failure(() -> stub(headers).getFeature(Point.getDefaultInstance()));
		assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
		assertThat(challenges(ex)).containsExactly("ApiKey header=\"x-api-key\"");
	}

	@Test
	void theFirstConverterThatRecognizesItsCredentialsDecides() {
		Metadata both = headers(bearer(TOKENS.token("alice")));
		both.put(API_KEY, "another");
		StatusRuntimeException ex = failure(() -> stub(both).getFeature(Point.getDefaultInstance()));
		assertThat(ex.getStatus().getDescription()).isEqualTo("Invalid credentials");
		assertThat(challenges(ex)).containsExactly("ApiKey header=\"x-api-key\"");
		both.discardAll(API_KEY);
		both.put(API_KEY, "key-of-carol");
		assertThat(stub(both).getFeature(Point.getDefaultInstance()).getName()).isEqualTo("carol");
		Metadata tokenFirst = headers(bearer(TOKENS.token("alice")));
		tokenFirst.put(LATE, "bob");
		assertThat(stub(tokenFirst).getFeature(Point.getDefaultInstance()).getName()).isEqualTo("alice");
		tokenFirst.discardAll(AUTHORIZATION);
		assertThat(stub(tokenFirst).getFeature(Point.getDefaultInstance()).getName()).isEqualTo("bob");
		tokenFirst.put(AUTHORIZATION, bearer("bad"));
		ex = failure(() -> stub(tokenFirst).getFeature(Point.getDefaultInstance()));
		assertThat(challenges(ex)).containsExactly("Bearer error=\"invalid_token\"");
	}

	@Test
	void whoListensIsToldOfAuthenticationsAndDenials() {
		Events events = context.getBean(Events.class);
		events.seen.clear();
		assertThat(name(bearer(TOKENS.token("alice")))).isEqualTo("alice");
		assertThat(events.seen).containsExactly("AuthenticationSuccessEvent alice");
		events.seen.clear();
		failure(() -> name(bearer("a.b.c")));
		assertThat(events.seen).containsExactly("AuthenticationFailureBadCredentialsEvent InvalidBearerTokenException");
		events.seen.clear();
		failure(() -> name(null));
		Metadata headers = headers(basic("bob:pass:word:"));
		failure(() -> OneMethodService.call(
				ClientInterceptors.intercept(client.channel(), MetadataUtils.newAttachHeadersInterceptor(headers)),
				"test.Denied"));
		assertThat(events.seen).containsExactly("denied anonymousUser routeguide.RouteGuide/GetFeature",
				"denied bob test.Denied/Call");
	}

	@Test
	void aCallWithoutCredentialsIsToldOfEverySchemeThatItMayUse() {
		StatusRuntimeException ex = failure(() -> name(null));
		assertThat(ex.getStatus())
			.hasToString(Status.UNAUTHENTICATED.withDescription("Authentication required").toString());
		assertThat(challenges(ex)).containsExactly("ApiKey header=\"x-api-key\"", "Basic realm=\"grpc\"", "Bearer");
	}

	@Test
	void aSchemeThatNothingRecognizesIsAsNoCredentials() {
		assertThat(failure(() -> name("Digest abc")).getStatus().getDescription()).isEqualTo("Authentication required");
		assertThat(failure(() -> name("Bearerabc")).getStatus().getDescription()).isEqualTo("Authentication required");
	}

	@ParameterizedTest
	@MethodSource
	void aBadTokenIsRefusedWithoutAReasonAndIsNeverLogged(String token, CapturedOutput output) {
		long before = refused(RefusalReason.UNAUTHENTICATED);
		assertRefused("Bearer " + token, "Bearer error=\"invalid_token\"");
		assertThat(refused(RefusalReason.UNAUTHENTICATED)).isEqualTo(before + 1);
		assertThat(List.of(token.split("\\."))).filteredOn((part) -> part.length() > 8)
			.allSatisfy((part) -> assertThat(output.getAll()).doesNotContain(part));
	}

	static List<String> aBadTokenIsRefusedWithoutAReasonAndIsNeverLogged() {
		String[] good = TOKENS.token("alice").split("\\.");
		return List.of("x", "a.b.c", "not a token", "x".repeat(7000), good[0] + "." + good[1] + ".",
				good[0] + "." + good[1] + "x." + good[2], good[0] + "." + "e30" + "." + good[2],
				new PlainJWT(new JWTClaimsSet.Builder().subject("alice").audience("grpc").build()).serialize(),
				TOKENS.tokenOfUnknownKey("1", "alice"), TOKENS.token("alice", (claims) -> claims.audience("others")),
				TOKENS.token("alice",
						(claims) -> claims.issueTime(Date.from(Instant.now().minusSeconds(1200)))
							.expirationTime(Date.from(Instant.now().minusSeconds(600)))),
				TOKENS.token("alice", (claims) -> claims.notBeforeTime(Date.from(Instant.now().plusSeconds(600)))));
	}

	@Test
	void anAuthenticatedCallerThatIsDeniedIsNotAskedForOtherCredentials(CapturedOutput output) {
		long before = refused(RefusalReason.DENIED);
		StatusRuntimeException ex = failure(() -> OneMethodService.call(
				ClientInterceptors.intercept(client.channel(),
						MetadataUtils.newAttachHeadersInterceptor(headers(bearer(TOKENS.token("alice"))))),
				"test.Denied"));
		assertThat(ex.getStatus()).hasToString(Status.PERMISSION_DENIED.withDescription("Access denied").toString());
		assertThat(challenges(ex)).isEmpty();
		assertThat(refused(RefusalReason.DENIED)).isEqualTo(before + 1);
		assertThat(output).contains("refused a call to test.Denied/Call: access denied for 'alice'");
	}

	@Test
	void exceptionsOfHandlersMeanTheSame(CapturedOutput output) {
		RouteGuideBlockingStub alice = stub(headers(bearer(TOKENS.token("alice"))));
		StatusRuntimeException ex = failure(() -> alice.getFeature(CallerRouteGuide.DENIED));
		assertThat(ex.getStatus()).hasToString(Status.PERMISSION_DENIED.withDescription("Access denied").toString());
		ex = failure(() -> alice.getFeature(CallerRouteGuide.NOT_AUTHENTICATED));
		assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
		assertThat(ex.getStatus().getDescription()).isEqualTo("Authentication required");
		assertThat(challenges(ex)).isNotEmpty();
		await().untilAsserted(() -> assertThat(output).contains("secret reason"));
	}

	@Test
	void healthIsOpenAlsoForAProbeWithABadToken() {
		assertThat(client.health()
			.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers("Bearer bad")))
			.check(HealthCheckRequest.getDefaultInstance())
			.getStatus()).isEqualTo(ServingStatus.SERVING);
	}

	@Test
	void anIdentityProviderOutOfReachIsNotTheFaultOfTheToken(CapturedOutput output) {
		TOKENS.stop();
		try {
			StatusRuntimeException ex = failure(() -> name(bearer(TOKENS.tokenOfUnknownKey("new", "alice"))));
			assertThat(ex.getStatus()).hasToString(
					Status.UNAVAILABLE.withDescription("Authentication is temporarily unavailable").toString());
			await().untilAsserted(() -> assertThat(output)
				.contains("ended with UNAVAILABLE: Authentication is temporarily unavailable"));
		}
		finally {
			TOKENS.restart();
		}
		assertThat(name(bearer(TOKENS.token("alice")))).isEqualTo("alice");
	}

	private static void assertRefused(String authorization, String challenge) {
		StatusRuntimeException ex = failure(() -> name(authorization));
		assertThat(ex.getStatus())
			.hasToString(Status.UNAUTHENTICATED.withDescription("Invalid credentials").toString());
		assertThat(challenges(ex)).containsExactly(challenge);
	}

	private static StatusRuntimeException failure(Runnable call) {
		StatusRuntimeException ex = catchThrowableOfType(StatusRuntimeException.class, call::run);
		assertThat(ex).isNotNull();
		return ex;
	}

	private static List<String> challenges(StatusRuntimeException ex) {
		Metadata trailers = ex.getTrailers();
		Iterable<String> all = (trailers != null) ? trailers.getAll(WWW_AUTHENTICATE) : null;
		return (all != null) ? List.of(String.join("\n", all).split("\n")) : List.of();
	}

	private static long refused(RefusalReason reason) {
		return ServersOf.refusals(context, "network").getCount(reason);
	}

	private static String name(@Nullable String authorization) {
		Feature feature = stub(headers(authorization)).getFeature(Point.getDefaultInstance());
		return feature.getName();
	}

	private static String open(@Nullable String authorization) {
		return stub(headers(authorization)).listFeatures(Rectangle.getDefaultInstance()).next().getName();
	}

	private static RouteGuideBlockingStub stub(Metadata headers) {
		return client.routeGuide().withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
	}

	private static Metadata headers(@Nullable String authorization) {
		Metadata headers = new Metadata();
		if (authorization != null) {
			headers.put(AUTHORIZATION, authorization);
		}
		return headers;
	}

	private static String bearer(String token) {
		return "Bearer " + token;
	}

	private static String basic(String credentials) {
		return "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8));
	}

	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableServerAutoConfiguration
	@Import({ CallerRouteGuide.class, TestAuthorization.class, Events.class })
	static class Config {

		@Bean
		@GrpcService
		OneMethodService denied() {
			return new OneMethodService("test.Denied");
		}

		@Bean
		JwtDecoder jwtDecoder() {
			NimbusJwtDecoder decoder = (NimbusJwtDecoder) TOKENS.decoder();
			decoder.setJwtValidator(JwtValidators.createDefaultWithValidators(new JwtClaimValidator<List<String>>("aud",
					(audience) -> audience != null && audience.contains("grpc"))));
			return decoder;
		}

		@Bean
		AuthenticationManager passwords() {
			Map<String, String> passwords = Map.of("bob", "pass:word:");
			return (credentials) -> {
				if (!String.valueOf(credentials.getCredentials()).equals(passwords.get(credentials.getName()))) {
					throw new BadCredentialsException("Bad credentials");
				}
				return UsernamePasswordAuthenticationToken.authenticated(credentials.getName(), null,
						AuthorityUtils.NO_AUTHORITIES);
			};
		}

		@Bean
		@Order(1)
		GrpcAuthenticationConverter apiKeys() {
			return GrpcAuthenticationConverter.apiKey("X-Api-Key", (credentials) -> {
				if (!"key-of-carol".equals(credentials.getCredentials())) {
					throw new BadCredentialsException("Unknown key");
				}
				return UsernamePasswordAuthenticationToken.authenticated("carol", null, AuthorityUtils.NO_AUTHORITIES);
			});
		}

		@Bean
		@Order(2)
		GrpcAuthenticationConverter basic(AuthenticationManager passwords) {
			return GrpcAuthenticationConverter.basic(passwords);
		}

		/**
		 * After that of tokens, and with the only manager.
		 */
		@Bean
		GrpcAuthenticationConverter late() {
			return (call) -> {
				String user = call.headers().get(LATE);
				return (user != null) ? UsernamePasswordAuthenticationToken.unauthenticated(user, "pass:word:") : null;
			};
		}

		@Bean
		AuthenticationEventPublisher authenticationEvents(ApplicationEventPublisher events) {
			return new DefaultAuthenticationEventPublisher(events);
		}

		@Bean
		AuthorizationEventPublisher authorizationEvents(ApplicationEventPublisher events) {
			return new SpringAuthorizationEventPublisher(events);
		}

	}

	static class Events {

		final Queue<String> seen = new ConcurrentLinkedQueue<>();

		@EventListener
		void on(AuthenticationSuccessEvent event) {
			this.seen.add("AuthenticationSuccessEvent " + event.getAuthentication().getName());
		}

		@EventListener
		void on(AbstractAuthenticationFailureEvent event) {
			this.seen.add(event.getClass().getSimpleName() + " " + event.getException().getClass().getSimpleName());
		}

		@EventListener
		void on(AuthorizationDeniedEvent<?> event) {
			GrpcSecuredCall call = (GrpcSecuredCall) event.getObject();
			this.seen.add("denied %s %s".formatted(event.getAuthentication().get().getName(),
					call.method().getFullMethodName()));
		}

	}

}
