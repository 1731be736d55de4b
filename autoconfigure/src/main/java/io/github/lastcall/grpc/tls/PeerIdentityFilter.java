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

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.stream.Stream;

import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCall.Listener;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerTransportFilter;

import org.springframework.aop.framework.AopInfrastructureBean;

/**
 * Transport filter that keeps the {@link PeerIdentity} of a client with its connection
 * and passes it to each call.
 *
 * @hidden
 */
public final class PeerIdentityFilter extends ServerTransportFilter
		implements AopInfrastructureBean, ServerInterceptor {

	@Override
	public Attributes transportReady(Attributes attributes) {
		SSLSession session = attributes.get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
		if (session == null) {
			return attributes;
		}
		try {
			List<X509Certificate> certificates = Stream.of(session.getPeerCertificates())
				.filter(X509Certificate.class::isInstance)
				.map(X509Certificate.class::cast)
				.toList();
			return certificates.isEmpty() ? attributes
					: attributes.toBuilder().set(PeerIdentity.ATTRIBUTE, new PeerIdentity(certificates)).build();
		}
		catch (SSLPeerUnverifiedException ex) {
			// The client has shown no certificate, and needs none.
			return attributes;
		}
	}

	@Override
	public <Q, R> Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
		return PeerIdentity.of(call)
			.map((identity) -> Contexts.interceptCall(Context.current().withValue(PeerIdentity.CONTEXT, identity), call,
					headers, next))
			.orElseGet(() -> next.startCall(call, headers));
	}

}
