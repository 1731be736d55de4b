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

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Objects;
import java.util.function.LongSupplier;

import io.github.lastcall.grpc.tls.PeerIdentity;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.http.RequestEntity;
import org.springframework.http.ResponseEntity;
import org.springframework.http.client.SimpleClientHttpRequestFactory;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.AuthenticationManagerResolver;
import org.springframework.security.core.Authentication;
import org.springframework.security.oauth2.server.resource.InvalidBearerTokenException;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthenticationToken;
import org.springframework.util.Assert;
import org.springframework.web.client.RestClientException;
import org.springframework.web.client.RestTemplate;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.RequestContextHolder;

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

	/**
	 * Whether a token may contain the character with that code, anywhere but at its end.
	 */
	private static final boolean[] CHARACTERS = new boolean[128];
	static {
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/".chars()
			.forEach((character) -> CHARACTERS[character] = true);
	}

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
		if (!isToken(value)) {
			throw new InvalidBearerTokenException("The bearer token is malformed");
		}
		return value;
	}

	/**
	 * Not a regular expression, which would take longer than all the rest that is done
	 * about a call beside checking its token.
	 */
	private static boolean isToken(String value) {
		int end = value.length();
		while (end > 0 && value.charAt(end - 1) == '=') {
			end--;
		}
		for (int i = 0; i < end; i++) {
			char character = value.charAt(i);
			if (character >= CHARACTERS.length || !CHARACTERS[character]) {
				return false;
			}
		}
		return end > 0;
	}

	private Authentication authenticate(Authentication token) {
		AuthenticationManagerResolver<GrpcSecuredCall> managers = this.managers;
		Assert.state(managers != null, "Tokens are ignored");
		GrpcSecuredCall call = ((Token) token).call;
		RequestAttributes before = RequestContextHolder.getRequestAttributes();
		if (call.peer() == null && before == null) {
			return managers.resolve(call).authenticate(token);
		}
		RequestContextHolder.setRequestAttributes(new PeerCertificate(call.peer()));
		try {
			return managers.resolve(call).authenticate(token);
		}
		finally {
			RequestContextHolder.setRequestAttributes(before);
		}
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

	/**
	 * Fetches the keys of an issuer. A decoder asks for them whenever a token names a key
	 * that it does not know, and anybody can send such tokens: after a fetch that brought
	 * nothing new, the next one is an interval away, and the decoder receives the same
	 * keys meanwhile. So a key that is published then is known at the end of the
	 * interval.
	 * <p>
	 * Not thread-safe: a decoder fetches on one thread at a time.
	 *
	 * @hidden
	 */
	public static final class KeySets extends RestTemplate {

		/**
		 * Minimum time between fetches that bring nothing new.
		 */
		static final Duration INTERVAL = Duration.ofSeconds(10);

		/**
		 * Minimum time between fetches that fail.
		 */
		static final Duration FAILURE_INTERVAL = Duration.ofSeconds(1);

		private static final Duration TIMEOUT = Duration.ofSeconds(5);

		private final LongSupplier nanoTime;

		private @Nullable Fetch last;

		/**
		 * Creates new key sets, for the decoder of one issuer.
		 * @param nanoTime the clock, as {@link System#nanoTime()}
		 */
		public KeySets(LongSupplier nanoTime) {
			this.nanoTime = nanoTime;
			SimpleClientHttpRequestFactory requests = new SimpleClientHttpRequestFactory();
			requests.setConnectTimeout(TIMEOUT);
			requests.setReadTimeout(TIMEOUT);
			setRequestFactory(requests);
		}

		@Override
		@SuppressWarnings("unchecked")
		public <T> ResponseEntity<T> exchange(RequestEntity<?> request, Class<T> type) {
			Fetch last = this.last;
			if (last == null || this.nanoTime.getAsLong() - last.nanos() >= last.interval().toNanos()) {
				last = fetch(request, type, (last != null) ? last.keys() : null);
				this.last = last;
			}
			if (last.failure() != null) {
				throw last.failure();
			}
			return (ResponseEntity<T>) Objects.requireNonNull(last.keys());
		}

		private Fetch fetch(RequestEntity<?> request, Class<?> type, @Nullable ResponseEntity<?> before) {
			try {
				ResponseEntity<?> keys = super.exchange(request, type);
				boolean news = before == null || !Objects.equals(before.getBody(), keys.getBody());
				return new Fetch(keys, null, this.nanoTime.getAsLong(), news ? Duration.ZERO : INTERVAL);
			}
			catch (RestClientException ex) {
				return new Fetch(before, ex, this.nanoTime.getAsLong(), FAILURE_INTERVAL);
			}
		}

		private record Fetch(@Nullable ResponseEntity<?> keys, @Nullable RestClientException failure, long nanos,
				Duration interval) {

		}

	}

	/**
	 * Certificate of the client, where Spring Security looks for that to which a token is
	 * bound. Otherwise as if there were no request.
	 */
	private static final class PeerCertificate implements RequestAttributes {

		private static final String NAME = "jakarta.servlet.request.X509Certificate";

		private final @Nullable PeerIdentity peer;

		PeerCertificate(@Nullable PeerIdentity peer) {
			this.peer = peer;
		}

		@Override
		public @Nullable Object getAttribute(String name, int scope) {
			return (this.peer != null && scope == SCOPE_REQUEST && name.equals(NAME))
					? this.peer.certificates().toArray(X509Certificate[]::new) : null;
		}

		@Override
		public String[] getAttributeNames(int scope) {
			return (this.peer != null && scope == SCOPE_REQUEST) ? new String[] { NAME } : new String[0];
		}

		@Override
		public void setAttribute(String name, Object value, int scope) {
			throw noRequest();
		}

		@Override
		public void removeAttribute(String name, int scope) {
			throw noRequest();
		}

		@Override
		public void registerDestructionCallback(String name, Runnable callback, int scope) {
			throw noRequest();
		}

		@Override
		public @Nullable Object resolveReference(String key) {
			return null;
		}

		@Override
		public String getSessionId() {
			throw noRequest();
		}

		@Override
		public Object getSessionMutex() {
			throw noRequest();
		}

		private static IllegalStateException noRequest() {
			return new IllegalStateException("A gRPC call is not an HTTP request");
		}

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
