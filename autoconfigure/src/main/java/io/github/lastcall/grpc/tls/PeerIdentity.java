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

package io.github.lastcall.grpc.tls;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.ServerCall;

/**
 * Identity of the client of a call, from the certificate that it presented in the TLS
 * handshake:
 *
 * <pre class="code">
 * PeerIdentity.current().map(PeerIdentity::uris)
 * </pre>
 *
 * The certificate was trusted at the time of the handshake. An open connection outlives
 * the expiry of its certificate and changes of the trust store.
 */
public final class PeerIdentity {

	static final Attributes.Key<PeerIdentity> ATTRIBUTE = Attributes.Key
		.create("io.github.lastcall.grpc.tls.peerIdentity");

	static final Context.Key<PeerIdentity> CONTEXT = Context.key("io.github.lastcall.grpc.tls.peerIdentity");

	private static final int EMAIL_ADDRESS = 1;

	private static final int DNS_NAME = 2;

	private static final int URI = 6;

	private static final int IP_ADDRESS = 7;

	private final List<X509Certificate> certificates;

	PeerIdentity(List<X509Certificate> certificates) {
		this.certificates = List.copyOf(certificates);
	}

	/**
	 * Returns the client of a call, for use in interceptors.
	 * @param call the call
	 * @return the client, empty if the client presented no certificate, or if
	 * {@code grpc.server.ssl.client-auth} does not ask for one
	 */
	public static Optional<PeerIdentity> of(ServerCall<?, ?> call) {
		return Optional.ofNullable(call.getAttributes().get(ATTRIBUTE));
	}

	/**
	 * Returns the client of the current call, for use in handlers. It is bound to the
	 * {@link Context} of the call, which must be current when other threads call this
	 * method.
	 * @return the client, empty if the client presented no certificate, if
	 * {@code grpc.server.ssl.client-auth} does not ask for one, or outside of a call
	 */
	public static Optional<PeerIdentity> current() {
		return Optional.ofNullable(CONTEXT.get());
	}

	/**
	 * Returns the certificate of the client.
	 * @return the certificate
	 */
	public X509Certificate certificate() {
		return this.certificates.get(0);
	}

	/**
	 * Returns the certificate chain of the client: its certificate first, each one signed
	 * by the next.
	 * @return the certificates presented by the client
	 */
	public List<X509Certificate> certificates() {
		return this.certificates;
	}

	/**
	 * Returns the subject of the certificate.
	 * @return the distinguished name as RFC 2253 writes it, such as
	 * {@code CN=orders,O=Example}; empty if the certificate has alternative names only
	 */
	public String subject() {
		return certificate().getSubjectX500Principal().getName();
	}

	/**
	 * Returns the DNS names among the subject alternative names.
	 * @return names such as {@code orders.example.org}, possibly empty
	 */
	public List<String> dnsNames() {
		return alternativeNames(DNS_NAME);
	}

	/**
	 * Returns the URIs among the subject alternative names, such as a SPIFFE ID.
	 * @return URIs such as {@code spiffe://example.org/orders}, possibly empty
	 */
	public List<String> uris() {
		return alternativeNames(URI);
	}

	/**
	 * Returns the IP addresses among the subject alternative names.
	 * @return addresses such as {@code 192.0.2.1}, possibly empty
	 */
	public List<String> ipAddresses() {
		return alternativeNames(IP_ADDRESS);
	}

	/**
	 * Returns the email addresses among the subject alternative names.
	 * @return addresses such as {@code me@example.org}, possibly empty
	 */
	public List<String> emailAddresses() {
		return alternativeNames(EMAIL_ADDRESS);
	}

	private List<String> alternativeNames(int type) {
		try {
			Collection<List<?>> names = certificate().getSubjectAlternativeNames();
			return Stream.ofNullable(names)
				.flatMap(Collection::stream)
				.filter((name) -> Integer.valueOf(type).equals(name.get(0)))
				.map((name) -> String.valueOf(name.get(1)))
				.toList();
		}
		catch (CertificateParsingException ex) {
			throw new IllegalStateException("The certificate of %s has alternative names that cannot be read"
				.formatted(certificate().getSubjectX500Principal()), ex);
		}
	}

	@Override
	public String toString() {
		return "PeerIdentity '" + subject() + "'";
	}

}
