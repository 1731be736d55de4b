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
package io.github.lastcall.grpc.test;

import java.io.InputStream;

import io.github.lastcall.grpc.security.GrpcAuthenticationConverter;
import io.github.lastcall.grpc.security.GrpcSecuredCall;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.core.Ordered;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;

/**
 * Carries the user of a test, such as that of {@code @WithMockUser}, to the server in the
 * same process: the caller of a call is whoever is the current user where the call
 * starts. Credentials that a call has itself take precedence.
 */
final class TestCaller implements GrpcAuthenticationConverter, Ordered, AopInfrastructureBean {

	private static final Metadata.Key<Authentication> CALLER = Metadata.Key.of("lastcall-test-caller-bin",
			new ByReference());

	@Override
	public @Nullable Authentication convert(GrpcSecuredCall call) {
		return call.headers().get(CALLER);
	}

	@Override
	public boolean isBlocking() {
		return false;
	}

	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE;
	}

	/**
	 * Sends the current user.
	 */
	static final class Sender implements ClientInterceptor {

		@Override
		public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
			Authentication caller = SecurityContextHolder.getContext().getAuthentication();
			ClientCall<Q, R> call = next.newCall(method, options);
			if (caller == null) {
				return call;
			}
			return new SimpleForwardingClientCall<>(call) {

				@Override
				public void start(Listener<R> listener, Metadata headers) {
					headers.put(CALLER, caller);
					super.start(listener, headers);
				}

			};
		}

	}

	/**
	 * Passes the object itself, which headers within a process do.
	 */
	private static final class ByReference implements Metadata.BinaryStreamMarshaller<Authentication> {

		@Override
		public InputStream toStream(Authentication caller) {
			return new Reference(caller);
		}

		@Override
		public Authentication parseStream(InputStream stream) {
			if (stream instanceof Reference reference) {
				return reference.caller;
			}
			throw new BadCredentialsException("The user of a test cannot come from another process");
		}

	}

	/**
	 * A stream without bytes, around the caller.
	 */
	private static final class Reference extends InputStream {

		private final Authentication caller;

		Reference(Authentication caller) {
			this.caller = caller;
		}

		@Override
		public int read() {
			return -1;
		}

	}

}
