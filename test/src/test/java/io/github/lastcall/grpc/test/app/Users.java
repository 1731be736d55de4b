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

package io.github.lastcall.grpc.test.app;

import io.github.lastcall.grpc.server.GlobalServerInterceptor;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import org.jspecify.annotations.Nullable;

import org.springframework.stereotype.Component;

/**
 * Takes the user of a call from its metadata.
 */
@Component
@GlobalServerInterceptor
class Users implements ServerInterceptor {

	private static final Metadata.Key<String> HEADER = Metadata.Key.of("user", Metadata.ASCII_STRING_MARSHALLER);

	private static final Context.Key<@Nullable String> USER = Context.key("user");

	static String suffix() {
		String user = USER.get();
		return (user != null) ? " from " + user : "";
	}

	@Override
	public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
			ServerCallHandler<Q, R> next) {
		return Contexts.interceptCall(Context.current().withValue(USER, headers.get(HEADER)), call, headers, next);
	}

}
