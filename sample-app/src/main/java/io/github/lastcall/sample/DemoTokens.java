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

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.interfaces.RSAPrivateKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.EnvironmentAware;
import org.springframework.context.annotation.Profile;
import org.springframework.core.env.Environment;
import org.springframework.security.oauth2.jwt.JwtClaimsSet;
import org.springframework.security.oauth2.jwt.JwtEncoder;
import org.springframework.security.oauth2.jwt.JwtEncoderParameters;
import org.springframework.security.oauth2.jwt.NimbusJwtEncoder;
import org.springframework.stereotype.Component;

/**
 * Takes the place of an identity provider with the profile {@code secured}: makes a key
 * and tokens at each start, before Spring Boot reads the public key. The private key is
 * never written, so that nobody can deploy it.
 */
@Component
@Profile("secured")
class DemoTokens implements BeanFactoryPostProcessor, EnvironmentAware {

	private static final Duration VALIDITY = Duration.ofHours(1);

	private static final Log logger = LogFactory.getLog(DemoTokens.class);

	private Path directory = Path.of("");

	@Override
	public void setEnvironment(Environment environment) {
		this.directory = Path.of(environment.getRequiredProperty("tokens.directory"));
	}

	@Override
	public void postProcessBeanFactory(ConfigurableListableBeanFactory beanFactory) {
		KeyPair keys = keys();
		JwtEncoder encoder = NimbusJwtEncoder
			.withKeyPair((RSAPublicKey) keys.getPublic(), (RSAPrivateKey) keys.getPrivate())
			.build();
		try {
			Files.createDirectories(this.directory);
			Files.writeString(this.directory.resolve("public.pem"),
					"-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n"
						.formatted(Base64.getMimeEncoder().encodeToString(keys.getPublic().getEncoded())));
			Files.writeString(this.directory.resolve("driver.token"), token(encoder, "driver", "read write operate"));
			Files.writeString(this.directory.resolve("guest.token"), token(encoder, "guest", "read"));
		}
		catch (IOException ex) {
			throw new IllegalStateException("Cannot write to " + this.directory, ex);
		}
		logger.warn("For demonstration only: this application has issued tokens to itself, in "
				+ this.directory.toAbsolutePath() + ". They are valid for " + VALIDITY.toHours() + " h");
	}

	private static KeyPair keys() {
		try {
			KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
			generator.initialize(2048);
			return generator.generateKeyPair();
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static String token(JwtEncoder encoder, String subject, String scope) {
		Instant now = Instant.now();
		JwtClaimsSet claims = JwtClaimsSet.builder()
			.subject(subject)
			.audience(List.of("route-guide"))
			.issuedAt(now)
			.expiresAt(now.plus(VALIDITY))
			.claim("scope", scope)
			.build();
		return encoder.encode(JwtEncoderParameters.from(claims)).getTokenValue();
	}

}
