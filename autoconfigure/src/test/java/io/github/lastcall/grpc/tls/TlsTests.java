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

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

import javax.net.ssl.SSLSocket;
import javax.security.auth.x500.X500Principal;

import com.google.common.util.concurrent.ListenableFuture;
import io.github.lastcall.grpc.autoconfigure.ServersOf;
import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.HealthClient;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.grpc.testing.RawHttp2Connection;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.grpc.testing.TestAuthority;
import io.github.lastcall.grpc.testing.TestsProperty;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.netty.pkitesting.X509Bundle;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundleKey;
import org.springframework.boot.ssl.SslOptions;
import org.springframework.boot.ssl.pem.PemSslStore;
import org.springframework.boot.ssl.pem.PemSslStoreBundle;
import org.springframework.boot.ssl.pem.PemSslStoreDetails;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

/**
 * Who can connect to a server that speaks TLS, by what, and what the others get.
 */
@Timeout(120)
@ExtendWith(OutputCaptureExtension.class)
class TlsTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(30);

	private static final String REFUSES = " refused the connection from /127.0.0.1:";

	private static final TestAuthority AUTHORITY = new TestAuthority("authority");

	private static final X509Bundle SERVER = AUTHORITY.server("server");

	private static final SslBundle BUNDLE = AUTHORITY.trustingBundle(SERVER);

	@Test
	@TestsProperty("grpc.server.ssl.bundle")
	void aClientThatTrustsTheAuthorityIsServedByPemFiles(@TempDir Path directory) throws Exception {
		AUTHORITY.write(directory, SERVER);
		try (TestApplication app = TestApplication.of().run(TestAuthority.properties(directory));
				GrpcClient client = AUTHORITY.connect(app.port(), null)) {
			assertThat(client.featureName()).isEqualTo("somewhere");
			assertThat(new HealthClient(client.channel()).check("")).isEqualTo("SERVING");
		}
	}

	@Test
	void theAliasOfAKeyStoreSaysWhichOfItsKeysIsUsed(@TempDir Path directory) throws Exception {
		KeyStore store = KeyStore.getInstance("PKCS12");
		store.load(null, null);
		for (String name : List.of("first", "second", "third")) {
			X509Bundle certificate = AUTHORITY.server(name);
			store.setKeyEntry(name, certificate.getKeyPair().getPrivate(), "secret".toCharArray(),
					certificate.getCertificatePath());
		}
		Path file = directory.resolve("server.p12");
		try (var out = Files.newOutputStream(file)) {
			store.store(out, "secret".toCharArray());
		}
		for (String alias : List.of("second", "third")) {
			String jks = "spring.ssl.bundle.jks.server.";
			try (TestApplication app = TestApplication.of()
				.run(jks + "keystore.location=file:" + file, jks + "keystore.password=secret",
						jks + "key.alias=" + alias, "grpc.server.ssl.bundle=server");
					SSLSocket client = connect(app.port(), "h2")) {
				assertThat(subject(client)).isEqualTo("CN=" + alias);
				assertThat(app.tlsStatus().certificates()).extracting(ServerCertificate::subject)
					.containsExactly("CN=" + alias);
			}
		}
	}

	@Test
	void theProtocolsAndCiphersAreThoseOfTheBundle(CapturedOutput output) throws Exception {
		PemSslStoreBundle stores = new PemSslStoreBundle(PemSslStore
			.load(new PemSslStoreDetails(null, SERVER.getCertificatePathPEM(), SERVER.getPrivateKeyPEM())), null);
		SslOptions options = SslOptions.of(new String[] { "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256" },
				new String[] { "TLSv1.2" });
		try (TestApplication app = TestApplication.of().tls(BUNDLE).run();
				SSLSocket client = connect(app.port(), "h2")) {
			assertThat(client.getSession().getProtocol()).isEqualTo("TLSv1.3");
		}
		try (TestApplication app = TestApplication.of().tls(SslBundle.of(stores, SslBundleKey.NONE, options)).run();
				SSLSocket client = connect(app.port(), "h2");
				GrpcClient grpc = AUTHORITY.connect(app.port(), null)) {
			assertThat(client.getSession().getProtocol()).isEqualTo("TLSv1.2");
			assertThat(client.getSession().getCipherSuite()).isEqualTo("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256");
			assertThat(grpc.featureName()).isEqualTo("somewhere");
			try (SSLSocket other = socket(app.port(), "h2")) {
				other.setEnabledCipherSuites(new String[] { "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" });
				assertThat(catchThrowable(other::startHandshake)).isInstanceOf(IOException.class);
			}
			assertThatLogNames(output, "the client offers no cipher that is enabled here (");
		}
	}

	@Test
	void nobodyIsAskedForACertificateUnlessTheServerIsToldSo() {
		try (TestApplication app = TestApplication.of().tls(BUNDLE).run();
				GrpcClient client = AUTHORITY.connect(app.port(), new TestAuthority("another").client("stranger"))) {
			assertThat(client.featureName()).isEqualTo("somewhere");
		}
	}

	@Test
	void anOptionalCertificateMayBeMissingButNotWrong(CapturedOutput output) throws Exception {
		try (TestApplication app = TestApplication.of().tls(BUNDLE).run("grpc.server.ssl.client-auth=optional");
				GrpcClient anonymous = AUTHORITY.connect(app.port(), null);
				GrpcClient known = AUTHORITY.connect(app.port(), AUTHORITY.client("friend"))) {
			assertThat(anonymous.featureName()).isEqualTo("somewhere");
			assertThat(known.featureName()).isEqualTo("somewhere");
			assertThatIsRefused(app, output, new TestAuthority("another").client("stranger"),
					"the client certificate of CN=stranger, issued by CN=another, "
							+ "has no issuer in the trust store");
		}
	}

	@Test
	@TestsProperty("grpc.server.ssl.client-auth")
	void aRequiredCertificateMustNotBeMissing(CapturedOutput output) throws Exception {
		try (TestApplication app = required();
				GrpcClient known = AUTHORITY.connect(app.port(), AUTHORITY.client("friend"))) {
			assertThat(known.featureName()).isEqualTo("somewhere");
			assertThatIsRefused(app, output, null, "the client presented no certificate");
		}
	}

	@Test
	void aCertificateOfAnotherAuthorityIsRefused(CapturedOutput output) throws Exception {
		try (TestApplication app = required()) {
			assertThatIsRefused(app, output, new TestAuthority("another").client("stranger"),
					"the client certificate of CN=stranger, issued by CN=another, "
							+ "has no issuer in the trust store");
		}
	}

	@Test
	void aCertificateOfAnAuthorityThatOnlyHasTheSameNameIsRefused(CapturedOutput output) throws Exception {
		try (TestApplication app = required()) {
			assertThatIsRefused(app, output, new TestAuthority("authority").client("impostor"),
					"the client certificate of CN=impostor, issued by CN=authority, ");
		}
	}

	@Test
	void anExpiredCertificateIsRefused(CapturedOutput output) throws Exception {
		X509Bundle expired = AUTHORITY.expired("late");
		try (TestApplication app = required()) {
			assertThatIsRefused(app, output, expired,
					"the client certificate of CN=late, issued by CN=authority, expired on "
							+ expired.getCertificate().getNotAfter().toInstant());
		}
	}

	@Test
	void aCertificateThatIsNotYetValidIsRefused(CapturedOutput output) throws Exception {
		X509Bundle early = AUTHORITY.issue("early",
				(builder) -> builder.notBefore(Instant.now().plus(Duration.ofDays(1)))
					.notAfter(Instant.now().plus(Duration.ofDays(2))));
		try (TestApplication app = required()) {
			assertThatIsRefused(app, output, early,
					"the client certificate of CN=early, issued by CN=authority, is not valid before "
							+ early.getCertificate().getNotBefore().toInstant());
		}
	}

	@Test
	void theSubjectOfARefusedCertificateCannotForgeTheLog(CapturedOutput output) throws Exception {
		X509Bundle forger = new TestAuthority("another").issue("x", (builder) -> builder
			.subject(new X500Principal("CN=\"one\r\n2026-11-22 ERROR two\", O=" + "o".repeat(1200))));
		try (TestApplication app = required()) {
			assertThatIsRefused(app, output, forger, "one??2026-11-22 ERROR two");
			assertThat(awaitLine(output)).contains("ooo... (grpc.server.ssl)").hasSizeLessThan(1300);
		}
	}

	@Test
	void aClientThatDoesNotTrustTheServerIsNamed(CapturedOutput output) {
		try (TestApplication app = TestApplication.of().tls(BUNDLE).run();
				GrpcClient client = new TestAuthority("another").connect(app.port(), null)) {
			assertThat(statusOf(client).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
			assertThatLogNames(output,
					"the client aborted, possibly because it does not trust the certificate " + "of this server (");
		}
	}

	@Test
	void tlsOnePointOneIsRefused(CapturedOutput output) throws Exception {
		try (TestApplication app = TestApplication.of().tls(BUNDLE).run();
				RawHttp2Connection client = new RawHttp2Connection(app.port())) {
			client.bytes(tlsOnePointOneHello());
			byte[] answer = client.bytesUntilClosed();
			// A fatal alert: protocol_version.
			assertThat(answer).startsWith(21, 3).endsWith(2, 70);
			assertThatLogNames(output, "the client offers no TLS version that is enabled here (");
		}
	}

	@Test
	void aClientWithoutAlpnIsRefused(CapturedOutput output) throws Exception {
		for (String protocol : new String[] { null, "http/1.1" }) {
			try (TestApplication app = TestApplication.of().tls(BUNDLE).run();
					SSLSocket client = socket(app.port(), protocol)) {
				client.startHandshake();
				assertThat(client.getInputStream().read()).isEqualTo(-1);
				await().atMost(TIMEOUT)
					.untilAsserted(() -> assertThat(lines(output)).isNotEmpty()
						.allMatch((line) -> line
							.endsWith("the client does not offer HTTP/2 (h2) by ALPN (grpc.server.ssl)")));
			}
		}
		assertThat(lines(output)).hasSize(2);
		assertThatNoStackTrace(output);
	}

	@Test
	void plaintextToThePortOfTlsIsRefused(CapturedOutput output) throws Exception {
		try (TestApplication app = TestApplication.of().tls(BUNDLE).run();
				GrpcClient client = GrpcClient.of(app.port())) {
			Status status = statusOf(client);
			assertThat(status.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
			client.close();
			await().atMost(TIMEOUT).untilAsserted(() -> assertThat(lines(output)).isNotEmpty());
			assertThat(lines(output)).allMatch((line) -> line.endsWith(": the client does not use TLS"));
			assertThatNoStackTrace(output);
			int before = lines(output).size();
			try (RawHttp2Connection garbage = new RawHttp2Connection(app.port())) {
				garbage.bytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
				garbage.bytesUntilClosed();
			}
			await().atMost(TIMEOUT).untilAsserted(() -> assertThat(lines(output)).hasSize(before + 1));
			assertThatNoStackTrace(output);
		}
	}

	@Test
	void tlsToAPortInPlaintextIsRefused(CapturedOutput output) {
		try (TestApplication app = TestApplication.of().run("grpc.server.health.port=0")) {
			for (String port : List.of("local.grpc.server.port", "local.grpc.health.port")) {
				int before = lines(output).size();
				try (GrpcClient client = AUTHORITY
					.connect(app.context().getEnvironment().getRequiredProperty(port, Integer.class), null)) {
					assertThat(statusOf(client).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
					assertThat(statusOf(client).getCause()).hasMessageContaining("not an SSL/TLS record");
				}
				await().atMost(TIMEOUT).untilAsserted(() -> assertThat(lines(output)).hasSizeGreaterThan(before));
			}
			assertThat(lines(output))
				.allMatch((line) -> line.endsWith("the client uses TLS, but this port is plaintext"));
			assertThatNoStackTrace(output);
		}
	}

	@Test
	void aProbeThatOnlyOpensThePortIsNotWorthALine(CapturedOutput output) throws Exception {
		try (TestApplication app = TestApplication.of().tls(BUNDLE).run()) {
			for (int i = 0; i < 5; i++) {
				new Socket(InetAddress.getByName("127.0.0.1"), app.port()).close();
			}
			try (RawHttp2Connection client = new RawHttp2Connection(app.port())) {
				client.bytes("marker".getBytes(StandardCharsets.US_ASCII));
				client.bytesUntilClosed();
			}
			await().atMost(TIMEOUT).untilAsserted(() -> assertThat(lines(output)).isNotEmpty());
			assertThat(lines(output)).hasSize(1);
			assertThatNoStackTrace(output);
		}
	}

	@Test
	void aConnectionThatBreaksAfterItsHandshakeIsNoRefusal(CapturedOutput output) throws Exception {
		try (TestApplication app = TestApplication.of().tls(BUNDLE).run()) {
			try (SSLSocket client = connect(app.port(), "h2")) {
				new DataInputStream(client.getInputStream()).readUnsignedByte();
				client.setSoLinger(true, 0);
			}
			try (RawHttp2Connection client = new RawHttp2Connection(app.port())) {
				client.bytes("marker".getBytes(StandardCharsets.US_ASCII));
				client.bytesUntilClosed();
			}
			await().atMost(TIMEOUT).untilAsserted(() -> assertThat(lines(output)).isNotEmpty());
			assertThat(lines(output)).hasSize(1).first().asString().endsWith("the client does not use TLS");
		}
	}

	@Test
	void theHealthPortStaysPlaintext() {
		try (TestApplication app = TestApplication.of()
			.tls(BUNDLE)
			.run("grpc.server.health.port=0", "grpc.server.ssl.client-auth=required");
				GrpcClient probe = GrpcClient
					.of(app.context().getEnvironment().getRequiredProperty("local.grpc.health.port", Integer.class))) {
			assertThat(new HealthClient(probe.channel()).check("")).isEqualTo("SERVING");
		}
	}

	@Test
	void aLazyApplicationSpeaksTlsToo() {
		try (TestApplication app = TestApplication.of().tls(BUNDLE).run("spring.main.lazy-initialization=true");
				GrpcClient client = AUTHORITY.connect(app.port(), null)) {
			assertThat(client.featureName()).isEqualTo("somewhere");
		}
	}

	@Test
	void aProbeConnectsWhileEveryThreadOfTheApplicationIsBusy() {
		try (TestApplication app = TestApplication.of(BusyService.class)
			.tls(BUNDLE)
			.run("grpc.server.executor.type=platform", "grpc.server.executor.threads=1",
					"grpc.server.ssl.client-auth=required");
				GrpcClient busy = AUTHORITY.connect(app.port(), AUTHORITY.client("busy"));
				GrpcClient probe = AUTHORITY.connect(app.port(), AUTHORITY.client("probe"))) {
			BusyService service = app.context().getBean(BusyService.class);
			ListenableFuture<Feature> call = ClientCalls.futureUnaryCall(
					busy.channel().newCall(OneMethodService.method("test.Busy"), CallOptions.DEFAULT),
					Point.getDefaultInstance());
			try {
				assertThat(service.begun).succeedsWithin(TIMEOUT);
				assertThat(new HealthClient(probe.channel()).check("")).isEqualTo("SERVING");
				assertThat(call).isNotDone();
			}
			finally {
				service.end.countDown();
			}
		}
	}

	private static TestApplication required() {
		return TestApplication.of().tls(BUNDLE).run("grpc.server.ssl.client-auth=required");
	}

	private static void assertThatIsRefused(TestApplication app, CapturedOutput output,
			@Nullable X509Bundle certificate, String reason) throws Exception {
		try (SSLSocket client = AUTHORITY.socket(app.port(), "h2", certificate)) {
			// By TLS 1.3 a client knows only when it reads.
			assertThat(catchThrowable(() -> {
				client.startHandshake();
				client.getInputStream().read();
				client.getInputStream().read();
			})).isInstanceOf(IOException.class);
		}
		assertThatLogNames(output, reason);
		assertThat(lines(output)).hasSize(1);
		assertThat(ServersOf.refusals(app.context(), "network").getCount(RefusalReason.TLS)).isEqualTo(1);
		// This one may try again, and be logged again.
		try (GrpcClient client = AUTHORITY.connect(app.port(), certificate)) {
			assertThat(statusOf(client).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
		}
		assertThatLogNames(output, reason);
	}

	private static Status statusOf(GrpcClient client) {
		return Status.fromThrowable(catchThrowable(client::featureName));
	}

	private static void assertThatLogNames(CapturedOutput output, String reason) {
		assertThat(awaitLine(output)).contains(reason);
		assertThat(lines(output)).allMatch((line) -> line.contains(reason));
		assertThatNoStackTrace(output);
	}

	private static String awaitLine(CapturedOutput output) {
		await().atMost(TIMEOUT).untilAsserted(() -> assertThat(lines(output)).isNotEmpty());
		return lines(output).get(0);
	}

	private static List<String> lines(CapturedOutput output) {
		return output.getAll().lines().filter((line) -> line.contains(REFUSES)).toList();
	}

	private static void assertThatNoStackTrace(CapturedOutput output) {
		assertThat(output.getAll()).doesNotContain("\tat ", "Exception");
	}

	private static SSLSocket connect(int port, String protocol) throws Exception {
		SSLSocket socket = socket(port, protocol);
		socket.startHandshake();
		return socket;
	}

	private static SSLSocket socket(int port, @Nullable String protocol) throws Exception {
		return AUTHORITY.socket(port, protocol, null);
	}

	private static String subject(SSLSocket client) throws IOException {
		return ((X509Certificate) client.getSession().getPeerCertificates()[0]).getSubjectX500Principal().getName();
	}

	/**
	 * The opening of a client that knows TLS 1.0 and 1.1, which Java and BoringSSL do not
	 * like to send any more.
	 */
	private static byte[] tlsOnePointOneHello() {
		byte[] hello = new byte[5 + 4 + 2 + 32 + 1 + 4 + 2];
		byte[] start = { 22, 3, 1, 0, (byte) (hello.length - 5), 1, 0, 0, (byte) (hello.length - 9), 3, 2 };
		System.arraycopy(start, 0, hello, 0, start.length);
		byte[] ciphers = { 0, 2, (byte) 0xc0, 0x13, 1, 0 };
		System.arraycopy(ciphers, 0, hello, hello.length - ciphers.length, ciphers.length);
		return hello;
	}

	static class BusyService {

		private final CompletableFuture<Void> begun = new CompletableFuture<>();

		private final CountDownLatch end = new CountDownLatch(1);

		@Bean
		@GrpcService
		BindableService busy() {
			return () -> ServerServiceDefinition.builder("test.Busy")
				.addMethod(OneMethodService.method("test.Busy"), ServerCalls.asyncUnaryCall((point, responses) -> {
					this.begun.complete(null);
					try {
						this.end.await();
					}
					catch (InterruptedException ex) {
						Thread.currentThread().interrupt();
					}
					responses.onNext(Feature.getDefaultInstance());
					responses.onCompleted();
				}))
				.build();
		}

	}

}
