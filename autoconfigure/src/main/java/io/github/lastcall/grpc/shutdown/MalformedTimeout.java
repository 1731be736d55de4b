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
package io.github.lastcall.grpc.shutdown;

import io.grpc.Metadata;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * Refuses a call whose {@code grpc-timeout} is malformed before it is tracked. grpc-java
 * finds out too late: it resets such a call after its tracer has seen it begin, and the
 * tracer never sees it end.
 *
 * @see <a href=
 * "https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md">PROTOCOL-HTTP2,
 * "Timeout"</a>
 */
final class MalformedTimeout {

	private static final Metadata.Key<String> TIMEOUT = Metadata.Key.of("grpc-timeout",
			Metadata.ASCII_STRING_MARSHALLER);

	private static final int MAX_LENGTH = 9;

	private static final String UNITS = "HMSmun";

	private MalformedTimeout() {
	}

	/**
	 * Look at the headers of a call.
	 * @param headers the headers
	 * @throws io.grpc.StatusRuntimeException if there is a timeout that is none
	 */
	static void check(Metadata headers) {
		if (isMalformed(headers.get(TIMEOUT))) {
			throw Status.INTERNAL.withDescription("Malformed grpc-timeout").asRuntimeException();
		}
	}

	private static boolean isMalformed(@Nullable String timeout) {
		if (timeout == null) {
			return false;
		}
		int last = timeout.length() - 1;
		if (last < 1 || last >= MAX_LENGTH || UNITS.indexOf(timeout.charAt(last)) == -1) {
			return true;
		}
		for (int i = 0; i < last; i++) {
			if (timeout.charAt(i) < '0' || timeout.charAt(i) > '9') {
				return true;
			}
		}
		return false;
	}

}
