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
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import io.github.lastcall.sample.process.Tools;

/**
 * The nginx of {@code deploy/nginx}, in front of two replicas.
 */
final class Nginx implements AutoCloseable {

	private static final String CALLS = "calls.log";

	private final BalancerProcess process;

	private Nginx(BalancerProcess process) {
		this.process = process;
	}

	static Nginx start(SampleProcess a, SampleProcess b) throws IOException, InterruptedException {
		return new Nginx(BalancerProcess.start(new BalancerProcess.Recipe() {

			@Override
			public ProcessBuilder prepare(Path directory, int port) throws IOException {
				Path file = directory.resolve("nginx.conf");
				Files.writeString(file, configuration(directory, port, a.grpcPort(), b.grpcPort()));
				return new ProcessBuilder(Tools.nginx(), "-p", directory.toString(), "-c", file.toString(), "-g",
						"daemon off;");
			}

			@Override
			public boolean isReady(Path directory, int port) {
				// It has its ports when it writes its process id.
				return Files.exists(directory.resolve("nginx.pid")) && accepts(port);
			}

		}));
	}

	/**
	 * The file that users copy, with this test's addresses and directories. Nginx has no
	 * variables for them.
	 */
	private static String configuration(Path directory, int port, int a, int b) throws IOException {
		String configuration = Files.readString(BalancerProcess.DEPLOY.resolve("nginx").resolve("nginx.conf"));
		Map<String, String> replacements = Map.of("server 10.0.0.11:9090 ", "server 127.0.0.1:%d ".formatted(a),
				"server 10.0.0.12:9090 ", "server 127.0.0.1:%d ".formatted(b), "listen 9090 ",
				"listen 127.0.0.1:%d ".formatted(port), "/run/", directory + "/", "/var/log/nginx/", directory + "/",
				"http {", """
						http {
							client_body_temp_path body;
							proxy_temp_path proxy;
							fastcgi_temp_path fastcgi;
							uwsgi_temp_path uwsgi;
							scgi_temp_path scgi;
						""");
		for (Map.Entry<String, String> replacement : replacements.entrySet()) {
			if (!configuration.contains(replacement.getKey())) {
				throw new IllegalStateException("nginx.conf does not contain " + replacement.getKey());
			}
			configuration = configuration.replace(replacement.getKey(), replacement.getValue());
		}
		return configuration;
	}

	private static boolean accepts(int port) {
		try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
			return true;
		}
		catch (IOException ex) {
			return false;
		}
	}

	int port() {
		return this.process.port();
	}

	/**
	 * The lines of the access log.
	 * @return one for each call that has ended
	 */
	List<String> calls() {
		try {
			return Files.readAllLines(this.process.directory().resolve(CALLS));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Override
	public void close() throws IOException, InterruptedException {
		this.process.close();
	}

}
