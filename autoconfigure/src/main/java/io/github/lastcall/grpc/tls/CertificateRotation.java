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
import org.springframework.core.NestedExceptionUtils;
import org.springframework.util.Assert;

/**
 * Applies the updates of an SSL bundle to the TLS of a server. New connections use the
 * rotated certificate, open ones are not affected. After an update that cannot be used,
 * the server keeps the previous version.
 *
 * @hidden
 */
public final class CertificateRotation implements AopInfrastructureBean {

	private static final String BUNDLE_PROPERTY = "grpc.server.ssl.bundle";

	private static final String CLIENT_AUTH_PROPERTY = "grpc.server.ssl.client-auth";

	private static final Log logger = LogFactory.getLog(CertificateRotation.class);

	private final String bundleName;

	private final ClientAuthentication clientAuthentication;

	private final TlsTransport transport;

	private final Clock clock;

	private volatile @Nullable TlsStatus status;

	/**
	 * Creates a new rotation, which is not started.
	 * @param clientAuthentication whether clients must present a certificate
	 * @param transport uses the bundle
	 * @param clock the clock for checking expiry
	 */
	public CertificateRotation(String bundleName, ClientAuthentication clientAuthentication, TlsTransport transport,
			Clock clock) {
		Assert.hasText(bundleName, "'bundleName' must not be empty");
		this.bundleName = bundleName;
		this.clientAuthentication = clientAuthentication;
		this.transport = transport;
		this.clock = clock;
	}

	/**
	 * Applies the bundle.
	 * @param bundles the registry of the bundle
	 * @throws GrpcServerStartException if the bundle does not exist or cannot be used
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
	 * Applies an update of the bundle, or keeps the current version and reports why.
	 * Never throws, because other listeners need the update too. Does nothing before the
	 * start, which applies the newest bundle.
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
	 * Reports that an update of the bundle could not be read. The current version stays
	 * in use.
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
	 * Combines the outermost message, which names the file, with that of the root cause.
	 */
	private static String reason(Exception failure) {
		Throwable root = NestedExceptionUtils.getMostSpecificCause(failure);
		String first = String.valueOf(failure.getMessage());
		String last = (root.getMessage() != null) ? root.getMessage() : root.getClass().getName();
		String reason = first.contains(last) ? first : first + ": " + last;
		return reason.endsWith(".") ? reason.substring(0, reason.length() - 1) : reason;
	}

	/**
	 * Returns the name of the bundle.
	 */
	public String getBundleName() {
		return this.bundleName;
	}

	/**
	 * Returns the current status.
	 * @return the certificates in use and the result of the last update
	 * @throws IllegalStateException before the start
	 */
	public TlsStatus getStatus() {
		TlsStatus status = this.status;
		Assert.state(status != null, "TLS has not been started");
		return status;
	}

	/**
	 * Returns the time until the certificate in use expires, negative once it has
	 * expired.
	 * @return the time in seconds
	 */
	public double secondsUntilExpiry() {
		return Duration.between(this.clock.instant(), getStatus().validUntil()).toMillis() / 1000.0;
	}

	/**
	 * Transport that applies a bundle to new connections.
	 *
	 * @hidden
	 */
	@FunctionalInterface
	public interface TlsTransport {

		/**
		 * Tests and applies the bundle. Changes nothing on failure.
		 * @throws Exception if handshakes fail with it
		 */
		void use(SslBundle bundle) throws Exception;

	}

}
