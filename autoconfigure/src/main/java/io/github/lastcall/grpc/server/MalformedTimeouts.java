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

import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * Refuses a call whose {@code grpc-timeout} is malformed before anybody has heard of it.
 * grpc-java finds out too late: it resets such a call after the tracers have seen it
 * begin, and none of them ever sees it end, so that whoever counts calls in flight by a
 * tracer waits for it for ever. To be added before all other tracers.
 */
public final class MalformedTimeouts extends ServerStreamTracer.Factory {

	private static final Metadata.Key<String> TIMEOUT = Metadata.Key.of("grpc-timeout",
			Metadata.ASCII_STRING_MARSHALLER);

	private static final int MAX_LENGTH = 9;

	private static final String UNITS = "HMSmun";

	private final ServerStreamTracer tracer = new ServerStreamTracer() {
	};

	@Override
	public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
		if (isMalformed(headers.get(TIMEOUT))) {
			throw Status.INTERNAL.withDescription("Malformed grpc-timeout").asRuntimeException();
		}
		return this.tracer;
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
