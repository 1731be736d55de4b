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

import java.net.URI;
import java.util.Optional;

import io.github.lastcall.grpc.server.GlobalServerInterceptor;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.grpc.testing.TestAuthority;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.netty.pkitesting.X509Bundle;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.context.annotation.Bean;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What handlers and interceptors know of the client of a call.
 */
@Timeout(120)
class PeerIdentityTests {

	private static final String SERVICE = "test.Seen";

	private static final String OPTIONAL = "grpc.server.ssl.client-auth=optional";

	private final TestAuthority authority = new TestAuthority("authority");

	@Test
	void handlersAndInterceptorsSeeTheCertificateAndTheNames() throws Exception {
		X509Bundle certificate = this.authority.issue("orders,O=Example", (builder) -> {
			builder.addSanDnsName("orders.example.org").addSanDnsName("orders");
			builder.addSanIpAddress("192.0.2.1").addSanRfc822Name("orders@example.org");
			builder.addSanUriName(URI.create("spiffe://example.org/orders"));
		});
		Seen seen = call(certificate, OPTIONAL);
		assertThat(seen.inInterceptor).containsSame(seen.inHandler.orElseThrow());
		assertThat(seen.inInterceptorOfContext).containsSame(seen.inHandler.orElseThrow());
		PeerIdentity identity = seen.inHandler.orElseThrow();
		assertThat(identity.subject()).isEqualTo("CN=orders,O=Example");
		assertThat(identity.certificate()).isEqualTo(certificate.getCertificate());
		assertThat(identity.certificates()).startsWith(certificate.getCertificate());
		assertThat(identity.dnsNames()).containsExactly("orders.example.org", "orders");
		assertThat(identity.uris()).containsExactly("spiffe://example.org/orders");
		assertThat(identity.ipAddresses()).containsExactly("192.0.2.1");
		assertThat(identity.emailAddresses()).containsExactly("orders@example.org");
		assertThat(identity).hasToString("PeerIdentity 'CN=orders,O=Example'");
	}

	@Test
	void aCertificateWithoutAlternativeNamesHasNone() throws Exception {
		PeerIdentity identity = call(this.authority.client("plain"), OPTIONAL).inHandler.orElseThrow();
		assertThat(identity.dnsNames()).isEmpty();
		assertThat(identity.uris()).isEmpty();
	}

	@Test
	void aClientWithoutACertificateHasNoIdentity() throws Exception {
		assertThatNobodyIsSeen(call(null, OPTIONAL));
	}

	@Test
	void aServerThatAsksForNoCertificateKnowsNobody() throws Exception {
		assertThatNobodyIsSeen(call(this.authority.client("someone"), "grpc.server.ssl.client-auth=none"));
	}

	@Test
	void aServerThatAsksForNoCertificateHasNoInterceptorForIt() throws Exception {
		try (TestApplication app = TestApplication.of()
			.tls(this.authority.trustingBundle(this.authority.server("server")))
			.run()) {
			assertThat(app.context().getBeanProvider(PeerIdentityFilter.class).getIfAvailable()).isNull();
		}
	}

	@Test
	void aServerInPlaintextKnowsNobodyAndDoesNothingForIt() throws Exception {
		try (TestApplication app = TestApplication.of().run(); GrpcClient client = GrpcClient.of(app.port())) {
			assertThat(client.featureName()).isEqualTo("somewhere");
			assertThat(app.context().getBeanProvider(PeerIdentityFilter.class).getIfAvailable()).isNull();
		}
	}

	@Test
	void thereIsNoneOutsideOfACall() {
		assertThat(PeerIdentity.current()).isEmpty();
	}

	private static void assertThatNobodyIsSeen(Seen seen) {
		assertThat(seen.inHandler).isEmpty();
		assertThat(seen.inInterceptor).isEmpty();
		assertThat(seen.inInterceptorOfContext).isEmpty();
	}

	private Seen call(@Nullable X509Bundle certificate, String property) throws Exception {
		try (TestApplication app = TestApplication.of(Services.class)
			.tls(this.authority.trustingBundle(this.authority.server("server")))
			.run(property); GrpcClient client = this.authority.connect(app.port(), certificate)) {
			assertThat(OneMethodService.call(client.channel(), SERVICE).getName()).isEqualTo("seen");
			Services services = app.context().getBean(Services.class);
			return new Seen(services.inHandler, services.inInterceptor, services.inInterceptorOfContext);
		}
	}

	private record Seen(Optional<PeerIdentity> inHandler, Optional<PeerIdentity> inInterceptor,
			Optional<PeerIdentity> inInterceptorOfContext) {

	}

	static class Services {

		private volatile Optional<PeerIdentity> inHandler = Optional.empty();

		private volatile Optional<PeerIdentity> inInterceptor = Optional.empty();

		private volatile Optional<PeerIdentity> inInterceptorOfContext = Optional.empty();

		@Bean
		@GrpcService
		OneMethodService seen() {
			return new OneMethodService(SERVICE, () -> {
				this.inHandler = PeerIdentity.current();
				return "seen";
			});
		}

		@Bean
		@GlobalServerInterceptor
		ServerInterceptor interceptor() {
			return new ServerInterceptor() {

				@Override
				public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
						ServerCallHandler<Q, R> next) {
					Services.this.inInterceptor = PeerIdentity.of(call);
					Services.this.inInterceptorOfContext = PeerIdentity.current();
					return next.startCall(call, headers);
				}

			};
		}

	}

}
