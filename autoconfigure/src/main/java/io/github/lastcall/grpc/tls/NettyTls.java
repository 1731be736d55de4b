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

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.grpc.internal.FixedObjectPool;
import io.grpc.netty.shaded.io.grpc.netty.InternalNettyServerCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettySslContextServerCredentials;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.ssl.SslBundle;

/**
 * TLS of a Netty server. Handshakes run on threads of their own: on the event loop they
 * would delay calls, and on the application's executor a busy application would prevent
 * probes from connecting.
 *
 * @hidden
 */
public final class NettyTls implements AopInfrastructureBean, CertificateRotation.TlsTransport, DisposableBean {

	private final ClientAuthentication clientAuthentication;

	private final @Nullable PeerIdentityFilter identities;

	private final NettyTlsContext context = new NettyTlsContext();

	private final ThreadPoolExecutor executor;

	/**
	 * Creates TLS without a bundle. No thread is started before the first handshake.
	 * @param clientAuthentication whether clients must present a certificate
	 * @param identities keeps the identities of clients, {@code null} if clients present
	 * no certificate
	 */
	public NettyTls(ClientAuthentication clientAuthentication, @Nullable PeerIdentityFilter identities) {
		this.clientAuthentication = clientAuthentication;
		this.identities = identities;
		int threads = Runtime.getRuntime().availableProcessors();
		AtomicInteger number = new AtomicInteger();
		this.executor = new ThreadPoolExecutor(threads, threads, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
				(task) -> {
					Thread thread = new Thread(task, "grpc-tls-" + number.incrementAndGet());
					thread.setDaemon(true);
					return thread;
				});
		this.executor.allowCoreThreadTimeOut(true);
	}

	@Override
	public void use(SslBundle bundle) throws Exception {
		NettyTlsContextFactory factory = new NettyTlsContextFactory(bundle, this.clientAuthentication);
		this.context.switchTo(factory.create());
	}

	/**
	 * Enables TLS on a server, with the current bundle.
	 * @param builder the builder of the server
	 */
	public void applyTo(NettyServerBuilder builder) {
		// What NettyServerBuilder.sslContext() does, but for the executor.
		builder.protocolNegotiator(
				InternalNettyServerCredentials.toNegotiator(NettySslContextServerCredentials.create(this.context))
					.newNegotiator(new FixedObjectPool<>(this.executor)));
		if (this.identities != null) {
			builder.addTransportFilter(this.identities);
		}
	}

	@Override
	public void destroy() {
		this.executor.shutdown();
	}

}
