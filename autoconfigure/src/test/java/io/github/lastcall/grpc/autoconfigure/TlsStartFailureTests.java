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

package io.github.lastcall.grpc.autoconfigure;

import java.nio.file.Files;
import java.nio.file.Path;

import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.grpc.testing.TestAuthority;
import io.netty.pkitesting.X509Bundle;
import org.assertj.core.api.AbstractStringAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * What a user reads when TLS is not configured as it should: never a server in plaintext,
 * and never one that trusts everybody.
 */
@ExtendWith(OutputCaptureExtension.class)
class TlsStartFailureTests {

	private static final String PEM = "spring.ssl.bundle.pem.server.";

	private final TestAuthority authority = new TestAuthority("authority");

	private final X509Bundle server = this.authority.server("server");

	private final Path directory;

	TlsStartFailureTests(@TempDir Path directory) throws Exception {
		this.directory = directory;
		this.authority.write(directory, this.server);
	}

	@Test
	void aBundleThatDoesNotExist(CapturedOutput output) {
		assertThatAnalysis(output, TestAuthority.properties(this.directory, "grpc.server.ssl.bundle=servers")).contains(
				"The SSL bundle 'servers' does not exist.", "Property: grpc.server.ssl.bundle", "Value: \"servers\"",
				"Action:", "spring.ssl.bundle.pem.servers", "[server]");
	}

	@Test
	void noBundleAtAll(CapturedOutput output) {
		assertThatAnalysis(output, "grpc.server.ssl.bundle=server").contains("The SSL bundle 'server' does not exist.",
				"none is defined");
	}

	@Test
	void aBundleWithoutAKey(CapturedOutput output) {
		assertThatAnalysis(output, PEM + "truststore.certificate=file:" + this.directory.resolve("clients.crt"),
				"grpc.server.ssl.bundle=server")
			.contains("cannot use the SSL bundle 'server': it has no private key with a certificate.",
					"Property: grpc.server.ssl.bundle", "Action:", "Correct the bundle");
	}

	@Test
	void aKeyThatDoesNotBelongToTheCertificate(CapturedOutput output) throws Exception {
		Files.writeString(this.directory.resolve("server.key"), this.authority.server("another").getPrivateKeyPEM());
		assertThatAnalysis(output, TestAuthority.properties(this.directory))
			.contains("cannot use the SSL bundle 'server': a test handshake failed: ");
	}

	@Test
	void anAliasThatIsNotThere(CapturedOutput output) throws Exception {
		Path file = this.server.toTempKeyStoreFile("secret".toCharArray()).toPath();
		assertThatAnalysis(output, "spring.ssl.bundle.jks.server.keystore.location=file:" + file,
				"spring.ssl.bundle.jks.server.keystore.password=secret",
				"spring.ssl.bundle.jks.server.key.alias=nobody", "grpc.server.ssl.bundle=server")
			.contains("cannot use the SSL bundle 'server': ", "nobody");
	}

	@Test
	void aCipherThatIsNotKnown(CapturedOutput output) {
		assertThatAnalysis(output, TestAuthority.properties(this.directory, PEM + "options.ciphers=TLS_NONSENSE"))
			.contains("cannot use the SSL bundle 'server': ");
	}

	@Test
	void aProtocolThatIsNotKnown(CapturedOutput output) {
		assertThatAnalysis(output, TestAuthority.properties(this.directory, PEM + "options.enabled-protocols=TLSv9"))
			.contains("cannot use the SSL bundle 'server': protocol TLSv9 is not supported");
	}

	@Test
	void clientCertificatesWithoutATrustStore(CapturedOutput output) {
		for (String clientAuth : new String[] { "optional", "required" }) {
			assertThatAnalysis(output, PEM + "keystore.certificate=file:" + this.directory.resolve("server.crt"),
					PEM + "keystore.private-key=file:" + this.directory.resolve("server.key"),
					"grpc.server.ssl.bundle=server", "grpc.server.ssl.client-auth=" + clientAuth)
				.contains(
						"cannot use the SSL bundle 'server': it has no trust store, so client certificates of "
								+ "any public authority would be trusted.",
						"Property: grpc.server.ssl.client-auth", "Value: \"" + clientAuth + "\"");
		}
	}

	@Test
	void clientCertificatesWithoutABundle(CapturedOutput output) {
		assertThatAnalysis(output, "grpc.server.ssl.client-auth=required").contains("grpc.server.ssl.client-auth",
				"required", "grpc.server.ssl.bundle is not set");
	}

	@Test
	void aBundleWithAnEmptyName(CapturedOutput output) {
		assertThatAnalysis(output, "grpc.server.ssl.bundle=").contains("grpc.server.ssl.bundle", "is blank",
				"to the name of an SSL bundle");
	}

	@Test
	void aClientAuthThatIsNone(CapturedOutput output) {
		assertThatAnalysis(output, TestAuthority.properties(this.directory, "grpc.server.ssl.client-auth=maybe"))
			.contains("grpc.server.ssl.client-auth", "maybe", "to one of none, optional, required");
	}

	@Test
	void aBundleWithTheNameFalseIsNoWayToPlaintext(CapturedOutput output) {
		assertThatAnalysis(output, "grpc.server.ssl.bundle=false").contains("The SSL bundle 'false' does not exist.",
				"Property: grpc.server.ssl.bundle", "Action:");
	}

	@Test
	void aUnixDomainSocketAlone(CapturedOutput output) {
		Path socket = this.directory.resolve("grpc.sock");
		assertThatAnalysis(output,
				TestAuthority.properties(this.directory, "grpc.server.ssl.client-auth=required", "grpc.server.port=-1",
						"grpc.server.unix-domain-socket.path=" + socket))
			.contains("grpc.server.ssl.bundle", "grpc.server.port is -1", "in plaintext", "Action:")
			.doesNotContain("gRPC server uses TLS", "listens on " + socket);
	}

	private static AbstractStringAssert<?> assertThatAnalysis(CapturedOutput output, String... properties) {
		assertThatThrownBy(() -> TestApplication.of().run(properties)).isNotNull();
		return assertThat(output.getAll()).contains("APPLICATION FAILED TO START")
			.doesNotContain("\tat ", "listens on port");
	}

}
