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
package io.github.lastcall.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;

import io.grpc.ClientInterceptor;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;

/**
 * The token that all calls to secured servers have, and the file of the key that they
 * check it with.
 */
final class BearerToken {

	private static final Duration VALIDITY = Duration.ofHours(12);

	private static final BearerToken INSTANCE = new BearerToken();

	private final String value;

	private final Path publicKey;

	private BearerToken() {
		try {
			KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
			generator.initialize(2048);
			KeyPair keys = generator.generateKeyPair();
			this.value = sign(keys, "{\"alg\":\"RS256\"}", "{\"sub\":\"benchmark\",\"scope\":\"call\",\"exp\":%d}"
				.formatted(Instant.now().plus(VALIDITY).getEpochSecond()));
			this.publicKey = Files.createTempFile("public-key", ".pem");
			this.publicKey.toFile().deleteOnExit();
			Files.writeString(this.publicKey, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n"
				.formatted(Base64.getMimeEncoder().encodeToString(keys.getPublic().getEncoded())));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static String sign(KeyPair keys, String header, String claims) throws GeneralSecurityException {
		String signed = encode(header.getBytes(StandardCharsets.UTF_8)) + "."
				+ encode(claims.getBytes(StandardCharsets.UTF_8));
		Signature signature = Signature.getInstance("SHA256withRSA");
		signature.initSign(keys.getPrivate());
		signature.update(signed.getBytes(StandardCharsets.US_ASCII));
		return signed + "." + encode(signature.sign());
	}

	private static String encode(byte[] bytes) {
		return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
	}

	/**
	 * The argument of a secured server.
	 */
	static String property() {
		return "--spring.security.oauth2.resourceserver.jwt.public-key-location=file:" + INSTANCE.publicKey;
	}

	/**
	 * Adds the token to each call.
	 */
	static ClientInterceptor attached() {
		Metadata headers = new Metadata();
		headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + INSTANCE.value);
		return MetadataUtils.newAttachHeadersInterceptor(headers);
	}

}
