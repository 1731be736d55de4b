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

import java.time.Instant;
import java.util.Comparator;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * What a server shows to its clients by TLS, and what has become of the updates.
 *
 * @param bundle the name of the SSL bundle
 * @param clientAuthentication whether clients have to show a certificate
 * @param certificates the certificates in use, at least one; a client gets the one that
 * suits its ciphers
 * @param since when they were taken into use
 * @param updates how many updates of the bundle have been taken into use
 * @param failedUpdates how many updates could not be used
 * @param failure why the last update could not be used, {@code null} if there was none or
 * it could
 */
public record TlsStatus(String bundle, ClientAuthentication clientAuthentication, List<ServerCertificate> certificates,
		Instant since, long updates, long failedUpdates, @Nullable Failure failure) {

	public TlsStatus {
		certificates = List.copyOf(certificates);
	}

	/**
	 * When the first of the certificates expires.
	 * @return the earliest expiry
	 */
	public Instant validUntil() {
		return this.certificates.stream()
			.map(ServerCertificate::validUntil)
			.min(Comparator.naturalOrder())
			.orElse(Instant.MAX);
	}

	TlsStatus updated(TlsStatus first) {
		return new TlsStatus(first.bundle, first.clientAuthentication, first.certificates, first.since,
				this.updates + 1, this.failedUpdates, null);
	}

	TlsStatus failed(Failure failure) {
		return new TlsStatus(this.bundle, this.clientAuthentication, this.certificates, this.since, this.updates,
				this.failedUpdates + 1, failure);
	}

	/**
	 * An update of the bundle that cannot be used.
	 *
	 * @param time when that was found out
	 * @param reason what is wrong
	 */
	public record Failure(Instant time, String reason) {

	}

}
