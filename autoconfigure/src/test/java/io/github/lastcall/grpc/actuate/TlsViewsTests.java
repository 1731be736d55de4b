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

package io.github.lastcall.grpc.actuate;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;

import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.grpc.testing.TestAuthority;
import io.github.lastcall.grpc.tls.CertificateRotation;
import io.github.lastcall.grpc.tls.ClientAuthentication;
import io.github.lastcall.grpc.tls.TlsStatus;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.pkitesting.X509Bundle;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.skyscreamer.jsonassert.JSONAssert;
import org.skyscreamer.jsonassert.JSONCompareMode;

import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundle;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What an operator sees of a certificate and of its rotation.
 */
@Timeout(120)
class TlsViewsTests {

	private static final String[] PROPERTIES = { "management.endpoints.web.exposure.include=health,grpc",
			"management.endpoint.health.show-details=always", "grpc.server.ssl.client-auth=optional" };

	private final TestAuthority authority = new TestAuthority("authority");

	private final X509Bundle first = this.authority.server("first");

	private final X509Bundle second = this.authority.server("second");

	@Test
	void theCertificateAndItsUpdatesAreInTheEndpointTheHealthDetailsAndTheMeters() throws Exception {
		try (TestApplication app = TestApplication.ofEverything()
			.web()
			.tls(this.authority.trustingBundle(this.first))
			.run(PROPERTIES)) {
			assertThatEndpoint(app, """
					{
					  "bundle": "server",
					  "clientAuth": "optional",
					  "certificates": [ { "subject": "CN=first", "issuer": "CN=authority", "serialNumber": "%s",
					    "validFrom": "%s", "validUntil": "%s" } ],
					  "updates": 0,
					  "failedUpdates": 0
					}
					""".formatted(this.first.getCertificate().getSerialNumber().toString(16),
					this.first.getCertificate().getNotBefore().toInstant(), validUntil(this.first)));
			assertThatHealth(app, """
					{ "bundle": "server", "validUntil": "%s" }
					""".formatted(validUntil(this.first)));
			assertThat(updates(app, "success")).isZero();
			assertThat(updates(app, "failure")).isZero();

			SslBundle broken = TestAuthority.bundle("file:/nowhere", null, null);
			app.update(broken);
			app.update(broken);

			assertThatEndpoint(app, """
					{
					  "certificates": [ { "subject": "CN=first" } ],
					  "updates": 0,
					  "failedUpdates": 2,
					  "failure": { "reason": "%s" }
					}
					""".formatted(failure(app)));
			JSONObject details = assertThatHealth(app, """
					{ "validUntil": "%s", "updateFailed": "%s" }
					""".formatted(validUntil(this.first), failure(app)));
			assertThat(Instant.parse(details.getString("updateFailedAt"))).isBeforeOrEqualTo(Instant.now());
			assertThat(updates(app, "failure")).isEqualTo(2);

			app.update(this.authority.trustingBundle(this.second));

			assertThatEndpoint(app, """
					{ "certificates": [ { "subject": "CN=second" } ], "updates": 1, "failedUpdates": 2 }
					""");
			assertThat(assertThatHealth(app, "{ \"validUntil\": \"%s\" }".formatted(validUntil(this.second)))
				.has("updateFailed")).isFalse();
			assertThat(updates(app, "success")).isEqualTo(1);
			assertThat(updates(app, "failure")).isEqualTo(2);
			assertThat(expiry(app)).isBetween(1.0, (double) Duration.ofDays(400).toSeconds());
		}
	}

	@Test
	void theExpiryCountsDownToZeroAndBelow() {
		Instant expiry = validUntil(this.first);
		for (int left : new int[] { 3600, 0, -60 }) {
			CertificateRotation tls = new CertificateRotation("server", ClientAuthentication.NONE, (bundle) -> {
			}, Clock.fixed(expiry.minusSeconds(left), ZoneOffset.UTC));
			tls.start(new DefaultSslBundleRegistry("server", this.authority.trustingBundle(this.first)));
			assertThat(tls.secondsUntilExpiry()).isEqualTo(left);
		}
	}

	@Test
	void aServerInPlaintextShowsNothingOfIt() throws Exception {
		try (TestApplication app = TestApplication.of().run(); GrpcClient client = GrpcClient.of(app.port())) {
			assertThat(client.featureName()).isEqualTo("somewhere");
			assertThat(app.context().getBeanProvider(CertificateRotation.class).getIfAvailable()).isNull();
			assertThat(app.context().getBean(MeterRegistry.class).find("grpc.server.ssl.certificate.expiry").gauge())
				.isNull();
			assertThat(app.context().getBean(GrpcServerHealthIndicator.class).health().getDetails())
				.doesNotContainKey("ssl");
		}
	}

	private static Instant validUntil(X509Bundle certificate) {
		return certificate.getCertificate().getNotAfter().toInstant();
	}

	private static String failure(TestApplication app) {
		TlsStatus.Failure failure = app.tlsStatus().failure();
		assertThat(failure).isNotNull();
		return failure.reason();
	}

	private static double updates(TestApplication app, String outcome) {
		return app.context()
			.getBean(MeterRegistry.class)
			.get("grpc.server.ssl.bundle.updates")
			.tags("bundle", "server", "outcome", outcome)
			.functionCounter()
			.count();
	}

	private static double expiry(TestApplication app) {
		return app.context()
			.getBean(MeterRegistry.class)
			.get("grpc.server.ssl.certificate.expiry")
			.tag("bundle", "server")
			.timeGauge()
			.value();
	}

	private static void assertThatEndpoint(TestApplication app, String expected) throws Exception {
		JSONObject ssl = get(app, "/actuator/grpc").getJSONObject("ssl");
		JSONAssert.assertEquals(expected, ssl, JSONCompareMode.LENIENT);
	}

	private static JSONObject assertThatHealth(TestApplication app, String expected) throws Exception {
		JSONObject health = get(app, "/actuator/health/grpc");
		assertThat(health.getString("status")).isEqualTo("UP");
		JSONObject ssl = health.getJSONObject("details").getJSONObject("ssl");
		JSONAssert.assertEquals(expected, ssl, JSONCompareMode.LENIENT);
		return ssl;
	}

	private static JSONObject get(TestApplication app, String path) throws Exception {
		int port = app.context().getEnvironment().getRequiredProperty("local.server.port", Integer.class);
		HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
			.timeout(Duration.ofSeconds(30))
			.build();
		return new JSONObject(HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body());
	}

}
