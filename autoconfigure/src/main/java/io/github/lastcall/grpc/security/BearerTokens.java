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

import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.AuthenticationManagerResolver;
import org.springframework.security.core.Authentication;
import org.springframework.security.oauth2.server.resource.InvalidBearerTokenException;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthenticationToken;
import org.springframework.util.Assert;

/**
 * Bearer tokens in the header {@code authorization}.
 *
 * @hidden
 */
public final class BearerTokens implements GrpcAuthenticationConverter, AopInfrastructureBean {

	/**
	 * Challenge of the scheme. A converter of the application with this challenge
	 * replaces this one.
	 */
	public static final String CHALLENGE = "Bearer";

	private static final Pattern TOKEN = Pattern.compile("[a-zA-Z0-9-._~+/]++=*+");

	private final @Nullable AuthenticationManagerResolver<GrpcSecuredCall> managers;

	private final HeaderCredentials header;

	/**
	 * Creates a new converter.
	 * @param managers supplies the manager for the token of a call, {@code null} if
	 * tokens are ignored
	 */
	public BearerTokens(@Nullable AuthenticationManagerResolver<GrpcSecuredCall> managers) {
		this.managers = managers;
		this.header = new HeaderCredentials(BearerTokens::read, this::authenticate, CHALLENGE);
	}

	/**
	 * Returns whether there is anything to authenticate tokens with.
	 */
	public boolean isActive() {
		return this.managers != null;
	}

	private static @Nullable Authentication read(GrpcSecuredCall call) {
		String value = HeaderCredentials.ofScheme("Bearer", call);
		return (value != null) ? new Token(token(value), call) : null;
	}

	private static String token(String value) {
		if (!TOKEN.matcher(value).matches()) {
			throw new InvalidBearerTokenException("The bearer token is malformed");
		}
		return value;
	}

	private Authentication authenticate(Authentication token) {
		AuthenticationManagerResolver<GrpcSecuredCall> managers = this.managers;
		Assert.state(managers != null, "Tokens are ignored");
		return managers.resolve(((Token) token).call).authenticate(token);
	}

	/**
	 * Returns whether a token looks like a JWT, and not like an opaque one.
	 * @param token the {@link BearerTokenAuthenticationToken}
	 */
	public static boolean isJwt(Authentication token) {
		String value = ((BearerTokenAuthenticationToken) token).getToken();
		int first = value.indexOf('.');
		int second = value.indexOf('.', first + 1);
		return first > 0 && second > 0 && value.indexOf('.', second + 1) == -1;
	}

	@Override
	public @Nullable Authentication convert(GrpcSecuredCall call) {
		return this.header.convert(call);
	}

	@Override
	public AuthenticationManager manager() {
		return this.header.manager();
	}

	@Override
	public String challenge() {
		return CHALLENGE;
	}

	private static final class Token extends BearerTokenAuthenticationToken {

		private static final long serialVersionUID = 1;

		private final transient GrpcSecuredCall call;

		Token(String token, GrpcSecuredCall call) {
			super(token);
			this.call = call;
		}

	}

}
