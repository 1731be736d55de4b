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

import java.nio.file.Path;
import java.util.List;

import io.github.lastcall.grpc.limits.InboundMemory;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.netty.NettyGrpcServerFactory;
import io.github.lastcall.grpc.netty.NettyGuardedTransport;
import io.github.lastcall.grpc.netty.NettyUnixDomainSocketServerFactory;
import io.github.lastcall.grpc.server.GrpcServerFactory;
import io.github.lastcall.grpc.server.GrpcServerStartException;

import org.springframework.beans.factory.BeanRegistrar;
import org.springframework.beans.factory.BeanRegistry;
import org.springframework.beans.factory.BeanRegistry.SupplierContext;
import org.springframework.core.env.Environment;
import org.springframework.util.Assert;

/**
 * Registers the factory and the transport of each Netty server that is configured when
 * the application starts.
 */
class NettyRegistrar implements BeanRegistrar {

	@Override
	public void register(BeanRegistry registry, Environment environment) {
		if (Transport.NETWORK.isConfigured(environment)) {
			// The transport that is meant by a factory of the user's own, which replaces
			// ours.
			registry.registerBean(Transport.NETWORK.beanName(NettyGuardedTransport.class), NettyGuardedTransport.class,
					(spec) -> spec.primary().supplier((context) -> transport(context, Transport.NETWORK)));
			registry.registerBean(Transport.NETWORK.beanName(GrpcServerFactory.class), NettyGrpcServerFactory.class,
					(spec) -> spec.fallback().lazyInit().supplier(NettyRegistrar::network));
		}
		if (Transport.UNIX_DOMAIN_SOCKET.isConfigured(environment)) {
			registry.registerBean(Transport.UNIX_DOMAIN_SOCKET.beanName(NettyGuardedTransport.class),
					NettyGuardedTransport.class,
					(spec) -> spec.supplier((context) -> transport(context, Transport.UNIX_DOMAIN_SOCKET)));
			registry.registerBean(Transport.UNIX_DOMAIN_SOCKET.beanName(GrpcServerFactory.class),
					NettyUnixDomainSocketServerFactory.class,
					(spec) -> spec.notAutowirable().supplier(NettyRegistrar::unixDomainSocket));
		}
	}

	private static NettyGuardedTransport transport(SupplierContext context, Transport transport) {
		return new NettyGuardedTransport(transport.serverName(), 0,
				context.bean(GrpcServerProperties.class).limits().forConnections(context.bean(InboundMemory.class)),
				context.bean(transport.beanName(Refusals.class), Refusals.class));
	}

	private static NettyGrpcServerFactory network(SupplierContext context) {
		GrpcServerProperties properties = context.bean(GrpcServerProperties.class);
		int port = properties.validPort();
		if (port != 0 && properties.health().enabled() && Integer.valueOf(port).equals(properties.health().port())) {
			throw new GrpcServerStartException(
					"The gRPC server and its server for probes cannot both listen on port %d.".formatted(port),
					"Set grpc.server.health.port to a different port, or remove it: the gRPC server itself serves health too.",
					List.of("grpc.server.port", "grpc.server.health.port"), null);
		}
		return new NettyGrpcServerFactory(properties.addresses(), port, "grpc.server.port",
				guarded(context, Transport.NETWORK));
	}

	private static NettyUnixDomainSocketServerFactory unixDomainSocket(SupplierContext context) {
		Path path = context.bean(GrpcServerProperties.class).unixDomainSocket().path();
		Assert.state(path != null, "No path");
		return new NettyUnixDomainSocketServerFactory(path, "grpc.server.unix-domain-socket.path",
				guarded(context, Transport.UNIX_DOMAIN_SOCKET));
	}

	private static NettyGuardedTransport guarded(SupplierContext context, Transport transport) {
		return context.bean(transport.beanName(NettyGuardedTransport.class), NettyGuardedTransport.class);
	}

}
