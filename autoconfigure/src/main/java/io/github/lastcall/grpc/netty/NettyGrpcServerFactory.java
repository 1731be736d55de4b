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

package io.github.lastcall.grpc.netty;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;

import io.github.lastcall.grpc.server.GrpcServerFactory;
import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.grpc.ServerBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.util.Assert;

/**
 * Factory for servers on a TCP port, based on the Netty shaded into grpc-java.
 */
public final class NettyGrpcServerFactory implements AopInfrastructureBean, GrpcServerFactory {

	/**
	 * Error number of Linux for an address in use, as formatted by Netty, whose epoll
	 * transport does not throw {@code BindException}. The system's message depends on the
	 * locale.
	 */
	private static final String EPOLL_ADDRESS_IN_USE = "error(-98)";

	private final List<InetAddress> addresses;

	private final int port;

	private final String portProperty;

	private final NettyGuardedTransport transport;

	/**
	 * Creates a new factory.
	 * @param addresses the addresses to listen on, empty for all interfaces
	 * @param port the port to listen on at each address; 0 for a free one, with at most
	 * one address
	 * @param portProperty the property of the port, for error messages
	 * @param transport guards the connections
	 */
	public NettyGrpcServerFactory(List<InetAddress> addresses, int port, String portProperty,
			NettyGuardedTransport transport) {
		Assert.isTrue(port >= 0 && port <= 65535, "'port' must be from 0 to 65535");
		this.addresses = addresses.stream().distinct().toList();
		this.port = port;
		this.portProperty = portProperty;
		this.transport = transport;
	}

	@Override
	public ServerBuilder<?> newBuilder() {
		Iterator<InetSocketAddress> addresses = socketAddresses().iterator();
		NettyServerBuilder builder = NettyServerBuilder.forAddress(addresses.next());
		addresses.forEachRemaining(builder::addListenAddress);
		this.transport.applyTo(builder);
		return builder;
	}

	private List<InetSocketAddress> socketAddresses() {
		if (this.addresses.isEmpty()) {
			return List.of(new InetSocketAddress(this.port));
		}
		if (this.port == 0 && this.addresses.size() > 1) {
			throw new GrpcServerStartException(
					"The gRPC server cannot listen on several addresses with %s=0: each would get a free port of its own."
						.formatted(this.portProperty),
					"Set %s to a port, or grpc.server.address to one address (default: all interfaces)."
						.formatted(this.portProperty),
					List.of(this.portProperty, "grpc.server.address"), null);
		}
		return this.addresses.stream().map((address) -> new InetSocketAddress(address, this.port)).toList();
	}

	@Override
	public GrpcServerStartException bindFailure(IOException failure) {
		String where = where(failure) + ", port " + this.port;
		String reason = reason(failure);
		if (isInUse(reason)) {
			return new GrpcServerStartException(
					"The gRPC server cannot listen on %s: the port is already in use.".formatted(where),
					"Stop the process that listens on port %d, or set %s to a different port (0 picks a free one)."
						.formatted(this.port, this.portProperty),
					List.of(this.portProperty), failure);
		}
		return new GrpcServerStartException("The gRPC server cannot listen on %s: %s.".formatted(where, reason),
				"Set grpc.server.address to an address of this machine, or to * for all interfaces, "
						+ "and %s a port that the process may open.".formatted(this.portProperty),
				List.of("grpc.server.address", this.portProperty), failure);
	}

	@Override
	public boolean hasFixedPort() {
		return this.port != 0;
	}

	static boolean isInUse(String reason) {
		return reason.contains("in use") || reason.contains(EPOLL_ADDRESS_IN_USE);
	}

	/**
	 * Returns the address that could not be bound, from the message of grpc-java.
	 */
	private String where(IOException failure) {
		if (this.addresses.isEmpty()) {
			return "all interfaces";
		}
		String message = String.valueOf(failure.getMessage());
		return this.addresses.stream()
			.filter((address) -> message.contains(address.toString() + ":"))
			.findFirst()
			.map(InetAddress::getHostAddress)
			.orElseGet(
					() -> this.addresses.stream().map(InetAddress::getHostAddress).collect(Collectors.joining(", ")));
	}

	private static String reason(Throwable failure) {
		return String.valueOf(NestedExceptionUtils.getMostSpecificCause(failure).getMessage());
	}

}
