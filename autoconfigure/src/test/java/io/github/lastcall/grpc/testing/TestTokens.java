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

package io.github.lastcall.grpc.testing;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;

import org.springframework.security.oauth2.jose.jws.SignatureAlgorithm;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;

/**
 * Issuer of signed tokens, whose keys are published over HTTP. It can rotate them, and be
 * out of reach.
 */
public final class TestTokens implements AutoCloseable {

	private final AtomicInteger fetches = new AtomicInteger();

	private volatile ECKey key = generate("1");

	private volatile HttpServer server;

	private final int port;

	public TestTokens() {
		this.server = start(0);
		this.port = this.server.getAddress().getPort();
	}

	private HttpServer start(int port) {
		try {
			HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
			server.createContext("/keys", (exchange) -> {
				this.fetches.incrementAndGet();
				byte[] keys = new JWKSet(this.key.toPublicJWK()).toString().getBytes(StandardCharsets.UTF_8);
				exchange.getResponseHeaders().add("Content-Type", "application/json");
				exchange.sendResponseHeaders(200, keys.length);
				try (OutputStream body = exchange.getResponseBody()) {
					body.write(keys);
				}
			});
			server.start();
			return server;
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static ECKey generate(String id) {
		try {
			return new ECKeyGenerator(Curve.P_256).keyID(id).generate();
		}
		catch (JOSEException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Where the keys are published.
	 */
	public String keysUri() {
		return "http://localhost:%d/keys".formatted(this.port);
	}

	/**
	 * Number of times that the keys have been fetched.
	 */
	public int fetches() {
		return this.fetches.get();
	}

	/**
	 * A decoder as Spring Boot makes one.
	 */
	public JwtDecoder decoder() {
		return NimbusJwtDecoder.withJwkSetUri(keysUri()).jwsAlgorithm(SignatureAlgorithm.ES256).build();
	}

	/**
	 * Signs with a new key from now on, and publishes only that.
	 */
	public void rotate() {
		this.key = generate(String.valueOf(Integer.parseInt(this.key.getKeyID()) + 1));
	}

	/**
	 * A token for the audience {@code grpc} that is valid for an hour.
	 */
	public String token(String subject, String... scopes) {
		return token(subject, (claims) -> claims.claim("scope", String.join(" ", scopes)));
	}

	/**
	 * A token with other claims.
	 */
	public String token(String subject, Consumer<JWTClaimsSet.Builder> customizer) {
		return sign(this.key, subject, customizer);
	}

	/**
	 * A token that is signed with a key that nobody knows.
	 */
	public String tokenOfUnknownKey(String keyId, String subject) {
		return sign(generate(keyId), subject, (claims) -> {
		});
	}

	/**
	 * A token whose key id is unknown, and whose signature is an old one: cheap.
	 */
	public String tokenOfKeyId(String keyId) {
		String[] parts = token("nobody").split("\\.");
		String header = new JWSHeader.Builder(JWSAlgorithm.ES256).type(JOSEObjectType.JWT)
			.keyID(keyId)
			.build()
			.toBase64URL()
			.toString();
		return String.join(".", List.of(header, parts[1], parts[2]));
	}

	private static String sign(ECKey key, String subject, Consumer<JWTClaimsSet.Builder> customizer) {
		Instant now = Instant.now();
		JWTClaimsSet.Builder claims = new JWTClaimsSet.Builder().subject(subject)
			.audience("grpc")
			.issueTime(Date.from(now))
			.expirationTime(Date.from(now.plusSeconds(3600)));
		customizer.accept(claims);
		SignedJWT token = new SignedJWT(
				new JWSHeader.Builder(JWSAlgorithm.ES256).type(JOSEObjectType.JWT).keyID(key.getKeyID()).build(),
				claims.build());
		try {
			token.sign(new ECDSASigner(key));
		}
		catch (JOSEException ex) {
			throw new IllegalStateException(ex);
		}
		return token.serialize();
	}

	/**
	 * Is out of reach from now on.
	 */
	public void stop() {
		this.server.stop(0);
	}

	/**
	 * Can be reached again.
	 */
	public void restart() {
		this.server = start(this.port);
	}

	@Override
	public void close() {
		stop();
	}

}
