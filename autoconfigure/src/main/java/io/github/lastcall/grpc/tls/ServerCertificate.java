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
import java.time.Instant;

/**
 * Certificate that a server presents to its clients.
 *
 * @param subject the distinguished name of the subject
 * @param issuer the distinguished name of the issuer
 * @param serialNumber the serial number in hexadecimal
 * @param validFrom the start of its validity
 * @param validUntil the expiry of the certificate or of an intermediate, whichever is
 * earlier
 * @hidden
 */
public record ServerCertificate(String subject, String issuer, String serialNumber, Instant validFrom,
		Instant validUntil) {

	static ServerCertificate of(X509Certificate[] chain) {
		X509Certificate certificate = chain[0];
		return new ServerCertificate(certificate.getSubjectX500Principal().getName(),
				certificate.getIssuerX500Principal().getName(), certificate.getSerialNumber().toString(16),
				certificate.getNotBefore().toInstant(), validUntil(chain));
	}

	/**
	 * Ignores the authority, which clients have from elsewhere.
	 */
	private static Instant validUntil(X509Certificate[] chain) {
		Instant validUntil = chain[0].getNotAfter().toInstant();
		for (X509Certificate certificate : chain) {
			Instant notAfter = certificate.getNotAfter().toInstant();
			boolean authority = certificate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal());
			if (!authority && notAfter.isBefore(validUntil)) {
				validUntil = notAfter;
			}
		}
		return validUntil;
	}

	@Override
	public String toString() {
		return "%s, serial number %s, issued by %s, valid until %s".formatted(this.subject, this.serialNumber,
				this.issuer, this.validUntil);
	}

}
