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

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

import io.github.lastcall.grpc.actuate.GrpcServerHealthIndicator;
import io.github.lastcall.grpc.autoconfigure.ServersOf;
import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.grpc.testing.TestAuthority;
import io.grpc.Status;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundleRegistry;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslStoreBundle;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

/**
 * What becomes of a server when its SSL bundle is updated.
 */
@Timeout(300)
@ExtendWith(OutputCaptureExtension.class)
@Tag("full")
class TlsRotationTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	private static final String REQUIRED = "grpc.server.ssl.client-auth=required";

	private static final String PASSWORD = "secret";

	private final TestAuthority authority = new TestAuthority("authority");

	private final TestAuthority successor = new TestAuthority("successor");

	private final X509Bundle friend = this.authority.client("friend");

	@Test
	void newHandshakesGetTheNewCertificateAndEstablishedConnectionsLiveOn() {
		try (TestApplication app = TestApplication.of()
			.tls(this.authority.trustingBundle(this.authority.server("a")))
			.run(); GrpcClient established = this.authority.connect(app.port(), null)) {
			assertThat(established.featureName()).isEqualTo("somewhere");

			app.update(this.successor.trustingBundle(this.successor.server("b")));

			assertThat(app.tlsStatus().certificates()).singleElement()
				.extracting(ServerCertificate::subject)
				.isEqualTo("CN=b");
			assertThat(established.featureName()).isEqualTo("somewhere");
			assertThatIsServed(this.successor, app, null);
			assertThat(statusOf(this.authority, app, null)).isEqualTo(Status.Code.UNAVAILABLE);
			assertThat(established.featureName()).isEqualTo("somewhere");
		}
	}

	@Test
	void aClientThatIsNoLongerTrustedIsServedUntilItConnectsAgain(CapturedOutput output) {
		X509Bundle server = this.authority.server("server");
		try (TestApplication app = TestApplication.of().tls(this.authority.trustingBundle(server)).run(REQUIRED);
				GrpcClient established = this.authority.connect(app.port(), this.friend)) {
			assertThat(established.featureName()).isEqualTo("somewhere");

			app.update(TestAuthority.bundle(server.getCertificatePathPEM(), server.getPrivateKeyPEM(),
					this.successor.pem()));

			assertThat(established.featureName()).isEqualTo("somewhere");
			assertThatIsServed(this.authority, app, this.successor.client("newcomer"));
			// Neither a new client nor one that could resume its session.
			assertThat(statusOf(this.authority, app, this.friend)).isEqualTo(Status.Code.UNAVAILABLE);
			Refusals refusals = ServersOf.refusals(app.context(), "network");
			// What is refused is counted first and logged then.
			await().atMost(TIMEOUT)
				.untilAsserted(() -> assertThat(refusals(output)).isNotEmpty()
					.hasSize((int) refusals.getCount(RefusalReason.TLS)));
			assertThat(refusals(output)).allSatisfy((line) -> assertThat(line).contains(
					"gRPC server 'network' refused the connection from /127.0.0.1:",
					"the client certificate of CN=friend, issued by CN=authority, has no issuer in the trust store"));
			assertThat(output).doesNotContain("\tat ");
		}
	}

	@Test
	void anUpdateThatCannotBeUsedKeepsTheOldOneAndIsReportedOnce(CapturedOutput output) throws Exception {
		X509Bundle first = this.authority.server("first");
		X509Bundle other = this.authority.server("other");
		X509Bundle expired = this.authority.expired("expired");
		String certificate = first.getCertificatePathPEM();
		String key = first.getPrivateKeyPEM();
		String trust = this.authority.pem();
		String garbage = "-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n";
		List<SslBundle> broken = List.of(TestAuthority.bundle(garbage, key, trust),
				TestAuthority.bundle(certificate, garbage, trust), TestAuthority.bundle(certificate, key, garbage),
				TestAuthority.bundle(certificate, null, trust), TestAuthority.bundle(certificate, key, null),
				TestAuthority.bundle("file:/nowhere/server.crt", key, trust),
				// The certificate has been written, and the key has not.
				TestAuthority.bundle(other.getCertificatePathPEM(), key, trust),
				TestAuthority.bundle(expired.getCertificatePathPEM(), expired.getPrivateKeyPEM(), trust),
				SslBundle.of(SslStoreBundle.of(keyStore(Map.of("other", other)), PASSWORD, keyStore(Map.of()))));
		try (TestApplication app = TestApplication.of().tls(this.authority.trustingBundle(first)).run(REQUIRED)) {
			for (SslBundle bundle : broken) {
				long before = app.tlsStatus().failedUpdates();
				int lines = failures(output).size();

				app.update(bundle);
				app.update(bundle);

				assertThat(app.tlsStatus().failedUpdates()).isEqualTo(before + 2);
				assertThat(failures(output)).hasSize(lines + 1);
				assertThat(failures(output).get(lines)).contains("keeps the previous one (CN=first, ")
					.endsWith("): " + failureReason(app));
				assertThat(app.tlsStatus().certificates()).singleElement()
					.extracting(ServerCertificate::subject)
					.isEqualTo("CN=first");
				assertThatIsServed(this.authority, app, this.friend);
			}
			assertThat(failures(output)).extracting((line) -> line.substring(line.indexOf("): ") + 3))
				.satisfiesExactly((line) -> assertThat(line).startsWith("Unable to create key store: "),
						(line) -> assertThat(line).startsWith("Unable to create key store: "),
						(line) -> assertThat(line).startsWith("Unable to create trust store: "),
						(line) -> assertThat(line).isEqualTo("it has no private key with a certificate"),
						(line) -> assertThat(line).isEqualTo("it has no trust store, so client certificates "
								+ "of any public authority would be trusted"),
						(line) -> assertThat(line).contains("file:/nowhere/server.crt"),
						(line) -> assertThat(line).startsWith("a test handshake failed: "),
						(line) -> assertThat(line).isEqualTo(
								"its certificate expired on " + expired.getCertificate().getNotAfter().toInstant()),
						(line) -> assertThat(line).isEqualTo(
								"its trust store has no certificate, so no client certificate would be trusted"));
			assertThat(output).doesNotContain("\tat ");

			app.update(this.authority.trustingBundle(other));

			assertThat(app.tlsStatus().failure()).isNull();
			assertThat(app.tlsStatus().updates()).isEqualTo(1);
			assertThat(app.tlsStatus().certificates()).singleElement()
				.extracting(ServerCertificate::subject)
				.isEqualTo("CN=other");
			assertThatIsServed(this.authority, app, this.friend);
		}
	}

	/**
	 * Java chooses the first of them in the order of its own: "a" is before "b".
	 */
	@Test
	void anExpiredCertificateBesideTheOneThatIsShownIsNoReasonToRefuseAnUpdate() throws Exception {
		X509Bundle valid = this.authority.server("valid");
		X509Bundle expired = this.authority.expired("expired");
		try (TestApplication app = TestApplication.of()
			.tls(this.authority.trustingBundle(this.authority.server("first")))
			.run()) {
			app.update(SslBundle.of(SslStoreBundle.of(keyStore(Map.of("a", expired, "b", valid)), PASSWORD, null)));
			assertThat(failureReason(app)).startsWith("its certificate expired on ");

			app.update(SslBundle.of(SslStoreBundle.of(keyStore(Map.of("a", valid, "b", expired)), PASSWORD, null)));
			assertThat(app.tlsStatus().failure()).isNull();
			assertThat(app.tlsStatus().certificates()).singleElement()
				.extracting(ServerCertificate::subject)
				.isEqualTo("CN=valid");
			assertThat(app.context().getBean(CertificateRotation.class).secondsUntilExpiry()).isPositive();
			assertThatIsServed(this.authority, app, null);
		}
	}

	@Test
	void anIntermediateThatExpiresFirstSaysHowLongTheCertificateIsOfUse() throws Exception {
		X509Bundle root = this.authority.issue("intermediate",
				(builder) -> builder.setIsCertificateAuthority(true).notAfter(Instant.now().plus(Duration.ofHours(1))));
		X509Bundle server = new CertificateBuilder().subject("CN=server")
			.ecp256()
			.addSanIpAddress("127.0.0.1")
			.notAfter(Instant.now().plus(Duration.ofDays(1)))
			.buildIssuedBy(root);
		try (TestApplication app = TestApplication.of().tls(this.authority.trustingBundle(server)).run()) {
			assertThatIsServed(this.authority, app, null);
			assertThat(app.tlsStatus().validUntil()).isEqualTo(root.getCertificate().getNotAfter().toInstant());
			assertThat(app.context().getBean(CertificateRotation.class).secondsUntilExpiry()).isLessThan(3601);
		}
	}

	@Test
	void aServerThatHasOnlyAnExpiredCertificateTakesWhatItGets() {
		X509Bundle first = this.authority.expired("first");
		X509Bundle second = this.authority.expired("second");
		try (TestApplication app = TestApplication.of().tls(this.authority.trustingBundle(first)).run()) {
			app.update(this.authority.trustingBundle(second));
			assertThat(app.tlsStatus().failure()).isNull();
			app.update(this.authority.trustingBundle(this.authority.server("third")));
			assertThatIsServed(this.authority, app, null);
		}
	}

	@Test
	void aRestartedServerHasWhatWasInUse() {
		try (TestApplication app = TestApplication.of()
			.tls(this.authority.trustingBundle(this.authority.server("first")))
			.run()) {
			app.update(TestAuthority.bundle("file:/nowhere", null, null));
			app.context().stop();
			app.context().start();
			assertThatIsServed(this.authority, app, null);
		}
	}

	/**
	 * As Boot's own meters do when they cannot read what is new.
	 */
	@Test
	void somebodyElseWhoFailsOnAnUpdateDoesNotKeepTheServerFromIt() {
		try (TestApplication app = TestApplication.of(FailingNeighbour.class)
			.tls(this.authority.trustingBundle(this.authority.server("first")))
			.run()) {
			SslBundle second = this.authority.trustingBundle(this.authority.server("second"));
			SslBundleRegistry registry = app.context().getBean(SslBundleRegistry.class);
			assertThatThrownBy(() -> registry.updateBundle("server", second)).hasMessage("neighbour");
			assertThat(app.tlsStatus().updates()).isEqualTo(1);
		}
	}

	@Test
	void filesAreFollowedAsSpringBootReloadsThem(@TempDir Path directory, CapturedOutput output) throws Exception {
		this.authority.write(directory, this.authority.server("first"));
		try (TestApplication app = TestApplication.of()
			.run(TestAuthority.properties(directory, REQUIRED, "spring.ssl.bundle.pem.server.reload-on-update=true",
					"spring.ssl.bundle.watch.file.quiet-period=100ms"))) {
			assertThatIsServed(this.authority, app, this.friend);

			TestAuthority.replace(directory.resolve("server.crt"), "broken");
			await().atMost(TIMEOUT).until(() -> app.tlsStatus().failure() != null);
			assertThatIsServed(this.authority, app, this.friend);
			assertThat(failures(output)).singleElement()
				.asString()
				.contains("keeps the previous one (CN=first, ")
				.contains("Unable to create key store: ");
			assertThatFailuresAreShown(app, "Unable to create key store: ");

			Files.delete(directory.resolve("server.crt"));
			await().atMost(TIMEOUT).until(() -> failures(output).size() == 2);
			assertThatIsServed(this.authority, app, this.friend);
			assertThatFailuresAreShown(app, "server.crt");

			this.successor.write(directory, this.successor.server("second"));
			await().atMost(TIMEOUT).until(() -> app.tlsStatus().failure() == null);
			assertThatIsServed(this.successor, app, this.successor.client("newcomer"));
			assertThat(statusOf(this.successor, app, this.friend)).isEqualTo(Status.Code.UNAVAILABLE);
			assertThat(healthDetails(app)).containsOnlyKeys("bundle", "validUntil");
			assertThat(updates(app, "success")).isEqualTo(app.tlsStatus().updates());
		}
	}

	private static void assertThatFailuresAreShown(TestApplication app, String reason) {
		assertThat(app.tlsStatus().failedUpdates()).isPositive();
		assertThat(updates(app, "failure")).isEqualTo(app.tlsStatus().failedUpdates());
		assertThat(updates(app, "success")).isZero();
		assertThat(healthDetails(app)).containsOnlyKeys("bundle", "validUntil", "updateFailed", "updateFailedAt")
			.extractingByKey("updateFailed")
			.asString()
			.contains(reason);
	}

	private static double updates(TestApplication app, String outcome) {
		return app.context()
			.getBean(MeterRegistry.class)
			.get("grpc.server.ssl.bundle.updates")
			.tag("outcome", outcome)
			.functionCounter()
			.count();
	}

	@SuppressWarnings("unchecked")
	private static Map<String, Object> healthDetails(TestApplication app) {
		return (Map<String, Object>) app.context()
			.getBean(GrpcServerHealthIndicator.class)
			.health()
			.getDetails()
			.getOrDefault("ssl", Map.of());
	}

	/**
	 * With {@code verify-keys} Spring Boot finds it out itself and tells nobody.
	 */
	@Test
	void aMismatchThatSpringBootFindsItselfKeepsTheOldOneAndIsReportedOnceToo(@TempDir Path directory,
			CapturedOutput output) throws Exception {
		this.authority.write(directory, this.authority.server("first"));
		try (TestApplication app = TestApplication.of()
			.run(TestAuthority.properties(directory, "spring.ssl.bundle.pem.server.reload-on-update=true",
					"spring.ssl.bundle.pem.server.keystore.verify-keys=true",
					"spring.ssl.bundle.watch.file.quiet-period=100ms"))) {
			X509Bundle second = this.authority.server("second");
			TestAuthority.replace(directory.resolve("server.key"), second.getPrivateKeyPEM());
			await().atMost(TIMEOUT).until(() -> app.tlsStatus().failedUpdates() == 1);
			assertThat(failureReason(app)).contains("Private key");
			assertThatIsServed(this.authority, app, null);

			Files.delete(directory.resolve("server.key"));
			await().atMost(TIMEOUT).until(() -> app.tlsStatus().failedUpdates() == 2);
			assertThat(failureReason(app)).contains("server.key");
			assertThatIsServed(this.authority, app, null);
			assertThat(failures(output)).hasSize(2)
				.allSatisfy((line) -> assertThat(line).contains("keeps the previous one (CN=first, "));

			// Until the last one, nothing is new.
			TestAuthority.replace(directory.resolve("server.crt"), second.getCertificatePathPEM());
			TestAuthority.replace(directory.resolve("server.key"), second.getPrivateKeyPEM());
			await().atMost(TIMEOUT).until(() -> app.tlsStatus().failure() == null);
			assertThatIsServed(this.authority, app, null);
			assertThat(app.tlsStatus().certificates()).singleElement()
				.extracting(ServerCertificate::subject)
				.isEqualTo("CN=second");
			assertThat(app.tlsStatus().failedUpdates()).isEqualTo(2);
			assertThat(failures(output)).hasSize(2);
		}
	}

	private static KeyStore keyStore(Map<String, X509Bundle> certificates) throws Exception {
		KeyStore store = KeyStore.getInstance("PKCS12");
		store.load(null, null);
		for (Map.Entry<String, X509Bundle> entry : certificates.entrySet()) {
			X509Bundle certificate = entry.getValue();
			store.setKeyEntry(entry.getKey(), certificate.getKeyPair().getPrivate(), PASSWORD.toCharArray(),
					certificate.getCertificatePath());
		}
		return store;
	}

	private void assertThatIsServed(TestAuthority trusted, TestApplication app, @Nullable X509Bundle certificate) {
		try (GrpcClient client = trusted.connect(app.port(), certificate)) {
			assertThat(client.featureName()).isEqualTo("somewhere");
		}
	}

	private static Status.Code statusOf(TestAuthority trusted, TestApplication app, @Nullable X509Bundle certificate) {
		try (GrpcClient client = trusted.connect(app.port(), certificate)) {
			return Status.fromThrowable(catchThrowable(client::featureName)).getCode();
		}
	}

	private static String failureReason(TestApplication app) {
		TlsStatus.Failure failure = app.tlsStatus().failure();
		assertThat(failure).isNotNull();
		return failure.reason();
	}

	private static List<String> refusals(CapturedOutput output) {
		return output.getAll().lines().filter((line) -> line.contains("refused the connection")).toList();
	}

	private static List<String> failures(CapturedOutput output) {
		return output.getAll().lines().filter((line) -> line.contains("cannot use the updated SSL bundle")).toList();
	}

	static class FailingNeighbour {

		@Bean
		static BeanPostProcessor failingHandler() {
			return new BeanPostProcessor() {

				@Override
				public Object postProcessAfterInitialization(Object bean, String beanName) {
					if (bean instanceof SslBundles bundles) {
						bundles.addBundleUpdateHandler("server", (bundle) -> {
							throw new IllegalStateException("neighbour");
						});
					}
					return bean;
				}

			};
		}

	}

}
