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

package io.github.lastcall.grpc.test;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

import io.github.lastcall.grpc.lifecycle.GrpcServerStartedEvent;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.MethodDescriptor;
import io.grpc.TlsChannelCredentials;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessSocketAddress;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.util.StringUtils;

/**
 * The server of an application context, and the channel that tests share. The channel is
 * closed before the server drains, so that a call that a test has left open does not
 * delay it.
 */
final class TestServer implements AopInfrastructureBean, ApplicationListener<ApplicationEvent> {

	private final ApplicationContext context;

	private volatile Map<Transport, SocketAddress> addresses = Map.of();

	private volatile Set<String> services = Set.of();

	private @Nullable ManagedChannel channel;

	private boolean closed;

	TestServer(ApplicationContext context) {
		this.context = context;
	}

	@Override
	public void onApplicationEvent(ApplicationEvent event) {
		if (event instanceof GrpcServerStartedEvent started && started.getApplicationContext() == this.context) {
			started(started);
		}
		else if (event instanceof ContextClosedEvent && event.getSource() == this.context) {
			close();
		}
	}

	private synchronized void started(GrpcServerStartedEvent event) {
		Map<Transport, SocketAddress> addresses = new EnumMap<>(Transport.class);
		addresses.putAll(this.addresses);
		for (SocketAddress address : event.getServer().getAddresses()) {
			if (address instanceof InProcessSocketAddress) {
				addresses.put(Transport.IN_PROCESS, address);
			}
			else if (address instanceof InetSocketAddress && event.getServer().getName().equals("network")) {
				addresses.put(Transport.NETWORK, address);
			}
		}
		this.addresses = addresses;
		Set<String> services = new HashSet<>(this.services);
		services.addAll(event.getServer().getServices().applicationNames());
		this.services = services;
	}

	/**
	 * Returns whether the method is one of the application's services.
	 */
	boolean serves(MethodDescriptor<?, ?> method) {
		return this.services.contains(String.valueOf(method.getServiceName()));
	}

	/**
	 * Returns the channel that all tests of the context share.
	 */
	synchronized ManagedChannel channel() {
		if (this.closed) {
			throw new IllegalStateException("The application context is closed, and so is its channel");
		}
		if (this.channel == null) {
			this.channel = newChannelBuilder().build();
		}
		return this.channel;
	}

	/**
	 * Creates a builder of a channel to the server.
	 */
	ManagedChannelBuilder<?> newChannelBuilder() {
		SocketAddress inProcess = this.addresses.get(Transport.IN_PROCESS);
		if (inProcess != null) {
			ManagedChannelBuilder<?> builder = InProcessChannelBuilder.forAddress(inProcess);
			return TestBeans.SECURITY ? Security.sendCaller(builder) : builder;
		}
		if (this.addresses.get(Transport.NETWORK) instanceof InetSocketAddress address) {
			String host = address.getAddress().isAnyLocalAddress() ? "localhost"
					: address.getAddress().getHostAddress();
			return Grpc.newChannelBuilderForAddress(host, address.getPort(), credentials());
		}
		throw new IllegalStateException("No gRPC server of this application context has started, "
				+ "so there is no channel to it. The context needs a @GrpcService bean, grpc.server.enabled must not "
				+ "be false, and the server must listen in the process or on a port.");
	}

	/**
	 * Returns the port of the server on the network.
	 */
	int port() {
		if (this.addresses.get(Transport.NETWORK) instanceof InetSocketAddress address) {
			return address.getPort();
		}
		throw new IllegalStateException("The gRPC server does not listen on a port");
	}

	/**
	 * Returns the credentials of channels to the server on the network.
	 */
	ChannelCredentials credentials() {
		String name = this.context.getEnvironment().getProperty("grpc.server.ssl.bundle");
		if (!StringUtils.hasText(name)) {
			return InsecureChannelCredentials.create();
		}
		SslBundle bundle = this.context.getBean(SslBundles.class).getBundle(name);
		TlsChannelCredentials.Builder credentials = TlsChannelCredentials.newBuilder()
			.trustManager(new TrustedByTest());
		if (bundle.getStores().getKeyStore() != null) {
			// The server asks for a certificate of its clients only if it is configured
			// to.
			credentials.keyManager(bundle.getManagers().getKeyManagers());
		}
		return credentials.build();
	}

	private synchronized void close() {
		this.closed = true;
		if (this.channel != null) {
			this.channel.shutdownNow();
		}
	}

	private enum Transport {

		IN_PROCESS, NETWORK

	}

	/**
	 * Sends the user of the test, if Spring Security is there.
	 */
	private static final class Security {

		private static ManagedChannelBuilder<?> sendCaller(ManagedChannelBuilder<?> builder) {
			return builder.intercept(new TestCaller.Sender());
		}

	}

}
