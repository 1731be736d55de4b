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

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;

import javax.crypto.spec.SecretKeySpec;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;

import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;

/**
 * A JSON web token, and what decodes it with a key that it need not look for.
 *
 * @param value the token
 * @param decoder the decoder
 */
record BenchmarkToken(String value, JwtDecoder decoder) {

	private static final Duration VALIDITY = Duration.ofHours(12);

	static BenchmarkToken signed(String algorithm) {
		try {
			return algorithm.equals("HS256") ? hs256() : rs256();
		}
		catch (GeneralSecurityException | JOSEException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static BenchmarkToken hs256() throws JOSEException {
		byte[] secret = "a secret of more than 256 bits for benchmarks".getBytes(StandardCharsets.US_ASCII);
		return new BenchmarkToken(sign(JWSAlgorithm.HS256, new MACSigner(secret)),
				NimbusJwtDecoder.withSecretKey(new SecretKeySpec(secret, "HmacSHA256")).build());
	}

	private static BenchmarkToken rs256() throws GeneralSecurityException, JOSEException {
		KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
		generator.initialize(2048);
		KeyPair keys = generator.generateKeyPair();
		return new BenchmarkToken(sign(JWSAlgorithm.RS256, new RSASSASigner(keys.getPrivate())),
				NimbusJwtDecoder.withPublicKey((RSAPublicKey) keys.getPublic()).build());
	}

	private static String sign(JWSAlgorithm algorithm, JWSSigner signer) throws JOSEException {
		SignedJWT token = new SignedJWT(new JWSHeader(algorithm),
				new JWTClaimsSet.Builder().subject("benchmark")
					.issuer("https://issuer.example.org")
					.audience("benchmarks")
					.claim("scope", "call other")
					.expirationTime(Date.from(Instant.now().plus(VALIDITY)))
					.build());
		token.sign(signer);
		return token.serialize();
	}

}
