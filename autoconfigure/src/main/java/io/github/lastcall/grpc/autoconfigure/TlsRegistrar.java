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

import io.github.lastcall.grpc.tls.NettyTls;
import io.github.lastcall.grpc.tls.PeerIdentityFilter;
import io.github.lastcall.grpc.tls.ServerTls;

import org.springframework.beans.factory.BeanRegistrar;
import org.springframework.beans.factory.BeanRegistry;
import org.springframework.boot.autoconfigure.ssl.SslProperties;
import org.springframework.boot.io.ApplicationResourceLoader;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.core.env.Environment;

/**
 * Registers the beans of TLS if the server on the network has an SSL bundle. Decided when
 * the application starts, so that one that was processed ahead of time without a bundle
 * still speaks TLS.
 */
class TlsRegistrar implements BeanRegistrar {

	private static final String BUNDLE = "grpc.server.ssl.bundle";

	@Override
	public void register(BeanRegistry registry, Environment environment) {
		String bundle = environment.getProperty(BUNDLE);
		if (bundle == null || !Transport.NETWORK.isConfigured(environment)) {
			return;
		}
		registry.registerBean("lastCallPeerIdentityFilter", PeerIdentityFilter.class,
				(spec) -> spec.supplier((context) -> new PeerIdentityFilter()));
		registry.registerBean("lastCallNettyTls", NettyTls.class,
				(spec) -> spec
					.supplier((context) -> new NettyTls(context.bean(GrpcServerProperties.class).ssl().clientAuth(),
							context.bean(PeerIdentityFilter.class))));
		registry
			.registerBean("lastCallServerTls", ServerTls.class,
					(spec) -> spec.supplier((context) -> new ServerTls(bundle,
							context.bean(GrpcServerProperties.class).ssl().clientAuth(), context.bean(NettyTls.class),
							Clock.systemUTC())));
		registry.registerBean("lastCallServerTlsRegistrar", ServerTlsRegistrar.class,
				(spec) -> spec.supplier((context) -> new ServerTlsRegistrar(context.bean(ServerTls.class),
						context.beanProvider(SslBundles.class))));
		registry.registerBean("lastCallSslReloadCheck", SslReloadCheck.class,
				(spec) -> spec.supplier((context) -> new SslReloadCheck(context.bean(ServerTls.class),
						context.beanProvider(SslProperties.class),
						ApplicationResourceLoader.get(context.bean(GrpcServerAssembler.class).context()))));
	}

}
