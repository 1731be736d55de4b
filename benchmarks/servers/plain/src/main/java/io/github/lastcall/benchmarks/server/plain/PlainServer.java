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

package io.github.lastcall.benchmarks.server.plain;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.benchmarks.service.CallService;
import io.github.lastcall.benchmarks.service.LoadService;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;

/**
 * The services, served with grpc-java and the shutdown hook of its examples.
 */
public final class PlainServer {

	private PlainServer() {
	}

	/**
	 * Start the server.
	 * @param args the port, and {@code direct} for calls on the event loop or the number
	 * of threads of a fixed pool
	 */
	public static void main(String[] args) throws IOException, InterruptedException {
		HealthStatusManager health = new HealthStatusManager();
		NettyServerBuilder builder = NettyServerBuilder
			.forAddress(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])));
		if (args.length > 1 && args[1].equals("direct")) {
			builder.directExecutor();
		}
		else if (args.length > 1) {
			builder.executor(Executors.newFixedThreadPool(Integer.parseInt(args[1])));
		}
		Server server = builder.addService(new LoadService())
			.addService(new CallService())
			.addService(health.getHealthService())
			.addService(ProtoReflectionServiceV1.newInstance())
			.build()
			.start();
		health.setStatus("", ServingStatus.SERVING);
		Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server, health)));
		server.awaitTermination();
	}

	private static void stop(Server server, HealthStatusManager health) {
		health.enterTerminalState();
		server.shutdown();
		try {
			if (!server.awaitTermination(30, TimeUnit.SECONDS)) {
				server.shutdownNow();
				server.awaitTermination(5, TimeUnit.SECONDS);
			}
		}
		catch (InterruptedException ex) {
			server.shutdownNow();
		}
	}

}
