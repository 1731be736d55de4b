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
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import com.sun.net.httpserver.HttpServer;
import io.github.lastcall.strangers.greeter.Greeting;
import io.github.lastcall.strangers.greeter.GreeterGrpc;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The tokens of a real authorization server, sent by other people's clients to an
 * application that has nothing but the starters, the property of the issuer and rules.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class BearerTokenIT {

	private static AuthorizationServer authorizationServer;

	private static Stranger greeter;

	@BeforeAll
	static void start() throws Exception {
		authorizationServer = AuthorizationServer.start();
		greeter = start(authorizationServer, "--server.port=0");
	}

	@AfterAll
	static void stop() {
		greeter.close();
		authorizationServer.close();
	}

	private static Stranger start(AuthorizationServer server, String... arguments) throws IOException {
		return Stranger.start(List.of("-jar", Stranger.jar("secured-jwt").toString(), "--grpc.server.port=0",
				"--spring.security.oauth2.resourceserver.jwt.issuer-uri=" + server.issuer()), arguments);
	}

	@Test
	void aTokenWithTheScopeIsAllowed() throws Exception {
		String token = authorizationServer.token("driver", "greet stay");
		assertThat(greet(greeter, token)).isEqualTo("Hello Ada from driver");
		assertThat(Callers.python(greeter, token)).contains("OK Hello Ada from driver");
		assertThat(buf(token)).contains("\"Hello Ada from driver\"");
	}

	@Test
	void aTokenWithoutTheScopeIsDenied() throws Exception {
		String token = authorizationServer.token("guest", null);
		StatusRuntimeException denied = refused(greeter, token);
		assertThat(denied.getStatus().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
		assertThat(denied.getTrailers().containsKey(Callers.WWW_AUTHENTICATE)).isFalse();
		assertThat(Callers.python(greeter, token)).contains("PERMISSION_DENIED None");
		assertThat(buf(token)).contains("\"permission_denied\"");
		assertThat(stay(greeter, authorizationServer.token("guest", "greet")).end().status())
			.isEqualTo(Status.Code.PERMISSION_DENIED);
	}

	@Test
	void aCallWithoutATokenIsUnauthenticated() {
		StatusRuntimeException unauthenticated = refused(greeter, null);
		assertThat(unauthenticated.getStatus().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
		assertThat(unauthenticated.getTrailers().get(Callers.WWW_AUTHENTICATE)).startsWith("Bearer");
		assertThat(Callers.python(greeter, "")).contains("UNAUTHENTICATED Bearer");
		assertThat(buf(null)).contains("\"unauthenticated\"");
	}

	@Test
	void aTokenForAnotherServiceIsUnauthenticated() throws Exception {
		StatusRuntimeException unauthenticated = refused(greeter, authorizationServer.token("elsewhere", "greet"));
		assertThat(unauthenticated.getStatus().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
		assertThat(unauthenticated.getTrailers().get(Callers.WWW_AUTHENTICATE)).startsWith("Bearer");
		assertThat(unauthenticated.getStatus().getDescription()).doesNotContain("aud");
	}

	@Test
	void aProbeNeedsNoToken() {
		assertThat(HealthGrpc.newBlockingStub(greeter.channel())
			.withDeadlineAfter(1, TimeUnit.MINUTES)
			.check(HealthCheckRequest.getDefaultInstance())
			.getStatus()).isEqualTo(ServingStatus.SERVING);
	}

	@Test
	void theCallerIsKnownWhenTheServerDrains() throws Exception {
		try (Stranger stranger = start(authorizationServer, "--spring.main.web-application-type=none")) {
			assertThat(greet(stranger, authorizationServer.token("driver", "greet")))
				.isEqualTo("Hello Ada from driver");
			assertThat(refused(stranger, null).getStatus().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
			Received<Greeting> stream = stay(stranger, authorizationServer.token("driver", "stay"));
			assertThat(stream.next().getText()).isEqualTo("Welcome Ada from driver");
			stranger.signal("TERM");
			assertThat(stream.end()).satisfies((end) -> {
				assertThat(end.status()).isEqualTo(Status.Code.OK);
				assertThat(end.rest()).extracting(Greeting::getText).containsExactly("Goodbye Ada from driver");
			});
			stranger.awaitExit();
			assertThat(stranger.log()).doesNotContain("Exception", "eyJ");
		}
	}

	@Test
	void aStreamEndsWithItsToken() throws Exception {
		try (Stranger stranger = start(authorizationServer, "--spring.main.web-application-type=none",
				"--grpc.server.security.end-streams-on-expiry=true")) {
			assertThat(stay(stranger, authorizationServer.token("hasty", "stay")).end().status())
				.isEqualTo(Status.Code.UNAUTHENTICATED);
		}
	}

	@Test
	void anAuthorizationServerOutOfReachIsUnavailable() throws Exception {
		try (AuthorizationServer first = AuthorizationServer.start();
				Stranger jwt = start(first, "--spring.main.web-application-type=none");
				Stranger opaque = startWithIntrospection(first)) {
			String early = first.token("driver", "greet");
			first.close();
			assertThat(refused(jwt, early).getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
			assertThat(refused(opaque, early).getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
			try (AuthorizationServer second = AuthorizationServer.start("--server.port=" + first.webPort())) {
				String known = second.token("driver", "greet");
				assertThat(greet(jwt, known)).isEqualTo("Hello Ada from driver");
				String introspected = second.token("opaque", "greet");
				assertThat(greet(opaque, introspected)).isEqualTo("Hello Ada from opaque");
				assertThat(refused(opaque, "madeup").getStatus().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
				second.rotateKeys();
				String unknown = second.token("driver", "greet");
				second.close();
				assertThat(greet(jwt, known)).isEqualTo("Hello Ada from driver");
				assertThat(refused(jwt, unknown).getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
				assertThat(Callers.python(jwt, unknown)).contains("UNAVAILABLE None");
				assertThat(refused(opaque, introspected).getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
				assertThat(jwt.log()).doesNotContain(unknown);
				assertThat(opaque.log()).doesNotContain(introspected);
			}
		}
	}

	private static Stranger startWithIntrospection(AuthorizationServer server) throws IOException {
		String opaque = "--spring.security.oauth2.resourceserver.opaquetoken.";
		return Stranger.start("secured-jwt", "--grpc.server.port=0", "--spring.main.web-application-type=none",
				"--spring.security.oauth2.resourceserver.jwt.issuer-uri=",
				opaque + "introspection-uri=" + server.issuer() + "/oauth2/introspect", opaque + "client-id=guest",
				opaque + "client-secret=guest");
	}

	@Test
	void keysAreRotatedWhileCallsRun() throws Exception {
		try (AuthorizationServer rotating = AuthorizationServer.start();
				Stranger stranger = start(rotating, "--spring.main.web-application-type=none")) {
			String before = rotating.token("driver", "greet stay");
			Received<Greeting> stream = stay(stranger, before);
			assertThat(stream.next().getText()).isEqualTo("Welcome Ada from driver");
			rotating.rotateKeys();
			assertThat(greet(stranger, rotating.token("guest", "greet"))).isEqualTo("Hello Ada from guest");
			assertThat(greet(stranger, before)).isEqualTo("Hello Ada from driver");
			stranger.signal("TERM");
			assertThat(stream.end().status()).isEqualTo(Status.Code.OK);
		}
	}

	@Test
	void unknownKeysAreHardlyAskedFor() throws Exception {
		AtomicInteger fetches = new AtomicInteger();
		String keys = authorizationServer.keys();
		HttpServer published = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		published.createContext("/", (exchange) -> {
			fetches.incrementAndGet();
			exchange.getResponseHeaders().add("Content-Type", "application/json");
			exchange.sendResponseHeaders(200, keys.length());
			exchange.getResponseBody().write(keys.getBytes(StandardCharsets.UTF_8));
			exchange.close();
		});
		published.start();
		String uri = "http://localhost:%d/".formatted(published.getAddress().getPort());
		try (Stranger stranger = start(authorizationServer, "--spring.main.web-application-type=none",
				"--spring.security.oauth2.resourceserver.jwt.jwk-set-uri=" + uri)) {
			String token = authorizationServer.token("driver", "greet");
			long start = System.nanoTime();
			for (int i = 0; i < 100; i++) {
				assertThat(refused(stranger, ofKey("unknown-" + i, token)).getStatus().getCode())
					.isEqualTo(Status.Code.UNAUTHENTICATED);
			}
			assertThat(greet(stranger, token)).isEqualTo("Hello Ada from driver");
			long intervals = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start) / 10;
			assertThat(fetches).hasValueBetween(1, 3 + (int) intervals);
		}
		finally {
			published.stop(0);
		}
	}

	/**
	 * Returns a token with another key id. Its signature is wrong now, but the key comes
	 * first.
	 */
	private static String ofKey(String id, String token) {
		String header = "{\"alg\":\"RS256\",\"kid\":\"%s\"}".formatted(id);
		return Base64.getUrlEncoder().withoutPadding().encodeToString(header.getBytes(StandardCharsets.UTF_8))
				+ token.substring(token.indexOf('.'));
	}

	private static Received<Greeting> stay(Stranger stranger, String token) {
		Received<Greeting> greetings = new Received<>();
		GreeterGrpc.newStub(stranger.channel())
			.withInterceptors(Callers.bearing(token))
			.stay(Stranger.guest("Ada"), greetings);
		return greetings;
	}

	private static StatusRuntimeException refused(Stranger stranger, @Nullable String token) {
		return Callers.refused(stranger.channel(), token);
	}

	private static String greet(Stranger stranger, String token) {
		return Callers.greet(stranger.channel(), token);
	}

	private static String buf(@Nullable String token) {
		return (token != null)
				? Callers.buf(greeter, "http", "--http2-prior-knowledge", "-H", "authorization: Bearer " + token)
				: Callers.buf(greeter, "http", "--http2-prior-knowledge");
	}

}
