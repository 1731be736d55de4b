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

package io.github.lastcall.grpc.limits;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

import io.grpc.Metadata;

/**
 * Trailer {@code grpc-retry-pushback-ms}, which tells clients with a retry policy when to
 * retry a call. grpc-java retries on any number that is not negative, whatever the
 * status, and does not charge its retry throttle for it. It must therefore only be sent
 * for a call whose handler has not been started.
 *
 * @param max the maximum delay, 0 to send no trailer
 */
public record RetryPushback(Duration max) {

	private static final Metadata.Key<String> KEY = Metadata.Key.of("grpc-retry-pushback-ms",
			Metadata.ASCII_STRING_MARSHALLER);

	/**
	 * Creates the trailers of a refused call.
	 * @param retryAfter the estimated time after which it would be served, 0 if it is not
	 * known, negative if the client should not retry. Clients are told between half of it
	 * and all of it, so that they do not return at the same time.
	 */
	public Metadata trailers(Duration retryAfter) {
		Metadata trailers = new Metadata();
		if (!this.max.isZero()) {
			trailers.put(KEY, String.valueOf(retryAfter.isNegative() ? -1 : delay(retryAfter)));
		}
		return trailers;
	}

	private long delay(Duration retryAfter) {
		boolean known = !retryAfter.isZero() && retryAfter.compareTo(this.max) < 0;
		long millis = (known ? retryAfter : this.max).toMillis();
		return ThreadLocalRandom.current().nextLong(millis / 2, millis + 1);
	}

}
