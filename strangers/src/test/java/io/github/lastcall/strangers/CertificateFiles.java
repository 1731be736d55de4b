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

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.cert.CertificateFactory;
import java.util.Base64;

import io.grpc.ChannelCredentials;
import io.grpc.TlsChannelCredentials;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import org.jspecify.annotations.Nullable;

/**
 * The files of an authority, and of those whom it has given certificates: the server and
 * its clients.
 */
final class CertificateFiles {

	private final Path directory;

	private final X509Bundle authority;

	/**
	 * Makes the files of the server.
	 * @param directory where all of them are
	 */
	CertificateFiles(Path directory) throws Exception {
		this.directory = directory;
		this.authority = new CertificateBuilder().subject("CN=Authority")
			.setIsCertificateAuthority(true)
			.ecp256()
			.buildSelfSigned();
		Files.writeString(file("clients.crt"), this.authority.getCertificatePEM());
		issue("server", new CertificateBuilder().addSanDnsName("localhost"));
	}

	/**
	 * Makes the files of a client.
	 * @param name its name
	 * @param uri an alternative name, or {@code null}
	 */
	void issue(String name, @Nullable String uri) throws Exception {
		CertificateBuilder builder = new CertificateBuilder();
		issue(name, (uri != null) ? builder.addSanUriName(uri) : builder);
	}

	private void issue(String name, CertificateBuilder builder) throws Exception {
		X509Bundle bundle = builder.subject("CN=" + name).ecp256().buildIssuedBy(this.authority);
		Files.writeString(file(name + ".crt"), bundle.getCertificatePathPEM());
		Files.writeString(file(name + ".key"), bundle.getPrivateKeyPEM());
	}

	/**
	 * The thumbprint of a client's certificate, as tokens have it that are bound to it.
	 */
	String thumbprint(String client) throws Exception {
		try (InputStream chain = Files.newInputStream(file(client + ".crt"))) {
			byte[] certificate = CertificateFactory.getInstance("X.509").generateCertificate(chain).getEncoded();
			return Base64.getUrlEncoder()
				.withoutPadding()
				.encodeToString(MessageDigest.getInstance("SHA-256").digest(certificate));
		}
	}

	/**
	 * The property of the server.
	 */
	String property() {
		return "--certificates=" + this.directory;
	}

	/**
	 * What a client needs: the authority, its certificate and its key.
	 */
	String[] of(String client) {
		return new String[] { authority(), file(client + ".crt").toString(), file(client + ".key").toString() };
	}

	String authority() {
		return file("clients.crt").toString();
	}

	ChannelCredentials credentials(@Nullable String client) throws IOException {
		TlsChannelCredentials.Builder credentials = TlsChannelCredentials.newBuilder()
			.trustManager(new File(authority()));
		if (client != null) {
			String[] files = of(client);
			credentials.keyManager(new File(files[1]), new File(files[2]));
		}
		return credentials.build();
	}

	private Path file(String name) {
		return this.directory.resolve(name);
	}

}
