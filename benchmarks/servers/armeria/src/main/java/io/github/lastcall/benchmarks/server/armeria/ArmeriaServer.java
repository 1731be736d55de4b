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

package io.github.lastcall.benchmarks.server.armeria;

import java.net.InetSocketAddress;
import java.time.Duration;

import com.linecorp.armeria.common.SessionProtocol;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.grpc.GrpcService;
import io.github.lastcall.benchmarks.service.CallService;
import io.github.lastcall.benchmarks.service.LoadService;

/**
 * The services, served with Armeria. Its graceful shutdown goes on serving for the quiet
 * period, with health NOT_SERVING.
 */
public final class ArmeriaServer {

	private ArmeriaServer() {
	}

	/**
	 * Start the server.
	 * @param args the port, the quiet period in seconds, {@code blocking} for calls on
	 * the executor for what blocks, and the number of its threads
	 */
	public static void main(String[] args) {
		ServerBuilder builder = Server.builder();
		if (args.length > 3) {
			builder.blockingTaskExecutor(Integer.parseInt(args[3]));
		}
		Server server = builder
			.port(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])), SessionProtocol.HTTP)
			.requestTimeout(Duration.ZERO)
			.gracefulShutdownTimeout(Duration.ofSeconds(Integer.parseInt(args[1])), Duration.ofSeconds(30))
			.service(GrpcService.builder()
				.addService(new LoadService())
				.addService(new CallService())
				.useBlockingTaskExecutor(args.length > 2)
				.enableHealthCheckService(true)
				.build())
			.build();
		server.closeOnJvmShutdown();
		server.start().join();
	}

}
