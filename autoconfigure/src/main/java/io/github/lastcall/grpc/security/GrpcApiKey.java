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
import java.util.Objects;

import org.jspecify.annotations.Nullable;

import org.springframework.security.authentication.AbstractAuthenticationToken;

/**
 * API key of a call, for the manager of
 * {@link GrpcAuthenticationConverter#apiKey(String, org.springframework.security.authentication.AuthenticationManager)}.
 * The credentials are the key, and there is no principal yet.
 */
public final class GrpcApiKey extends AbstractAuthenticationToken {

	private static final long serialVersionUID = 1;

	private final String key;

	GrpcApiKey(String key) {
		super(List.of());
		this.key = key;
	}

	/**
	 * Returns the key.
	 */
	@Override
	public String getCredentials() {
		return this.key;
	}

	/**
	 * Returns an empty text: the manager finds out whose key it is.
	 */
	@Override
	public Object getPrincipal() {
		return "";
	}

	@Override
	public boolean equals(@Nullable Object other) {
		return other instanceof GrpcApiKey that && this.key.equals(that.key);
	}

	@Override
	public int hashCode() {
		return Objects.hash(this.key);
	}

}
