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

import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.github.lastcall.grpc.testing.OneMethodService;
import io.grpc.Metadata;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import org.springframework.security.core.Authentication;
import org.springframework.security.oauth2.server.resource.InvalidBearerTokenException;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthenticationToken;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * What is a bearer token.
 */
class BearerTokensTests {

	/**
	 * The syntax of RFC 6750.
	 */
	private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9\\-._~+/]+=*");

	private final BearerTokens tokens = new BearerTokens((call) -> (token) -> token);

	@Test
	void theCharactersOfATokenAreThoseOfTheStandard() {
		// A space at the edge belongs to the header.
		Stream<String> candidates = IntStream.rangeClosed(0, 300)
			.mapToObj(Character::toString)
			.flatMap((character) -> Stream.of("a" + character + "b", character + ".", "." + character,
					"a" + character + "=", "a=" + character, "=" + character))
			.filter((candidate) -> candidate.equals(candidate.trim()));
		assertThat(candidates).isNotEmpty()
			.allSatisfy((candidate) -> assertThat(isAccepted(candidate)).as("'%s'", candidate)
				.isEqualTo(TOKEN.matcher(candidate).matches()));
	}

	@Test
	void aTokenIsAnythingAfterTheScheme() {
		assertThat(token("bearer abc")).isEqualTo("abc");
		assertThat(token("Bearer   a-b.c==  ")).isEqualTo("a-b.c==");
		assertThat(token("Basic abc")).isNull();
		assertThat(token("Bearerabc")).isNull();
		assertThat(isAccepted("")).isFalse();
		assertThatExceptionOfType(InvalidBearerTokenException.class).isThrownBy(() -> token("Bearer"));
	}

	private boolean isAccepted(String token) {
		try {
			assertThat(token("Bearer " + token)).isEqualTo(token);
			return true;
		}
		catch (InvalidBearerTokenException ex) {
			return false;
		}
	}

	private @Nullable String token(String authorization) {
		Metadata headers = new Metadata();
		headers.put(HeaderCredentials.AUTHORIZATION, authorization);
		Authentication token = this.tokens
			.convert(new GrpcSecuredCall(OneMethodService.method("test.Secured"), headers, null));
		return (token != null) ? ((BearerTokenAuthenticationToken) token).getToken() : null;
	}

}
