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
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Clock;
import java.time.Duration;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the starts after the first one do with the files that they find.
 */
@Tag("full")
class DemoCertificatesTests {

	@TempDir
	@SuppressWarnings("NullAway.Init")
	private static Path first;

	private final Path directory;

	DemoCertificatesTests(@TempDir Path parent) {
		this.directory = parent.resolve("tls");
	}

	@BeforeAll
	static void firstStart() {
		start(first.resolve("tls"), Clock.systemUTC());
	}

	@BeforeEach
	void copyWhatTheFirstStartHasMade() throws IOException {
		FileSystemUtils.copyRecursively(first.resolve("tls"), this.directory);
	}

	@Test
	void aSecondStartKeepsWhatItFinds() throws Exception {
		byte[] authority = Files.readAllBytes(file("authority.p12"));
		Certificate server = server();

		start(Clock.systemUTC());

		assertThat(file("authority.p12")).hasBinaryContent(authority);
		assertThat(server()).isEqualTo(server);
		assertThat(this.directory).isDirectoryNotContaining((file) -> file.toString().contains("new-"));
	}

	@Test
	void aStartThatDiedWithNothingButTheAuthorityIsCompleted() throws Exception {
		byte[] authority = Files.readAllBytes(file("authority.p12"));
		Files.delete(file("ca.pem"));
		Files.delete(file("server.p12"));
		Files.writeString(file("new-server.p12"), "half");
		Files.writeString(file("both.p12"), "half");

		start(Clock.systemUTC());

		assertThat(file("authority.p12")).hasBinaryContent(authority);
		server().verify(authority().getPublicKey());
	}

	@Test
	void aNewAuthorityHasANewCertificate() throws Exception {
		Certificate before = authority();
		Files.delete(file("authority.p12"));

		start(Clock.systemUTC());

		assertThat(authority()).isNotEqualTo(before);
		server().verify(authority().getPublicKey());
	}

	@Test
	void anExpiredCertificateIsRenewed() throws Exception {
		Certificate server = server();
		Certificate authority = authority();

		start(Clock.offset(Clock.systemUTC(), Duration.ofDays(31)));

		assertThat(server()).isNotEqualTo(server);
		assertThat(authority()).isEqualTo(authority);
		server().verify(authority.getPublicKey());
	}

	private void start(Clock clock) {
		start(this.directory, clock);
	}

	private static void start(Path directory, Clock clock) {
		new DemoCertificates(directory, clock).registerBundles(new DefaultSslBundleRegistry());
	}

	private Path file(String name) {
		return this.directory.resolve(name);
	}

	private Certificate server() throws Exception {
		return KeyStore.getInstance(file("server.p12").toFile(), "changeit".toCharArray()).getCertificate("server");
	}

	private Certificate authority() throws Exception {
		try (var in = Files.newInputStream(file("ca.pem"))) {
			return CertificateFactory.getInstance("X.509").generateCertificate(in);
		}
	}

}
