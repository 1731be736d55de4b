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
package io.github.lastcall.benchmarks.server.lastcall.security;

import java.util.Map;

import io.github.lastcall.benchmarks.server.lastcall.LastCallServer;
import io.github.lastcall.grpc.server.GlobalServerInterceptor;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;

import org.springframework.boot.SpringApplication;
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
 * The server without its own security, and an interceptor that calls Spring Security by
 * hand: a decoder, a provider and a rule, and nothing that a handler could see.
 */
@Configuration(proxyBeanMethods = false)
public class ByHandServer {

	/**
	 * Start the server.
	 * @param args properties, such as that of the public key
	 */
	public static void main(String[] args) {
		SpringApplication application = new SpringApplication(LastCallServer.class, ByHandServer.class);
		// The token would be checked twice.
		application.setDefaultProperties(Map.of("grpc.server.security.enabled", "false"));
		application.run(args);
	}

	@Bean
	@GlobalServerInterceptor
	ServerInterceptor byHand(JwtDecoder decoder) {
		return new ByHand(new ProviderManager(new JwtAuthenticationProvider(decoder)));
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
