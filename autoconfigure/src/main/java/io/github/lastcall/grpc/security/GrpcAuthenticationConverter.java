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

import org.jspecify.annotations.Nullable;

import org.springframework.core.annotation.Order;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.AuthenticationException;
import org.springframework.util.Assert;

/**
 * Reads the credentials of one scheme from calls, as a bean:
 *
 * <pre class="code">
 * &#64;Bean
 * GrpcAuthenticationConverter apiKeys(AuthenticationManager keys) {
 *     return GrpcAuthenticationConverter.apiKey("x-api-key", keys);
 * }
 * </pre>
 *
 * Converters are asked in their {@link Order}. The first one that recognizes its
 * credentials decides: a call whose credentials are refused is not tried with others.
 */
@FunctionalInterface
public interface GrpcAuthenticationConverter {

	/**
	 * Reads the credentials of a call.
	 * @param call the call
	 * @return the credentials for {@link #manager()}, or a caller that is authenticated
	 * already; {@code null} if the call has no credentials of this scheme
	 * @throws AuthenticationException if the credentials are malformed
	 */
	@Nullable Authentication convert(GrpcSecuredCall call);

	/**
	 * Returns what authenticates the credentials.
	 * @return the manager, {@code null} for the application's only
	 * {@link AuthenticationManager} bean
	 */
	default @Nullable AuthenticationManager manager() {
		return null;
	}

	/**
	 * Returns the challenge of the scheme, which a client without credentials receives in
	 * the trailer {@code www-authenticate}.
	 * @return the challenge such as {@code Basic realm="grpc"}, {@code null} for none
	 */
	default @Nullable String challenge() {
		return null;
	}

	/**
	 * Returns whether {@link #convert} or the manager may block, as reading a key or a
	 * user over the network does. Neither is called on an event loop then.
	 * @return whether they may block, {@code true} by default
	 */
	default boolean isBlocking() {
		return true;
	}

	/**
	 * Declares that this converter and its manager do not block, so that they are called
	 * on event loops too.
	 * @return the converter
	 */
	default GrpcAuthenticationConverter nonBlocking() {
		return new CallAuthenticator.NonBlockingConverter(this);
	}

	/**
	 * Creates a converter for HTTP Basic: a username and a password, which may contain
	 * colons. Malformed credentials are refused.
	 * @param manager authenticates the
	 * {@link org.springframework.security.authentication.UsernamePasswordAuthenticationToken}
	 * @return the converter
	 */
	static GrpcAuthenticationConverter basic(AuthenticationManager manager) {
		Assert.notNull(manager, "'manager' must not be null");
		return HeaderCredentials.basic(manager);
	}

	/**
	 * Creates a converter for API keys.
	 * @param header the name of the header with the key, such as {@code x-api-key}
	 * @param manager authenticates the {@link GrpcApiKey}
	 * @return the converter
	 */
	static GrpcAuthenticationConverter apiKey(String header, AuthenticationManager manager) {
		Assert.hasText(header, "'header' must not be empty");
		Assert.notNull(manager, "'manager' must not be null");
		return HeaderCredentials.apiKey(header, manager);
	}

}
