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

package io.github.lastcall.grpc.test;

import io.github.lastcall.grpc.test.app.MapsApplication;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.core.env.Environment;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

import static io.github.lastcall.grpc.test.GrpcAssertions.assertThatCall;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * A server with TLS on a random port, whose certificate nobody else knows and which wants
 * one of its clients.
 */
@SpringBootTest(classes = MapsApplication.class, webEnvironment = WebEnvironment.RANDOM_PORT)
class TlsServerTests {

	@GrpcStub
	private RouteGuideGrpc.RouteGuideBlockingStub routeGuide;

	@DynamicPropertySource
	static void certificate(DynamicPropertyRegistry registry) throws Exception {
		X509Bundle certificate = new CertificateBuilder().subject("CN=maps")
			.setIsCertificateAuthority(true)
			.buildSelfSigned();
		String bundle = "spring.ssl.bundle.pem.maps.";
		registry.add(bundle + "keystore.certificate", certificate::getCertificatePEM);
		registry.add(bundle + "keystore.private-key", certificate::getPrivateKeyPEM);
		registry.add(bundle + "truststore.certificate", certificate::getCertificatePEM);
		registry.add("grpc.server.ssl.bundle", () -> "maps");
		registry.add("grpc.server.ssl.client-auth", () -> "required");
	}

	@Test
	void aStubTrustsItAndPresentsTheCertificateOfTheBundle() {
		assertThat(this.routeGuide.getFeature(Points.OSLO).getName()).isEqualTo("Oslo");
	}

	@Test
	void aPlaintextClientIsRefused(@Autowired Environment environment) {
		ManagedChannel plaintext = Grpc
			.newChannelBuilderForAddress("localhost",
					environment.getRequiredProperty("local.grpc.server.port", Integer.class),
					InsecureChannelCredentials.create())
			.build();
		try {
			assertThatCall(() -> RouteGuideGrpc.newBlockingStub(plaintext).getFeature(Points.OSLO))
				.failsWith(Status.Code.UNAVAILABLE);
		}
		finally {
			plaintext.shutdownNow();
		}
	}

}
