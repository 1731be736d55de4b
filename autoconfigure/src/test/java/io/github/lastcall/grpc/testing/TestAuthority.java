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

package io.github.lastcall.grpc.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.function.Consumer;

import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.pem.PemSslStore;
import org.springframework.boot.ssl.pem.PemSslStoreBundle;
import org.springframework.boot.ssl.pem.PemSslStoreDetails;

/**
 * A certificate authority, and what servers and clients do with its certificates.
 */
public final class TestAuthority {

	private final X509Bundle root;

	public TestAuthority(String name) {
		try {
			this.root = new CertificateBuilder().subject("CN=" + name)
				.setIsCertificateAuthority(true)
				.ecp256()
				.buildSelfSigned();
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * A certificate for this machine.
	 */
	public X509Bundle server(String name) {
		return issue(name, (builder) -> builder.addSanDnsName("localhost").addSanIpAddress("127.0.0.1"));
	}

	public X509Bundle client(String name) {
		return issue(name, (builder) -> {
		});
	}

	/**
	 * A certificate that has expired.
	 */
	public X509Bundle expired(String name) {
		return issue(name,
				(builder) -> builder.addSanIpAddress("127.0.0.1")
					.notBefore(Instant.now().minus(Duration.ofDays(3)))
					.notAfter(Instant.now().minus(Duration.ofDays(1))));
	}

	public X509Bundle issue(String name, Consumer<CertificateBuilder> customizer) {
		try {
			CertificateBuilder builder = new CertificateBuilder().subject("CN=" + name).ecp256();
			customizer.accept(builder);
			return builder.buildIssuedBy(this.root);
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	public String pem() {
		return this.root.getCertificatePEM();
	}

	public X509Certificate certificate() {
		return this.root.getCertificate();
	}

	/**
	 * An SSL bundle of a server that trusts the clients of this authority.
	 */
	public SslBundle trustingBundle(X509Bundle server) {
		return bundle(server.getCertificatePathPEM(), server.getPrivateKeyPEM(), pem());
	}

	/**
	 * An SSL bundle, loaded lazily as Spring Boot does it.
	 */
	public static SslBundle bundle(@Nullable String certificate, @Nullable String key, @Nullable String trust) {
		return SslBundle.of(new PemSslStoreBundle(store(certificate, key), store(trust, null)));
	}

	private static @Nullable PemSslStore store(@Nullable String certificate, @Nullable String key) {
		return PemSslStore.load(new PemSslStoreDetails(null, certificate, key));
	}

	/**
	 * The properties of a bundle "server" that has its files in a directory.
	 */
	public static String[] properties(Path directory, String... others) {
		String pem = "spring.ssl.bundle.pem.server.";
		String[] properties = { pem + "keystore.certificate=file:" + directory.resolve("server.crt"),
				pem + "keystore.private-key=file:" + directory.resolve("server.key"),
				pem + "truststore.certificate=file:" + directory.resolve("clients.crt"),
				"grpc.server.ssl.bundle=server" };
		String[] all = new String[properties.length + others.length];
		System.arraycopy(properties, 0, all, 0, properties.length);
		System.arraycopy(others, 0, all, properties.length, others.length);
		return all;
	}

	/**
	 * Write the files of a bundle whose server trusts the clients of this authority.
	 */
	public void write(Path directory, X509Bundle server) throws IOException {
		replace(directory.resolve("clients.crt"), pem());
		replace(directory.resolve("server.key"), server.getPrivateKeyPEM());
		replace(directory.resolve("server.crt"), server.getCertificatePathPEM());
	}

	/**
	 * Replace a file at once, as tools that rotate certificates do.
	 */
	public static void replace(Path file, String content) throws IOException {
		Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
		Files.writeString(temporary, content);
		Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
	}

	/**
	 * A client that trusts this authority, and may have a certificate.
	 */
	public GrpcClient connect(int port, @Nullable X509Bundle certificate) {
		return GrpcClient.of(port, transport(certificate, (context) -> {
		}));
	}

	/**
	 * A socket of a client that trusts this authority, and may have a certificate.
	 * @param protocol what it offers by ALPN
	 */
	public SSLSocket socket(int port, @Nullable String protocol, @Nullable X509Bundle certificate) throws Exception {
		SSLSocket socket = (SSLSocket) context(certificate).getSocketFactory()
			.createSocket(InetAddress.getByName("127.0.0.1"), port);
		socket.setSoTimeout(30_000);
		if (protocol != null) {
			SSLParameters parameters = socket.getSSLParameters();
			parameters.setApplicationProtocols(new String[] { protocol });
			socket.setSSLParameters(parameters);
		}
		return socket;
	}

	/**
	 * What a client that trusts this authority says first.
	 */
	public byte[] clientHello() throws Exception {
		SSLEngine engine = context(null).createSSLEngine();
		engine.setUseClientMode(true);
		ByteBuffer hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
		engine.wrap(ByteBuffer.allocate(0), hello);
		return Arrays.copyOf(hello.array(), hello.position());
	}

	private SSLContext context(@Nullable X509Bundle certificate) throws Exception {
		KeyStore trusted = KeyStore.getInstance("PKCS12");
		trusted.load(null, null);
		trusted.setCertificateEntry("authority", certificate());
		TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
		trust.init(trusted);
		SSLContext context = SSLContext.getInstance("TLS");
		context.init((certificate != null) ? new KeyManager[] { new InsistentKeyManager(certificate) } : null,
				trust.getTrustManagers(), null);
		return context;
	}

	/**
	 * Settings of a client that trusts this authority.
	 */
	public Consumer<NettyChannelBuilder> transport(@Nullable X509Bundle certificate,
			Consumer<SslContextBuilder> customizer) {
		try {
			SslContextBuilder context = GrpcSslContexts.forClient().trustManager(certificate());
			if (certificate != null) {
				context.keyManager(new InsistentKeyManager(certificate));
			}
			customizer.accept(context);
			SslContext built = context.build();
			return (channel) -> channel.useTransportSecurity().sslContext(built).disableRetry();
		}
		catch (SSLException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
