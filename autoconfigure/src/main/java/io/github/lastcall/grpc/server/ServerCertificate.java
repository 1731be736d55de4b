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

package io.github.lastcall.grpc.server;

import java.security.cert.X509Certificate;
import java.time.Instant;

/**
 * A certificate that a server shows to its clients.
 *
 * @param subject whose certificate it is
 * @param issuer who has signed it
 * @param serialNumber its serial number, in hexadecimal
 * @param validFrom when it begins to be valid
 * @param validUntil when it expires
 */
public record ServerCertificate(String subject, String issuer, String serialNumber, Instant validFrom,
		Instant validUntil) {

	static ServerCertificate of(X509Certificate certificate) {
		return new ServerCertificate(certificate.getSubjectX500Principal().getName(),
				certificate.getIssuerX500Principal().getName(), certificate.getSerialNumber().toString(16),
				certificate.getNotBefore().toInstant(), certificate.getNotAfter().toInstant());
	}

	@Override
	public String toString() {
		return "%s, serial number %s, issued by %s, valid until %s".formatted(this.subject, this.serialNumber,
				this.issuer, this.validUntil);
	}

}
