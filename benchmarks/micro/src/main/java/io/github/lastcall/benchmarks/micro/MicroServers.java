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

package io.github.lastcall.benchmarks.micro;

import io.github.lastcall.grpc.security.GrpcAuthorization;
import io.github.lastcall.grpc.server.GlobalServerInterceptor;
import io.github.lastcall.grpc.server.GrpcService;
import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ServerCalls;

import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.ProviderManager;
import org.springframework.security.authorization.AuthorityAuthorizationManager;
import org.springframework.security.authorization.AuthorizationManager;
import org.springframework.security.core.Authentication;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthenticationToken;
import org.springframework.security.oauth2.server.resource.authentication.JwtAuthenticationProvider;

/**
 * Applications with one method, which returns its request.
 */
final class MicroServers {

	private MicroServers() {
	}

	/**
	 * Every call is served.
	 */
	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class OpenServer {

		@Bean
		@GrpcService
		BindableService service() {
			return () -> ServerServiceDefinition.builder("lastcall.benchmarks.Micro")
				.addMethod(SecurityBenchmark.METHOD, ServerCalls.asyncUnaryCall((request, observer) -> {
					observer.onNext(request);
					observer.onCompleted();
				}))
				.build();
		}

	}

	/**
	 * A rule decides for all methods.
	 */
	@Configuration(proxyBeanMethods = false)
	static class SecuredServer {

		@Bean
		GrpcAuthorization grpcAuthorization() {
			return GrpcAuthorization.rules((rules) -> rules.anyOther().hasAuthority("SCOPE_call"));
		}

	}

	/**
	 * An interceptor calls Spring Security: a decoder, a provider and a rule, and nothing
	 * that a handler could see.
	 */
	@Configuration(proxyBeanMethods = false)
	static class ByHandServer {

		@Bean
		@GlobalServerInterceptor
		ServerInterceptor byHand(JwtDecoder decoder) {
			return new ByHand(new ProviderManager(new JwtAuthenticationProvider(decoder)));
		}

	}

	private static final class ByHand implements ServerInterceptor {

		private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization",
				Metadata.ASCII_STRING_MARSHALLER);

		private final AuthenticationManager authentication;

		private final AuthorizationManager<ServerCall<?, ?>> authorization = AuthorityAuthorizationManager
			.hasAuthority("SCOPE_call");

		ByHand(AuthenticationManager authentication) {
			this.authentication = authentication;
		}

		@Override
		public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
				ServerCallHandler<Q, R> next) {
			String header = headers.get(AUTHORIZATION);
			if (header == null) {
				throw Status.UNAUTHENTICATED.asRuntimeException();
			}
			Authentication caller = this.authentication
				.authenticate(new BearerTokenAuthenticationToken(header.substring("Bearer ".length())));
			this.authorization.verify(() -> caller, call);
			return next.startCall(call, headers);
		}

	}

}
