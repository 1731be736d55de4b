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

package io.github.lastcall.grpc.tls;

import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.stream.Stream;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.netty.buffer.ByteBufAllocator;
import io.grpc.netty.shaded.io.netty.channel.embedded.EmbeddedChannel;
import io.grpc.netty.shaded.io.netty.handler.ssl.ClientAuth;
import io.grpc.netty.shaded.io.netty.handler.ssl.IdentityCipherSuiteFilter;
import io.grpc.netty.shaded.io.netty.handler.ssl.OpenSsl;
import io.grpc.netty.shaded.io.netty.handler.ssl.OpenSslCachingX509KeyManagerFactory;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslHandler;
import io.grpc.netty.shaded.io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslOptions;

/**
 * Factory for the SSL context of one version of a bundle, which is tested with a
 * handshake.
 */
final class NettyTlsContextFactory {

	/**
	 * HTTP/2 allows nothing older. A bundle can say otherwise.
	 */
	private static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");

	private final SslBundle bundle;

	private final ClientAuthentication clientAuthentication;

	NettyTlsContextFactory(SslBundle bundle, ClientAuthentication clientAuthentication) {
		this.bundle = bundle;
		this.clientAuthentication = clientAuthentication;
	}

	SslContext create() throws SSLException {
		SslContextBuilder builder = SslContextBuilder.forServer(keys());
		configure(builder);
		switch (this.clientAuthentication) {
			case NONE -> builder.clientAuth(ClientAuth.NONE);
			case OPTIONAL -> builder.clientAuth(ClientAuth.OPTIONAL).trustManager(trust());
			case REQUIRED -> builder.clientAuth(ClientAuth.REQUIRE).trustManager(trust());
		}
		SslContext context = builder.build();
		rehearse(context);
		return context;
	}

	private KeyManagerFactory keys() {
		KeyManagerFactory keys = this.bundle.getManagers().getKeyManagerFactory();
		// Otherwise OpenSSL would be given the key anew for every handshake.
		return OpenSsl.isAvailable() ? new OpenSslCachingX509KeyManagerFactory(keys) : keys;
	}

	private TrustManager trust() {
		TrustManager[] managers = this.bundle.getManagers().getTrustManagers();
		return Stream.of(managers)
			.filter(X509ExtendedTrustManager.class::isInstance)
			.map(X509ExtendedTrustManager.class::cast)
			.findFirst()
			.<TrustManager>map(NamingTrustManager::new)
			.orElseGet(() -> managers[0]);
	}

	private void configure(SslContextBuilder builder) {
		GrpcSslContexts.configure(builder);
		SslOptions options = this.bundle.getOptions();
		if (options.getCiphers() != null) {
			// A cipher that is not supported is an error, and not left out.
			builder.ciphers(List.of(options.getCiphers()), IdentityCipherSuiteFilter.INSTANCE);
		}
		builder.protocols(protocols(options.getEnabledProtocols()));
	}

	private static List<String> protocols(String @Nullable [] enabled) {
		if (enabled == null) {
			return PROTOCOLS;
		}
		// OpenSSL finds it out in the middle of an engine, and leaves it half made.
		List<String> supported = List.of(supportedProtocols());
		for (String protocol : enabled) {
			if (!supported.contains(protocol)) {
				throw new IllegalArgumentException(
						"protocol %s is not supported (supported: %s)".formatted(protocol, supported));
			}
		}
		return List.of(enabled);
	}

	private static String[] supportedProtocols() {
		try {
			return SSLContext.getDefault().getSupportedSSLParameters().getProtocols();
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Performs a handshake with a client that trusts all certificates. Detects a key that
	 * does not match its certificate, or without a usable cipher, before clients do.
	 */
	private void rehearse(SslContext server) throws SSLException {
		SslContextBuilder builder = SslContextBuilder.forClient().trustManager(InsecureTrustManagerFactory.INSTANCE);
		configure(builder);
		SSLEngine serverEngine = server.newEngine(ByteBufAllocator.DEFAULT);
		serverEngine.setNeedClientAuth(false);
		SslHandler serverSide = new SslHandler(serverEngine);
		SslHandler clientSide = builder.build().newHandler(ByteBufAllocator.DEFAULT);
		EmbeddedChannel serverChannel = new EmbeddedChannel(serverSide);
		EmbeddedChannel clientChannel = new EmbeddedChannel(clientSide);
		try {
			boolean transferred = true;
			while (transferred) {
				transferred = transfer(clientChannel, serverChannel) | transfer(serverChannel, clientChannel);
			}
			check(serverSide);
			check(clientSide);
		}
		finally {
			serverChannel.close();
			clientChannel.close();
			serverChannel.releaseOutbound();
			clientChannel.releaseOutbound();
		}
	}

	private static boolean transfer(EmbeddedChannel from, EmbeddedChannel to) {
		from.runPendingTasks();
		boolean transferred = false;
		for (Object bytes = from.readOutbound(); bytes != null; bytes = from.readOutbound()) {
			try {
				to.writeInbound(bytes);
			}
			catch (Exception ex) {
				// The handshake has failed, and says so itself.
			}
			transferred = true;
		}
		return transferred;
	}

	private static void check(SslHandler side) throws SSLException {
		if (!side.handshakeFuture().isSuccess()) {
			throw new SSLException("a test handshake failed", side.handshakeFuture().cause());
		}
	}

}
