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

package io.github.lastcall.sample;

import io.github.lastcall.grpc.security.GrpcAuthorization;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;

import org.springframework.boot.health.actuate.endpoint.HealthEndpoint;
import org.springframework.boot.security.autoconfigure.actuate.web.servlet.EndpointRequest;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Profile;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.web.SecurityFilterChain;

/**
 * Who may call what with the profile {@code secured}.
 */
@Configuration(proxyBeanMethods = false)
@Profile("secured")
class RouteGuideSecurity {

	/**
	 * Calls: everybody who has a token reads, drivers write. Reflection is open, so that
	 * tools find the methods; health is open anyway.
	 */
	@Bean
	GrpcAuthorization calls() {
		return GrpcAuthorization.rules((rules) -> rules.method(RouteGuideGrpc.getRecordRouteMethod())
			.hasAuthority("SCOPE_write")
			.method(RouteGuideGrpc.getRouteChatMethod())
			.hasAuthority("SCOPE_write")
			.service(RouteGuideGrpc.class)
			.hasAuthority("SCOPE_read")
			.reflection()
			.permitAll()
			.anyOther()
			.denyAll());
	}

	/**
	 * HTTP: probes have no token, and everything else of Actuator is for operators.
	 */
	@Bean
	SecurityFilterChain http(HttpSecurity http) {
		return http
			.authorizeHttpRequests((requests) -> requests.requestMatchers(EndpointRequest.to(HealthEndpoint.class))
				.permitAll()
				.anyRequest()
				.hasAuthority("SCOPE_operate"))
			.oauth2ResourceServer((server) -> server.jwt(Customizer.withDefaults()))
			.build();
	}

}
