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

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.github.lastcall.sample.process.ApplicationProcess;
import org.jspecify.annotations.Nullable;

/**
 * The authorization server as a process of its own.
 */
final class AuthorizationServer extends ApplicationProcess {

	private static final Pattern ACCESS_TOKEN = Pattern.compile("\"access_token\":\"([^\"]+)\"");

	private final HttpClient http = HttpClient.newHttpClient();

	private AuthorizationServer(List<String> arguments) throws IOException {
		super(arguments);
	}

	/**
	 * Starts the server and waits until it issues tokens.
	 * @param arguments arguments such as {@code --server.port=1234}
	 * @return the running server
	 */
	static AuthorizationServer start(String... arguments) throws IOException {
		List<String> all = new ArrayList<>(List.of("-jar", Stranger.jar("authorization-server").toString()));
		all.addAll(List.of(arguments));
		AuthorizationServer server = new AuthorizationServer(all);
		server.webPort();
		return server;
	}

	/**
	 * What its tokens say of their issuer, and what the greeter knows of it.
	 */
	String issuer() {
		return "http://localhost:" + webPort();
	}

	/**
	 * Asks for a token by client credentials.
	 * @param client the client, whose secret is its name
	 * @param scope what the token allows, or {@code null}
	 * @return the token
	 */
	String token(String client, @Nullable String scope) throws IOException, InterruptedException {
		return token(client, scope, "");
	}

	/**
	 * Asks for a token that is bound to a certificate.
	 * @param client the client, whose secret is its name
	 * @param scope what the token allows
	 * @param thumbprint the thumbprint of the certificate
	 * @return the token
	 */
	String boundToken(String client, String scope, String thumbprint) throws IOException, InterruptedException {
		return token(client, scope, "&thumbprint=" + thumbprint);
	}

	private String token(String client, @Nullable String scope, String parameters)
			throws IOException, InterruptedException {
		String credentials = Base64.getEncoder()
			.encodeToString((client + ":" + client).getBytes(StandardCharsets.UTF_8));
		String form = "grant_type=client_credentials" + ((scope != null) ? "&scope=" + scope.replace(" ", "%20") : "")
				+ parameters;
		HttpRequest request = HttpRequest.newBuilder(URI.create(issuer() + "/oauth2/token"))
			.header("Authorization", "Basic " + credentials)
			.header("Content-Type", "application/x-www-form-urlencoded")
			.POST(HttpRequest.BodyPublishers.ofString(form))
			.build();
		String answer = this.http.send(request, HttpResponse.BodyHandlers.ofString()).body();
		Matcher token = ACCESS_TOKEN.matcher(answer);
		if (!token.find()) {
			throw new IllegalStateException(answer);
		}
		return token.group(1);
	}

	/**
	 * Returns the keys that it publishes.
	 */
	String keys() throws IOException, InterruptedException {
		HttpRequest request = HttpRequest.newBuilder(URI.create(issuer() + "/oauth2/jwks")).build();
		return this.http.send(request, HttpResponse.BodyHandlers.ofString()).body();
	}

	/**
	 * Signs the tokens that follow with a new key. Those of the last key are still good.
	 */
	void rotateKeys() throws IOException, InterruptedException {
		HttpResponse<String> answer = post("/keys");
		if (answer.statusCode() != 200) {
			throw new IllegalStateException(answer.body());
		}
	}

}
