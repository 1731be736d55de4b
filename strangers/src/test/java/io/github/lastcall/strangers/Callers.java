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
package io.github.lastcall.strangers;

import java.util.ArrayList;
import java.util.List;

import io.github.lastcall.sample.process.Tools;
import io.grpc.Channel;
import io.grpc.ClientInterceptor;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Calls with credentials: ours, buf's and Python's.
 */
final class Callers {

	static final Metadata.Key<String> WWW_AUTHENTICATE = Metadata.Key.of("www-authenticate",
			Metadata.ASCII_STRING_MARSHALLER);

	private static final Metadata.Key<String> AUTHORIZATION = Metadata.Key.of("authorization",
			Metadata.ASCII_STRING_MARSHALLER);

	private Callers() {
	}

	/**
	 * Adds a token to each call.
	 * @param token the token, or {@code null} for none
	 */
	static ClientInterceptor bearing(@Nullable String token) {
		Metadata headers = new Metadata();
		if (token != null) {
			headers.put(AUTHORIZATION, "Bearer " + token);
		}
		return MetadataUtils.newAttachHeadersInterceptor(headers);
	}

	static String greet(Channel channel, @Nullable String token) {
		return Stranger.blocking(channel).withInterceptors(bearing(token)).greet(Stranger.guest("Ada")).getText();
	}

	static StatusRuntimeException refused(Channel channel, @Nullable String token) {
		return assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(() -> greet(channel, token)).actual();
	}

	/**
	 * Greets with Python's grpcio.
	 * @param server the server
	 * @param token the token, or an empty text for none
	 * @param files the certificates of the authority and of the client, and the key of
	 * the client; none for plaintext
	 * @return the status and the greeting, or the status and its challenge
	 */
	static String python(Stranger server, String token, String... files) {
		List<String> command = new ArrayList<>(List.of(Tools.pythonWithGrpc(), "src/test/python/secured_client.py",
				Integer.toString(server.grpcPort()), token));
		command.addAll(List.of(files));
		return Tools.run(command.toArray(String[]::new)).output();
	}

	/**
	 * Greets with buf, which asks for the schema by reflection.
	 * @param server the server
	 * @param arguments arguments of {@code buf curl}
	 * @return the greeting, or the status
	 */
	static String buf(Stranger server, String scheme, String... arguments) {
		List<String> command = new ArrayList<>(
				List.of(Tools.buf(), "curl", "--protocol", "grpc", "-d", "{\"name\": \"Ada\"}"));
		command.addAll(List.of(arguments));
		command.add("%s://localhost:%d/greeter.Greeter/Greet".formatted(scheme, server.grpcPort()));
		return Tools.run(command.toArray(String[]::new)).output();
	}

}
