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

package io.github.lastcall.grpc.autoconfigure;

import java.time.Clock;

import io.github.lastcall.grpc.netty.NettyGuardedTransport;
import io.github.lastcall.grpc.tls.CertificateRotation;
import io.github.lastcall.grpc.tls.ClientAuthentication;
import io.github.lastcall.grpc.tls.NettyTls;
import io.github.lastcall.grpc.tls.PeerIdentityFilter;

import org.springframework.beans.factory.BeanRegistrar;
import org.springframework.beans.factory.BeanRegistry;
import org.springframework.beans.factory.BeanRegistry.SupplierContext;
import org.springframework.boot.autoconfigure.ssl.SslProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.core.env.Environment;

/**
 * Registers the transport of the server on the network, which a {@code GrpcServerFactory}
 * of the application may use, and TLS if an SSL bundle is set. This is decided when the
 * application starts, so that an application that was processed ahead of time without a
 * bundle uses TLS too.
 */
class NettyRegistrar implements BeanRegistrar {

	private static final String BUNDLE = "grpc.server.ssl.bundle";

	@Override
	public void register(BeanRegistry registry, Environment environment) {
		Binder binder = Binder.get(environment);
		if (!ServerType.NETWORK.isConfigured(binder)) {
			return;
		}
		registry.registerBean("lastCallNettyGuardedTransport", NettyGuardedTransport.class,
				(spec) -> spec.supplier((context) -> context.bean(NettyServers.class)
					.transport(context.bean(GrpcServers.class).get(ServerType.NETWORK))));
		String bundle = environment.getProperty(BUNDLE);
		if (bundle != null) {
			registerTls(registry, bundle);
			if (binder.bind("grpc.server.ssl.client-auth", ClientAuthentication.class)
				.orElse(ClientAuthentication.NONE) != ClientAuthentication.NONE) {
				registry.registerBean("lastCallPeerIdentityFilter", PeerIdentityFilter.class,
						(spec) -> spec.supplier((context) -> new PeerIdentityFilter()));
			}
		}
	}

	private static void registerTls(BeanRegistry registry, String bundle) {
		registry.registerBean("lastCallNettyTls", NettyTls.class,
				(spec) -> spec.supplier((context) -> new NettyTls(clientAuthentication(context),
						context.beanProvider(PeerIdentityFilter.class).getIfAvailable())));
		registry.registerBean("lastCallCertificateRotation", CertificateRotation.class,
				(spec) -> spec.supplier((context) -> new CertificateRotation(bundle, clientAuthentication(context),
						context.bean(NettyTls.class), Clock.systemUTC())));
		registry.registerBean("lastCallCertificateRotationRegistrar", CertificateRotationRegistrar.class,
				(spec) -> spec
					.supplier((context) -> new CertificateRotationRegistrar(context.bean(CertificateRotation.class),
							context.beanProvider(SslBundles.class), context.beanProvider(SslProperties.class))));
	}

	private static ClientAuthentication clientAuthentication(SupplierContext context) {
		return context.bean(GrpcServerProperties.class).ssl().clientAuth();
	}

}
