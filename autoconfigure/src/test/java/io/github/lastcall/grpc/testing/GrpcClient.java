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

package io.github.lastcall.grpc.testing;

import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc.RouteGuideBlockingStub;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.health.v1.HealthGrpc.HealthBlockingStub;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;

import org.springframework.context.ApplicationContext;

/**
 * A real client on a real socket.
 */
public final class GrpcClient implements AutoCloseable {

	private static final long TIMEOUT_SECONDS = 30;

	private final ManagedChannel channel;

	private GrpcClient(ManagedChannel channel) {
		this.channel = channel;
	}

	/**
	 * A client of the server in a context.
	 */
	public static GrpcClient of(ApplicationContext context) {
		return of(port(context));
	}

	/**
	 * A client of the server on a port of this machine.
	 */
	public static GrpcClient of(int port) {
		return of(port, (builder) -> {
		});
	}

	/**
	 * A client of the server on an address and port.
	 */
	public static GrpcClient of(String address, int port) {
		return of(NettyChannelBuilder.forAddress(address, port));
	}

	/**
	 * A client with settings of its own.
	 */
	public static GrpcClient of(int port, Consumer<NettyChannelBuilder> customizer) {
		// In plaintext unless the settings say otherwise.
		NettyChannelBuilder builder = NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext();
		customizer.accept(builder);
		return new GrpcClient(builder.build());
	}

	/**
	 * A client without TLS that connects to whatever the builder says.
	 */
	public static GrpcClient of(ManagedChannelBuilder<?> builder) {
		return new GrpcClient(builder.usePlaintext().build());
	}

	/**
	 * The port of the server in a context.
	 */
	public static int port(ApplicationContext context) {
		return context.getEnvironment().getRequiredProperty("local.grpc.server.port", Integer.class);
	}

	public ManagedChannel channel() {
		return this.channel;
	}

	public RouteGuideBlockingStub routeGuide() {
		return RouteGuideGrpc.newBlockingStub(this.channel).withDeadlineAfter(TIMEOUT_SECONDS, TimeUnit.SECONDS);
	}

	public HealthBlockingStub health() {
		return HealthGrpc.newBlockingStub(this.channel).withDeadlineAfter(TIMEOUT_SECONDS, TimeUnit.SECONDS);
	}

	/**
	 * An ordinary call.
	 * @return the name that the route guide answers with
	 */
	public String featureName() {
		return routeGuide().getFeature(Point.newBuilder().setLatitude(1).setLongitude(2).build()).getName();
	}

	@Override
	public void close() {
		this.channel.shutdownNow();
		try {
			if (!this.channel.awaitTermination(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
				throw new IllegalStateException("The channel does not terminate");
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
