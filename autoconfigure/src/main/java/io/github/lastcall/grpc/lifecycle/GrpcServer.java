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

package io.github.lastcall.grpc.lifecycle;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;

/**
 * Running server. A restart creates a new one with the same name.
 */
public final class GrpcServer {

	private final String name;

	private final Server delegate;

	private final Server server;

	private final GrpcServices services;

	private volatile List<SocketAddress> addresses = List.of();

	GrpcServer(String name, Server delegate, GrpcServices services, GrpcServerDrain drain) {
		this.name = name;
		this.delegate = delegate;
		this.server = new DrainingServer(delegate, drain);
		this.services = services;
	}

	void start() throws IOException {
		this.delegate.start();
		this.addresses = List.copyOf(this.delegate.getListenSockets());
	}

	/**
	 * Calls back once the server has terminated, without a listener or a connection left.
	 * A non-daemon thread waits for it, so that a running server keeps the process alive,
	 * as a running web server does.
	 * @param callback called on that thread
	 */
	public void onTermination(Runnable callback) {
		Thread thread = new Thread(() -> {
			awaitTermination();
			callback.run();
		}, "grpc-server-" + this.name);
		thread.setDaemon(false);
		thread.start();
	}

	/**
	 * Waits even if the thread is interrupted, which does not end the server.
	 */
	private void awaitTermination() {
		while (true) {
			try {
				this.delegate.awaitTermination();
				return;
			}
			catch (InterruptedException ex) {
				// Keep waiting.
			}
		}
	}

	/**
	 * Returns the name of the server, unique in its application.
	 * @return the name
	 */
	public String getName() {
		return this.name;
	}

	/**
	 * Returns the port that the server listens on, the actual one if port 0 was
	 * configured.
	 * @return the port, or -1 if the server does not listen on a port
	 */
	public int getPort() {
		for (SocketAddress address : this.addresses) {
			if (address instanceof InetSocketAddress inet) {
				return inet.getPort();
			}
		}
		return -1;
	}

	/**
	 * Returns the addresses that the server listens on, or listened on if it has stopped.
	 * @return the addresses, none before it is bound
	 */
	public List<SocketAddress> getAddresses() {
		return this.addresses;
	}

	/**
	 * Returns the address without the port, as shown to operators: an IP address, {@code
	 * *} for all interfaces, or the name that the transport uses.
	 * @return the address, empty before it is bound
	 */
	public String getAddress() {
		return this.addresses.stream().map(GrpcServer::text).distinct().sorted().collect(Collectors.joining(", "));
	}

	private static String text(SocketAddress address) {
		if (address instanceof InetSocketAddress inet && inet.getAddress() != null) {
			return inet.getAddress().isAnyLocalAddress() ? "*" : inet.getAddress().getHostAddress();
		}
		return address.toString();
	}

	/**
	 * Returns the services of the server.
	 * @return the services
	 */
	public GrpcServices getServices() {
		return this.services;
	}

	/**
	 * Returns the services that customizers have added to the builder of the server, and
	 * those that a fallback registry lists.
	 * @return the services that are not in {@link #getServices()}
	 */
	public List<ServerServiceDefinition> getAddedServices() {
		Set<String> known = Set.copyOf(this.services.names());
		return this.delegate.getServices()
			.stream()
			.filter((service) -> !known.contains(service.getServiceDescriptor().getName()))
			.toList();
	}

	/**
	 * Returns grpc-java's server, for the application. {@link Server#shutdown()}
	 * announces its end and drains it as closing the context does, so it keeps serving
	 * for the propagation delay; {@link Server#shutdownNow()} closes the listener and all
	 * calls at once. After either, the application refuses traffic until the server
	 * starts again.
	 * @return the server
	 */
	public Server getServer() {
		return this.server;
	}

	/**
	 * Returns grpc-java's server, for the drain: its methods take effect immediately.
	 */
	Server delegate() {
		return this.delegate;
	}

	@Override
	public String toString() {
		return "GrpcServer '" + this.name + "' " + this.addresses;
	}

}
