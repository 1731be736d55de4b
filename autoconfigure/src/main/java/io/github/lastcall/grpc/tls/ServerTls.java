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

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

import io.github.lastcall.grpc.server.GrpcServerStartException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.util.Assert;

/**
 * Follows the SSL bundle of a server through its updates. One that cannot be used leaves
 * the server with what it has.
 */
public final class ServerTls implements AopInfrastructureBean {

	private static final String BUNDLE_PROPERTY = "grpc.server.ssl.bundle";

	private static final String CLIENT_AUTH_PROPERTY = "grpc.server.ssl.client-auth";

	private static final Log logger = LogFactory.getLog(ServerTls.class);

	private final String bundleName;

	private final ClientAuthentication clientAuthentication;

	private final TlsTransport transport;

	private final Clock clock;

	private volatile @Nullable TlsStatus status;

	/**
	 * Create TLS that has no bundle yet.
	 * @param bundleName the name of the bundle
	 * @param clientAuthentication whether clients have to show a certificate
	 * @param transport uses the bundle
	 * @param clock tells when a certificate has expired
	 */
	public ServerTls(String bundleName, ClientAuthentication clientAuthentication, TlsTransport transport,
			Clock clock) {
		Assert.hasText(bundleName, "'bundleName' must not be empty");
		this.bundleName = bundleName;
		this.clientAuthentication = clientAuthentication;
		this.transport = transport;
		this.clock = clock;
	}

	/**
	 * Take the bundle into use.
	 * @param bundles where the bundle is
	 * @throws GrpcServerStartException if there is no such bundle or it cannot be used
	 */
	public synchronized void start(SslBundles bundles) {
		TlsStatus started;
		try {
			started = use(bundles.getBundle(this.bundleName));
		}
		catch (NoSuchSslBundleException ex) {
			throw new GrpcServerStartException("The SSL bundle '%s' does not exist.".formatted(this.bundleName),
					"Define it under spring.ssl.bundle.pem.%1$s or spring.ssl.bundle.jks.%1$s, or name an existing bundle (%2$s)."
						.formatted(this.bundleName,
								bundles.getBundleNames().isEmpty() ? "none is defined" : bundles.getBundleNames()),
					List.of(BUNDLE_PROPERTY), ex);
		}
		catch (Exception ex) {
			throw new GrpcServerStartException(
					"The gRPC server cannot use the SSL bundle '%s': %s.".formatted(this.bundleName, reason(ex)),
					"Correct the bundle, which is defined under spring.ssl.bundle, or name another one.",
					List.of(BUNDLE_PROPERTY, CLIENT_AUTH_PROPERTY), ex);
		}
		this.status = started;
		logger.info("gRPC server uses TLS with SSL bundle '%s', client certificates %s: %s".formatted(this.bundleName,
				this.clientAuthentication.name().toLowerCase(Locale.ROOT), text(started)));
		if (started.validUntil().isBefore(this.clock.instant())) {
			logger.warn("The certificate in SSL bundle '%s' has expired: clients will refuse it"
				.formatted(this.bundleName));
		}
	}

	/**
	 * Take an update of the bundle into use, or keep what is in use and report why. Never
	 * throws: others want to know of the update too. Before the start it does nothing,
	 * which takes the newest bundle.
	 * @param bundle the updated bundle
	 */
	public synchronized void update(SslBundle bundle) {
		TlsStatus before = this.status;
		if (before == null) {
			return;
		}
		try {
			TlsStatus after = before.updated(use(bundle));
			this.status = after;
			logger.info("gRPC server now uses the updated SSL bundle '%s': %s".formatted(this.bundleName, text(after)));
		}
		catch (Exception ex) {
			failed(before, ex);
		}
	}

	/**
	 * Report that there is an update of the bundle that cannot even be read. What is in
	 * use stays.
	 * @param failure why it cannot be read
	 */
	public synchronized void updateFailed(Exception failure) {
		TlsStatus before = this.status;
		if (before != null) {
			failed(before, failure);
		}
	}

	private void failed(TlsStatus before, Exception failure) {
		String reason = reason(failure);
		this.status = before.failed(new TlsStatus.Failure(this.clock.instant(), reason));
		boolean known = before.failure() != null && before.failure().reason().equals(reason);
		if (!known) {
			logger.error("gRPC server cannot use the updated SSL bundle '%s' and keeps the previous one (%s): %s"
				.formatted(this.bundleName, text(before), reason));
		}
	}

	private TlsStatus use(SslBundle bundle) throws Exception {
		List<ServerCertificate> certificates = BundleCertificates.of(bundle);
		if (certificates.isEmpty()) {
			throw new IllegalStateException("it has no private key with a certificate");
		}
		if (this.clientAuthentication != ClientAuthentication.NONE) {
			if (BundleCertificates.trustsEveryAuthority(bundle)) {
				throw new IllegalStateException(
						"it has no trust store, so client certificates of any public authority would be trusted");
			}
			if (BundleCertificates.trustsNobody(bundle)) {
				throw new IllegalStateException(
						"its trust store has no certificate, so no client certificate would be trusted");
			}
		}
		Instant now = this.clock.instant();
		TlsStatus updated = new TlsStatus(this.bundleName, this.clientAuthentication, certificates, now, 0, 0, null);
		TlsStatus current = this.status;
		if (current != null && updated.validUntil().isBefore(now) && !current.validUntil().isBefore(now)) {
			throw new IllegalStateException("its certificate expired on " + updated.validUntil());
		}
		this.transport.use(bundle);
		return updated;
	}

	private static String text(TlsStatus status) {
		return status.certificates().stream().map(ServerCertificate::toString).collect(Collectors.joining("; "));
	}

	/**
	 * What Boot and the key store say first names the file, and what they say last the
	 * reason.
	 */
	private static String reason(Exception failure) {
		Throwable root = failure;
		while (root.getCause() != null) {
			root = root.getCause();
		}
		String first = String.valueOf(failure.getMessage());
		String last = (root.getMessage() != null) ? root.getMessage() : root.getClass().getName();
		String reason = first.contains(last) ? first : first + ": " + last;
		return reason.endsWith(".") ? reason.substring(0, reason.length() - 1) : reason;
	}

	/**
	 * The name of the bundle.
	 * @return the name
	 */
	public String getBundleName() {
		return this.bundleName;
	}

	/**
	 * The current state.
	 * @return what is in use, and what has become of the last update
	 * @throws IllegalStateException before the start
	 */
	public TlsStatus getStatus() {
		TlsStatus status = this.status;
		Assert.state(status != null, "TLS has not been started");
		return status;
	}

	/**
	 * How long the certificate in use is still valid. Negative when it has expired.
	 * @return the time in seconds
	 */
	public double secondsUntilExpiry() {
		return Duration.between(this.clock.instant(), getStatus().validUntil()).toMillis() / 1000.0;
	}

	/**
	 * Uses a bundle for all connections that come from now on.
	 */
	@FunctionalInterface
	public interface TlsTransport {

		/**
		 * Try the bundle and use it. On a failure nothing has changed.
		 * @param bundle the bundle
		 * @throws Exception if no handshake would succeed with it
		 */
		void use(SslBundle bundle) throws Exception;

	}

}
