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
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

import io.github.lastcall.grpc.limits.InboundMemory;
import io.github.lastcall.grpc.netty.NettyGrpcServerFactory;
import io.github.lastcall.grpc.netty.NettyGuardedTransport;
import io.github.lastcall.grpc.netty.NettyUnixDomainSocketServerFactory;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.server.GrpcServerFactory;
import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.tls.NettyTls;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.util.Assert;

/**
 * Factories, transports and customizers of the servers that run on Netty.
 */
class NettyServers implements AopInfrastructureBean, DisposableBean {

	private static final String PORT = "grpc.server.port";

	private static final String HEALTH_PORT = "grpc.server.health.port";

	private final Map<ServerType, NettyGuardedTransport> transports = new EnumMap<>(ServerType.class);

	private final GrpcServerProperties properties;

	private final InboundMemory inboundMemory;

	private final ObjectProvider<NettyTls> tls;

	NettyServers(GrpcServerProperties properties, InboundMemory inboundMemory, ObjectProvider<NettyTls> tls) {
		this.properties = properties;
		this.inboundMemory = inboundMemory;
		this.tls = tls;
	}

	/**
	 * Return the transport of a server.
	 * @param server the server
	 * @return the transport, always the same
	 */
	NettyGuardedTransport transport(GrpcServers.Parts server) {
		return this.transports.computeIfAbsent(server.type(),
				(type) -> new NettyGuardedTransport(server.name(), type.servesApplication() ? 0 : 1,
						this.properties.limits().forConnections(this.inboundMemory), server.refusals()));
	}

	/**
	 * Create the factory of a server.
	 * @param server the server
	 * @return the factory
	 */
	GrpcServerFactory factory(GrpcServers.Parts server) {
		return switch (server.type()) {
			case UNIX_DOMAIN_SOCKET -> {
				Path path = this.properties.unixDomainSocket().path();
				Assert.state(path != null, "No path");
				yield new NettyUnixDomainSocketServerFactory(path, "grpc.server.unix-domain-socket.path",
						transport(server));
			}
			case HEALTH -> onPort(server, this.properties.health().validPort(), HEALTH_PORT);
			default -> onPort(server, port(), PORT);
		};
	}

	private GrpcServerFactory onPort(GrpcServers.Parts server, int port, String property) {
		return new NettyGrpcServerFactory(this.properties.addresses(), port, property, transport(server));
	}

	private int port() {
		int port = this.properties.validPort();
		GrpcServerProperties.Health health = this.properties.health();
		if (port != 0 && health.enabled() && Integer.valueOf(port).equals(health.port())) {
			throw new GrpcServerStartException(
					"The gRPC server and its health server cannot both listen on port %d.".formatted(port),
					"Set grpc.server.health.port to a different port, or remove it: the main server also serves health.",
					List.of(PORT, HEALTH_PORT), null);
		}
		return port;
	}

	/**
	 * Create the customizer that applies the properties to the builder of a server. Only
	 * the server on the network uses TLS: clients elsewhere are on the same machine, and
	 * probes need none.
	 * @param server the server
	 * @return the customizer
	 */
	GrpcServerBuilderCustomizer<NettyServerBuilder> customizer(GrpcServers.Parts server) {
		NettyTls tls = (server.type() == ServerType.NETWORK) ? this.tls.getIfAvailable() : null;
		Assert.state(server.type() != ServerType.NETWORK || tls != null || this.properties.ssl().bundle() == null,
				"A server for which TLS is configured must not be one in plaintext");
		return new NettyServerPropertiesCustomizer(this.properties, this.inboundMemory, server.refusals(), tls);
	}

	@Override
	public void destroy() {
		this.transports.values().forEach(NettyGuardedTransport::destroy);
	}

}
