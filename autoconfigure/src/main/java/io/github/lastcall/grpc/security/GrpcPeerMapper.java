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

import io.github.lastcall.grpc.tls.PeerIdentity;
import org.jspecify.annotations.Nullable;

import org.springframework.security.core.Authentication;

/**
 * Maps the certificates of clients to callers, as a bean:
 *
 * <pre class="code">
 * &#64;Bean
 * GrpcPeerMapper peers() {
 *     return (peer) -&gt; peer.uris().contains("spiffe://example.org/orders")
 *             ? GrpcPeerAuthentication.of(peer, "orders", "ROLE_SERVICE") : null;
 * }
 * </pre>
 *
 * The certificate has been verified in the TLS handshake. A call with other credentials
 * is made by the caller that those name.
 */
@FunctionalInterface
public interface GrpcPeerMapper {

	/**
	 * Maps the certificate of a client to a caller. Called for each call without other
	 * credentials, on the thread where the call begins, which may be an event loop: it
	 * must not block.
	 * @param peer the client
	 * @return the caller, such as a {@link GrpcPeerAuthentication}; {@code null} if the
	 * certificate names none
	 */
	@Nullable Authentication map(PeerIdentity peer);

}
