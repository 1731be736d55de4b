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
 * Certificates that a server presents to its clients, and the results of updates.
 *
 * @param bundle the name of the SSL bundle
 * @param clientAuthentication whether clients must present a certificate
 * @param certificates the certificates in use, at least one; which one a client gets
 * depends on its ciphers
 * @param since the time since which they are in use
 * @param updates the number of updates applied
 * @param failedUpdates the number of updates that could not be used
 * @param failure the failure of the last update, {@code null} if it succeeded or there
 * was none
 * @hidden
 */
public record TlsStatus(String bundle, ClientAuthentication clientAuthentication, List<ServerCertificate> certificates,
		Instant since, long updates, long failedUpdates, @Nullable Failure failure) {

	public TlsStatus {
		certificates = List.copyOf(certificates);
	}

	/**
	 * Returns the time at which the first of the certificates expires.
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
	 * Failure of an update of the bundle.
	 *
	 * @param time the time of the failure
	 * @hidden
	 */
	public record Failure(Instant time, String reason) {

	}

}
