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
 * Who the client of a call is, by the certificate that it has shown when it connected:
 *
 * <pre class="code">
 * PeerIdentity.current().map(PeerIdentity::uris)
 * </pre>
 *
 * The certificate was trusted then. A connection outlives its certificate and a change of
 * the trust store, until one side closes it.
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
	 * The client of a call, for interceptors.
	 * @param call the call
	 * @return the client, empty if the client presented no certificate, or if
	 * {@code grpc.server.ssl.client-auth} does not ask for one
	 */
	public static Optional<PeerIdentity> of(ServerCall<?, ?> call) {
		return Optional.ofNullable(call.getAttributes().get(ATTRIBUTE));
	}

	/**
	 * The client of the call that the current thread serves, for handlers. It travels
	 * with {@link Context}: in another thread it is there if the context is.
	 * @return the client, empty if the client presented no certificate, if
	 * {@code grpc.server.ssl.client-auth} does not ask for one, or outside of a call
	 */
	public static Optional<PeerIdentity> current() {
		return Optional.ofNullable(CONTEXT.get());
	}

	/**
	 * The certificate of the client.
	 * @return the certificate
	 */
	public X509Certificate certificate() {
		return this.certificates.get(0);
	}

	/**
	 * The certificate of the client and those between it and an authority, in the order
	 * in which each is signed by the next.
	 * @return what the client has shown
	 */
	public List<X509Certificate> certificates() {
		return this.certificates;
	}

	/**
	 * The subject of the certificate.
	 * @return the distinguished name as RFC 2253 writes it, such as
	 * {@code CN=orders,O=Example}; empty if the certificate has alternative names only
	 */
	public String subject() {
		return certificate().getSubjectX500Principal().getName();
	}

	/**
	 * DNS names among the alternative names of the subject.
	 * @return names such as {@code orders.example.org}, possibly none
	 */
	public List<String> dnsNames() {
		return alternativeNames(DNS_NAME);
	}

	/**
	 * URIs among the alternative names of the subject: a SPIFFE ID is one.
	 * @return URIs such as {@code spiffe://example.org/orders}, possibly none
	 */
	public List<String> uris() {
		return alternativeNames(URI);
	}

	/**
	 * IP addresses among the alternative names of the subject.
	 * @return addresses such as {@code 192.0.2.1}, possibly none
	 */
	public List<String> ipAddresses() {
		return alternativeNames(IP_ADDRESS);
	}

	/**
	 * Email addresses among the alternative names of the subject.
	 * @return addresses such as {@code me@example.org}, possibly none
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
