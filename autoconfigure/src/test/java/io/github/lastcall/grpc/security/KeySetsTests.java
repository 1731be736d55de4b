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

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import io.github.lastcall.grpc.testing.TestTokens;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.security.oauth2.jose.jws.SignatureAlgorithm;
import org.springframework.security.oauth2.jwt.BadJwtException;
import org.springframework.security.oauth2.jwt.JwtException;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * How often an issuer is asked for its keys.
 */
class KeySetsTests {

	private final TestTokens issuer = new TestTokens();

	private final AtomicLong nanos = new AtomicLong();

	private final AtomicInteger requests = new AtomicInteger();

	private final NimbusJwtDecoder decoder = NimbusJwtDecoder.withJwkSetUri(this.issuer.keysUri())
		.jwsAlgorithm(SignatureAlgorithm.ES256)
		.restOperations(keySets())
		.build();

	private BearerTokens.KeySets keySets() {
		BearerTokens.KeySets keySets = new BearerTokens.KeySets(this.nanos::get);
		keySets.getInterceptors().add((request, body, execution) -> {
			this.requests.incrementAndGet();
			return execution.execute(request, body);
		});
		return keySets;
	}

	@AfterEach
	void stop() {
		this.issuer.close();
	}

	@Test
	void aThousandUnknownKeysCauseOneFetchInAnInterval() {
		decode("alice");
		askForUnknownKeys(1000);
		assertThat(this.issuer.fetches()).isEqualTo(2);
		pass(BearerTokens.KeySets.INTERVAL);
		askForUnknownKeys(1000);
		assertThat(this.issuer.fetches()).isEqualTo(3);
		decode("bob");
	}

	@Test
	void aNewKeyIsKnownAtOnce() {
		decode("alice");
		for (int i = 0; i < 3; i++) {
			this.issuer.rotate();
			decode("alice");
		}
		assertThat(this.issuer.fetches()).isEqualTo(4);
	}

	@Test
	void duringAnAttackANewKeyIsKnownAfterAnInterval() {
		decode("alice");
		askForUnknownKeys(2);
		this.issuer.rotate();
		String token = this.issuer.token("alice");
		assertThatExceptionOfType(BadJwtException.class).isThrownBy(() -> this.decoder.decode(token));
		pass(BearerTokens.KeySets.INTERVAL);
		assertThat(this.decoder.decode(token).getSubject()).isEqualTo("alice");
	}

	@Test
	void anIssuerOutOfReachIsAskedOnceInASecond() {
		decode("alice");
		String known = this.issuer.token("alice");
		this.issuer.stop();
		for (int i = 0; i < 100; i++) {
			String token = this.issuer.tokenOfKeyId("unknown-" + i);
			assertThatExceptionOfType(JwtException.class).isThrownBy(() -> this.decoder.decode(token))
				.isNotInstanceOf(BadJwtException.class);
		}
		assertThat(this.requests).hasValue(2);
		assertThat(this.decoder.decode(known).getSubject()).isEqualTo("alice");
		this.issuer.restart();
		this.issuer.rotate();
		pass(BearerTokens.KeySets.FAILURE_INTERVAL);
		decode("bob");
	}

	private void askForUnknownKeys(int times) {
		for (int i = 0; i < times; i++) {
			String token = this.issuer.tokenOfKeyId("unknown-" + i);
			assertThatExceptionOfType(BadJwtException.class).isThrownBy(() -> this.decoder.decode(token));
		}
	}

	private void decode(String subject) {
		assertThat(this.decoder.decode(this.issuer.token(subject)).getSubject()).isEqualTo(subject);
	}

	private void pass(Duration time) {
		this.nanos.addAndGet(time.toNanos());
	}

}
