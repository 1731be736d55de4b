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
import java.util.Base64;
import java.util.function.Function;

import io.grpc.Metadata;
import org.jspecify.annotations.Nullable;

import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.Authentication;

/**
 * Credentials in a header. They are read without blocking; only the manager may block.
 */
final class HeaderCredentials implements GrpcAuthenticationConverter {

	static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization",
			Metadata.ASCII_STRING_MARSHALLER);

	private final Function<GrpcSecuredCall, @Nullable Authentication> reader;

	private final AuthenticationManager manager;

	private final String challenge;

	HeaderCredentials(Function<GrpcSecuredCall, @Nullable Authentication> reader, AuthenticationManager manager,
			String challenge) {
		this.reader = reader;
		this.manager = manager;
		this.challenge = challenge;
	}

	static HeaderCredentials basic(AuthenticationManager manager) {
		return new HeaderCredentials((call) -> {
			String value = ofScheme("Basic", call);
			return (value != null) ? usernamePassword(value) : null;
		}, manager, "Basic realm=\"grpc\"");
	}

	private static Authentication usernamePassword(String value) {
		String decoded;
		try {
			decoded = new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8);
		}
		catch (IllegalArgumentException ex) {
			throw new BadCredentialsException("The Basic credentials are not base64");
		}
		// A password may contain colons, a username may not.
		int colon = decoded.indexOf(':');
		if (colon == -1) {
			throw new BadCredentialsException("The Basic credentials contain no colon");
		}
		return UsernamePasswordAuthenticationToken.unauthenticated(decoded.substring(0, colon),
				decoded.substring(colon + 1));
	}

	static HeaderCredentials apiKey(String header, AuthenticationManager manager) {
		Metadata.Key<String> key = Metadata.Key.of(header, Metadata.ASCII_STRING_MARSHALLER);
		return new HeaderCredentials((call) -> {
			String value = call.headers().get(key);
			return (value != null) ? new GrpcApiKey(value) : null;
		}, manager, "ApiKey header=\"%s\"".formatted(key.name()));
	}

	/**
	 * Returns the credentials of a scheme in the header {@code authorization}.
	 * @return the credentials, {@code null} if the header has another scheme
	 */
	static @Nullable String ofScheme(String scheme, GrpcSecuredCall call) {
		String value = call.headers().get(AUTHORIZATION);
		if (value == null || !value.regionMatches(true, 0, scheme, 0, scheme.length())) {
			return null;
		}
		int length = scheme.length();
		if (value.length() == length) {
			return "";
		}
		if (value.charAt(length) != ' ') {
			return null;
		}
		return value.substring(length + 1).trim();
	}

	@Override
	public @Nullable Authentication convert(GrpcSecuredCall call) {
		return this.reader.apply(call);
	}

	@Override
	public AuthenticationManager manager() {
		return this.manager;
	}

	@Override
	public String challenge() {
		return this.challenge;
	}

}
