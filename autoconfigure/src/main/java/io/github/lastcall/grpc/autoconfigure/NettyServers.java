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
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.grpc.limits.InboundMemory;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.netty.InboundMessages;
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
import org.springframework.boot.context.properties.PropertyMapper;
import org.springframework.util.Assert;
import org.springframework.util.unit.DataSize;

/**
 * Creates factories, transports and customizers of the servers that run on Netty.
 */
class NettyServers implements AopInfrastructureBean, DisposableBean {

	private static final String PORT = "grpc.server.port";

	private static final String HEALTH_PORT = "grpc.server.health.port";

	private final Map<ServerType, NettyGuardedTransport> transports = new EnumMap<>(ServerType.class);

	private final PropertyMapper map = PropertyMapper.get();

	private final GrpcServerProperties properties;

	private final InboundMemory inboundMemory;

	private final ObjectProvider<NettyTls> tls;

	NettyServers(GrpcServerProperties properties, InboundMemory inboundMemory, ObjectProvider<NettyTls> tls) {
		this.properties = properties;
		this.inboundMemory = inboundMemory;
		this.tls = tls;
	}

	NettyGuardedTransport transport(GrpcServers.Parts server) {
		return this.transports.computeIfAbsent(server.type(),
				(type) -> new NettyGuardedTransport(server.name(), type.servesApplication() ? 0 : 1,
						this.properties.limits().forConnections(this.inboundMemory), server.refusals()));
	}

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
	 * Creates the customizer that applies the properties to the builder of a server. Only
	 * the server on the network uses TLS: clients elsewhere are on the same machine, and
	 * probes need none.
	 */
	GrpcServerBuilderCustomizer<NettyServerBuilder> customizer(GrpcServers.Parts server) {
		NettyTls tls = (server.type() == ServerType.NETWORK) ? this.tls.getIfAvailable() : null;
		Assert.state(server.type() != ServerType.NETWORK || tls != null || this.properties.ssl().bundle() == null,
				"TLS is configured, but the server would accept plaintext");
		return (builder) -> {
			this.map.from(this.properties::flowControlWindow).asInt(DataSize::toBytes).to(builder::flowControlWindow);
			keepAlive(builder, this.properties.keepAlive());
			connection(builder, this.properties.connection());
			limits(builder, this.properties.limits(), server.refusals());
			this.map.from(tls).to((present) -> present.applyTo(builder));
		};
	}

	private void keepAlive(NettyServerBuilder builder, GrpcServerProperties.KeepAlive keepAlive) {
		this.map.from(keepAlive::time).to((time) -> builder.keepAliveTime(time.toNanos(), TimeUnit.NANOSECONDS));
		this.map.from(keepAlive::timeout)
			.to((timeout) -> builder.keepAliveTimeout(timeout.toNanos(), TimeUnit.NANOSECONDS));
		this.map.from(keepAlive.permit()::time)
			.to((time) -> builder.permitKeepAliveTime(time.toNanos(), TimeUnit.NANOSECONDS));
		builder.permitKeepAliveWithoutCalls(keepAlive.permit().withoutCalls());
	}

	private void connection(NettyServerBuilder builder, GrpcServerProperties.Connection connection) {
		this.map.from(connection::maxIdle)
			.as(Duration::toNanos)
			.to((idle) -> builder.maxConnectionIdle(idle, TimeUnit.NANOSECONDS));
		this.map.from(connection::maxAge)
			.as(Duration::toNanos)
			.to((age) -> builder.maxConnectionAge(age, TimeUnit.NANOSECONDS));
		this.map.from(connection::maxAgeGrace)
			.as(Duration::toNanos)
			.to((grace) -> builder.maxConnectionAgeGrace(grace, TimeUnit.NANOSECONDS));
	}

	private void limits(NettyServerBuilder builder, GrpcServerProperties.Limits limits, Refusals refusals) {
		builder.addStreamTracerFactory(new InboundMessages(this.inboundMemory, refusals));
		this.map.from(limits::concurrentCallsPerConnection)
			.as(NettyServers::orUnlimited)
			.to(builder::maxConcurrentCallsPerConnection);
		this.map.from(limits::inboundMessageSize).asInt(DataSize::toBytes).to(builder::maxInboundMessageSize);
		this.map.from(limits::inboundMetadataSize).asInt(DataSize::toBytes).to(builder::maxInboundMetadataSize);
		builder.maxRstFramesPerWindow(orUnlimited(limits.resetsPerConnection()),
				(int) limits.resetWindow().toSeconds());
	}

	/**
	 * Converts 0 to the largest number, which grpc-java takes as unlimited.
	 */
	private static int orUnlimited(int limit) {
		return (limit != 0) ? limit : Integer.MAX_VALUE;
	}

	@Override
	public void destroy() {
		this.transports.values().forEach(NettyGuardedTransport::destroy);
	}

}
