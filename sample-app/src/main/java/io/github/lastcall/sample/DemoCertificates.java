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
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.autoconfigure.ssl.SslBundleRegistrar;
import org.springframework.boot.ssl.SslBundleRegistry;
import org.springframework.context.annotation.Profile;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;

/**
 * Certificates for the demonstration, made by the JDK's {@code keytool}: an authority of
 * our own at the first start, and a certificate of the server when there is none, when it
 * has expired at a start, and whenever somebody asks for one by
 * {@code POST /actuator/certificates}. In production they come from cert-manager, Vault
 * or the like, which replace the files in the same way.
 */
@Component
@Profile("tls")
@Endpoint(id = "certificates")
@Order(Ordered.HIGHEST_PRECEDENCE)
class DemoCertificates implements SslBundleRegistrar {

	private static final String PASSWORD = "changeit";

	private static final Log logger = LogFactory.getLog(DemoCertificates.class);

	private final Path directory;

	private final Clock clock;

	@Autowired
	DemoCertificates(@Value("${tls.directory}") Path directory) {
		this(directory, Clock.systemUTC());
	}

	DemoCertificates(Path directory, Clock clock) {
		this.directory = directory;
		this.clock = clock;
	}

	/**
	 * Registers nothing: it runs before Spring Boot reads the files of its bundles. A
	 * start that has died half way is completed by the next one.
	 */
	@Override
	public synchronized void registerBundles(SslBundleRegistry registry) {
		try {
			Files.createDirectories(this.directory);
			if (!Files.exists(file("authority.p12"))) {
				// They are of an authority that is no more.
				Files.deleteIfExists(file("ca.pem"));
				Files.deleteIfExists(file("server.p12"));
				make("authority.p12",
						(file) -> keytool("-genkeypair", "-alias", "authority", "-dname", "CN=Route Guide Authority",
								"-ext", "bc:critical", "-keyalg", "EC", "-groupname", "secp256r1", "-validity", "3650",
								"-keystore", file));
			}
			if (!Files.exists(file("ca.pem"))) {
				make("ca.pem", (file) -> keytool("-exportcert", "-rfc", "-alias", "authority", "-keystore",
						path("authority.p12"), "-file", file));
				logger.info("Clients can trust the authority in " + file("ca.pem").toAbsolutePath());
			}
		}
		catch (IOException ex) {
			throw cannotWrite(ex);
		}
		if (!isValid(file("server.p12"))) {
			rotate();
		}
	}

	private boolean isValid(Path file) {
		try {
			KeyStore store = KeyStore.getInstance(file.toFile(), PASSWORD.toCharArray());
			return store.getCertificate("server") instanceof X509Certificate certificate
					&& this.clock.instant().isBefore(certificate.getNotAfter().toInstant());
		}
		catch (GeneralSecurityException | IOException | IllegalArgumentException ex) {
			return false;
		}
	}

	/**
	 * Make a new certificate of the server, and put it in the place of the old one.
	 * @return what clients have to trust
	 */
	@WriteOperation
	synchronized Map<String, String> rotate() {
		try {
			Files.copy(file("authority.p12"), file("both.p12"), StandardCopyOption.REPLACE_EXISTING);
			keytool("-genkeypair", "-alias", "server", "-signer", "authority", "-dname", "CN=localhost", "-ext",
					"san=dns:localhost,ip:127.0.0.1", "-keyalg", "EC", "-groupname", "secp256r1", "-validity", "30",
					"-keystore", path("both.p12"));
			make("server.p12", (file) -> keytool("-importkeystore", "-srckeystore", path("both.p12"), "-srcstorepass",
					PASSWORD, "-srcalias", "server", "-destkeystore", file));
			Files.delete(file("both.p12"));
			return Map.of("authority", file("ca.pem").toAbsolutePath().toString());
		}
		catch (IOException ex) {
			throw cannotWrite(ex);
		}
	}

	/**
	 * At once: nobody may see half of a file.
	 */
	private void make(String name, Consumer<String> maker) throws IOException {
		Path temporary = file("new-" + name);
		Files.deleteIfExists(temporary);
		maker.accept(temporary.toString());
		Files.move(temporary, file(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
	}

	private IllegalStateException cannotWrite(IOException cause) {
		return new IllegalStateException("Cannot write to " + this.directory, cause);
	}

	private Path file(String name) {
		return this.directory.resolve(name);
	}

	private String path(String name) {
		return file(name).toString();
	}

	private static void keytool(String... arguments) {
		List<String> command = new ArrayList<>();
		command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
		// Half of the time that it takes otherwise.
		command.add("-J-XX:TieredStopAtLevel=1");
		command.addAll(List.of(arguments));
		command.addAll(List.of(command.contains("-importkeystore") ? "-deststorepass" : "-storepass", PASSWORD));
		try {
			Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
			process.getOutputStream().close();
			String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
			if (process.waitFor() != 0) {
				throw new IllegalStateException("keytool failed: " + output);
			}
		}
		catch (IOException ex) {
			throw new IllegalStateException("keytool cannot be run", ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("Interrupted while keytool runs", ex);
		}
	}

}
