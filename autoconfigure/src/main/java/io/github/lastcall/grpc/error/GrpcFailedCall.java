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

package io.github.lastcall.grpc.error;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

import io.github.lastcall.grpc.call.CallHooks;
import io.github.lastcall.grpc.tls.PeerIdentity;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;

/**
 * Call that has failed, as seen by what decides which error its client receives.
 */
public final class GrpcFailedCall {

	private static final Metadata.Key<String> ACCEPT_LANGUAGE = Metadata.Key.of("accept-language",
			Metadata.ASCII_STRING_MARSHALLER);

	private final CallHooks.FailedCall call;

	GrpcFailedCall(CallHooks.FailedCall call) {
		this.call = call;
	}

	/**
	 * Returns the method that was called.
	 * @return the method
	 */
	public MethodDescriptor<?, ?> method() {
		return this.call.call().getMethodDescriptor();
	}

	/**
	 * Returns the headers of the request.
	 * @return the headers
	 */
	public Metadata headers() {
		return this.call.headers();
	}

	/**
	 * Returns the language that the client prefers, from the header
	 * {@code accept-language}.
	 * @return the locale, that of the JVM if the client names none
	 */
	public Locale locale() {
		String languages = headers().get(ACCEPT_LANGUAGE);
		if (languages != null) {
			try {
				List<Locale.LanguageRange> ranges = Locale.LanguageRange.parse(languages);
				String preferred = ranges.get(0).getRange();
				if (!preferred.startsWith("*")) {
					return Locale.forLanguageTag(preferred);
				}
			}
			catch (IllegalArgumentException ex) {
				// Malformed: as if there were none.
			}
		}
		return Locale.getDefault();
	}

	/**
	 * Returns the client.
	 * @return the client, empty if it presented no certificate
	 */
	public Optional<PeerIdentity> peer() {
		return PeerIdentity.of(this.call.call());
	}

	/**
	 * Returns the request of a unary call.
	 * @return the request, empty if it had not arrived, and for calls that stream
	 */
	public Optional<Object> request() {
		return Optional.ofNullable(this.call.request());
	}

	/**
	 * Returns whether the deadline of the call has passed.
	 * @return whether it has, {@code false} for a call without a deadline
	 */
	public boolean isDeadlineExpired() {
		Deadline deadline = this.call.context().getDeadline();
		return deadline != null && deadline.isExpired();
	}

}
