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

import java.util.Collection;
import java.util.List;
import java.util.Objects;

import io.github.lastcall.grpc.tls.PeerIdentity;
import org.jspecify.annotations.Nullable;

import org.springframework.security.authentication.AbstractAuthenticationToken;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.core.authority.AuthorityUtils;
import org.springframework.util.Assert;

/**
 * Caller that is authenticated by the certificate of its client. The principal is the
 * {@link PeerIdentity}.
 */
public final class GrpcPeerAuthentication extends AbstractAuthenticationToken {

	private static final long serialVersionUID = 1;

	private final transient PeerIdentity peer;

	private final String name;

	private GrpcPeerAuthentication(PeerIdentity peer, String name, Collection<? extends GrantedAuthority> authorities) {
		super(authorities);
		Assert.notNull(peer, "'peer' must not be null");
		Assert.hasText(name, "'name' must not be empty");
		this.peer = peer;
		this.name = name;
		super.setAuthenticated(true);
	}

	/**
	 * Creates a caller.
	 * @param peer the client
	 * @param name the name of the caller
	 * @param authorities the authorities such as {@code ROLE_SERVICE}
	 * @return the caller, which is authenticated
	 */
	public static GrpcPeerAuthentication of(PeerIdentity peer, String name, String... authorities) {
		return of(peer, name, AuthorityUtils.createAuthorityList(List.of(authorities)));
	}

	/**
	 * Creates a caller.
	 * @param peer the client
	 * @param name the name of the caller
	 * @param authorities the authorities
	 * @return the caller, which is authenticated
	 */
	public static GrpcPeerAuthentication of(PeerIdentity peer, String name,
			Collection<? extends GrantedAuthority> authorities) {
		return new GrpcPeerAuthentication(peer, name, authorities);
	}

	@Override
	public String getName() {
		return this.name;
	}

	@Override
	public PeerIdentity getPrincipal() {
		return this.peer;
	}

	/**
	 * Returns an empty text: what proves the identity is the private key of the client.
	 */
	@Override
	public Object getCredentials() {
		return "";
	}

	@Override
	public boolean equals(@Nullable Object other) {
		return other instanceof GrpcPeerAuthentication that && super.equals(other) && this.name.equals(that.name);
	}

	@Override
	public int hashCode() {
		return Objects.hash(super.hashCode(), this.name);
	}

}
