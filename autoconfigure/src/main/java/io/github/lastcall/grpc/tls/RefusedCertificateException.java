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

import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;

import org.springframework.core.NestedExceptionUtils;

/**
 * Exception for a client certificate that is not trusted, with its subject and the
 * reason, which the exception of the handshake does not have.
 *
 * @hidden
 */
public final class RefusedCertificateException extends CertificateException {

	RefusedCertificateException(X509Certificate certificate, Exception cause) {
		super("the client certificate of %s, issued by %s, %s".formatted(certificate.getSubjectX500Principal(),
				certificate.getIssuerX500Principal(), reason(certificate, cause)), cause);
	}

	private static String reason(X509Certificate certificate, Exception cause) {
		Throwable root = NestedExceptionUtils.getMostSpecificCause(cause);
		if (root instanceof CertificateExpiredException) {
			return "expired on " + certificate.getNotAfter().toInstant();
		}
		if (root instanceof CertificateNotYetValidException) {
			return "is not valid before " + certificate.getNotBefore().toInstant();
		}
		return (root instanceof CertPathBuilderException) ? "has no issuer in the trust store"
				: "is not trusted: " + root.getMessage();
	}

}
