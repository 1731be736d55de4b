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
package io.github.lastcall.strangers.authorization;

import java.util.List;
import java.util.Map;

import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.security.config.annotation.web.configuration.WebSecurityCustomizer;
import org.springframework.security.oauth2.jwt.JwtEncoder;
import org.springframework.security.oauth2.jwt.NimbusJwtEncoder;
import org.springframework.security.oauth2.server.authorization.authentication.OAuth2AuthorizationGrantAuthenticationToken;
import org.springframework.security.oauth2.server.authorization.token.JwtEncodingContext;
import org.springframework.security.oauth2.server.authorization.token.OAuth2TokenCustomizer;

/**
 * The application.
 */
@SpringBootApplication
public class AuthorizationServerApplication {

	/**
	 * Signs with the newest key.
	 */
	@Bean
	JwtEncoder jwtEncoder(JWKSource<SecurityContext> keys) {
		NimbusJwtEncoder encoder = new NimbusJwtEncoder(keys);
		encoder.setJwkSelector((candidates) -> candidates.get(0));
		return encoder;
	}

	/**
	 * Makes tokens for the greeter, but for the client that is registered for another
	 * service, and binds them to the certificate that a request names.
	 */
	@Bean
	OAuth2TokenCustomizer<JwtEncodingContext> audience() {
		return (context) -> {
			OAuth2AuthorizationGrantAuthenticationToken request = context.getAuthorizationGrant();
			Object thumbprint = request.getAdditionalParameters().get("thumbprint");
			if (thumbprint != null) {
				context.getClaims().claim("cnf", Map.of("x5t#S256", thumbprint));
			}
			if (!context.getRegisteredClient().getClientId().equals("elsewhere")) {
				context.getClaims().audience(List.of("greeter"));
			}
		};
	}

	@Bean
	WebSecurityCustomizer keysAreRotatedByAnybody() {
		return (web) -> web.ignoring().requestMatchers("/keys");
	}

	public static void main(String[] args) {
		SpringApplication.run(AuthorizationServerApplication.class, args);
	}

}
