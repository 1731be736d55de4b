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
import java.util.function.Supplier;

import io.github.lastcall.grpc.executor.NettyEventLoop;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.security.authentication.AnonymousAuthenticationToken;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.core.authority.AuthorityUtils;
import org.springframework.util.Assert;

/**
 * Finds out who makes a call. The first converter that recognizes its credentials
 * decides, and the certificate of the client if none does.
 *
 * @hidden
 */
public final class CallAuthenticator implements AopInfrastructureBean {

	/**
	 * Result of {@link #authenticate} on an event loop that would have to be blocked.
	 */
	static final Authentication NOT_HERE = anonymous();

	private final List<GrpcAuthenticationConverter> converters;

	private final @Nullable GrpcPeerMapper peers;

	private final Supplier<@Nullable AuthenticationManager> manager;

	private final List<String> challenges;

	/**
	 * Creates a new authenticator.
	 * @param converters the converters in their order
	 * @param peers maps certificates to callers, {@code null} if they name none
	 * @param manager supplies the manager of converters that have none
	 */
	public CallAuthenticator(List<GrpcAuthenticationConverter> converters, @Nullable GrpcPeerMapper peers,
			Supplier<@Nullable AuthenticationManager> manager) {
		this.converters = List.copyOf(converters);
		this.peers = peers;
		this.manager = manager;
		this.challenges = this.converters.stream()
			.map(GrpcAuthenticationConverter::challenge)
			.filter((challenge) -> challenge != null)
			.map(String::valueOf)
			.distinct()
			.toList();
	}

	boolean isEmpty() {
		return this.converters.isEmpty() && this.peers == null;
	}

	/**
	 * Returns what a client without credentials is told.
	 */
	List<String> challenges() {
		return this.challenges;
	}

	/**
	 * Authenticates the caller of a call.
	 * @return the caller, {@code null} if the call has no credentials, {@link #NOT_HERE}
	 * if finding out may block the event loop that the current thread is
	 * @throws AuthenticationException if the credentials are refused
	 */
	@Nullable Authentication authenticate(GrpcSecuredCall call) {
		for (GrpcAuthenticationConverter converter : this.converters) {
			boolean avoided = converter.isBlocking() && NettyEventLoop.current() != null;
			if (avoided && !(converter instanceof HeaderCredentials)) {
				return NOT_HERE;
			}
			Authentication credentials = convert(converter, call);
			if (credentials != null) {
				return (avoided && !credentials.isAuthenticated()) ? NOT_HERE : authenticate(converter, credentials);
			}
		}
		GrpcPeerMapper peers = this.peers;
		return (peers != null && call.peer() != null) ? peers.map(call.peer()) : null;
	}

	private static @Nullable Authentication convert(GrpcAuthenticationConverter converter, GrpcSecuredCall call) {
		try {
			return converter.convert(call);
		}
		catch (AuthenticationException ex) {
			throw SecurityStatus.RefusedCredentialsException.of(ex, null, converter.challenge());
		}
	}

	private Authentication authenticate(GrpcAuthenticationConverter converter, Authentication credentials) {
		if (credentials.isAuthenticated()) {
			return credentials;
		}
		AuthenticationManager manager = converter.manager();
		if (manager == null) {
			manager = this.manager.get();
		}
		Assert.state(manager != null, () -> "There is no AuthenticationManager for the credentials of " + converter);
		// A manager may erase them.
		Object secret = credentials.getCredentials();
		try {
			Authentication caller = manager.authenticate(credentials);
			if (caller == null || !caller.isAuthenticated()) {
				throw new BadCredentialsException("The AuthenticationManager did not authenticate the caller");
			}
			return caller;
		}
		catch (AuthenticationException ex) {
			throw SecurityStatus.RefusedCredentialsException.of(ex, secret, converter.challenge());
		}
	}

	/**
	 * Creates the caller of a call without credentials.
	 */
	static Authentication anonymous() {
		return new AnonymousAuthenticationToken("grpc", "anonymousUser",
				AuthorityUtils.createAuthorityList("ROLE_ANONYMOUS"));
	}

	static boolean isAnonymous(@Nullable Authentication caller) {
		return caller == null || caller instanceof AnonymousAuthenticationToken;
	}

	/**
	 * Converter that may be called on event loops.
	 */
	record NonBlockingConverter(GrpcAuthenticationConverter delegate) implements GrpcAuthenticationConverter {

		@Override
		public @Nullable Authentication convert(GrpcSecuredCall call) {
			return this.delegate.convert(call);
		}

		@Override
		public @Nullable AuthenticationManager manager() {
			return this.delegate.manager();
		}

		@Override
		public @Nullable String challenge() {
			return this.delegate.challenge();
		}

		@Override
		public boolean isBlocking() {
			return false;
		}

		@Override
		public GrpcAuthenticationConverter nonBlocking() {
			return this;
		}

	}

}
