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

package io.github.lastcall.benchmarks;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;

/**
 * Spreads calls or connections over the replicas.
 */
interface Balancer extends AutoCloseable {

	/**
	 * Open a connection.
	 * @param timer for what the client does by the clock
	 * @return the connection
	 */
	Connection connect(LoadTimer timer);

	@Override
	void close();

	static Balancer to(int port, AutoCloseable engine) {
		return new Balancer() {

			@Override
			public Connection connect(LoadTimer timer) {
				return new GrpcJavaConnection(NettyChannelBuilder.forAddress("127.0.0.1", port), timer);
			}

			@Override
			public void close() {
				try {
					engine.close();
				}
				catch (Exception ex) {
					throw new IllegalStateException(ex);
				}
			}

		};
	}

	/**
	 * Why a balancer cannot be measured here, if it cannot.
	 */
	static Optional<String> missing(String name) {
		return (name.equals("python") && Python.find().isEmpty()) ? Optional.of(Python.MISSING) : Optional.empty();
	}

	static Balancer named(String name, List<Replica> replicas) throws IOException {
		return switch (name) {
			case "l4" -> HaProxy.start(HaProxy.Mode.L4, replicas);
			case "l7" -> HaProxy.start(HaProxy.Mode.L7, replicas);
			case "nginx" -> Nginx.start(replicas);
			case "client" -> new ClientSideBalancer(replicas);
			case "python" -> PythonBalancer.start(replicas);
			default -> throw new IllegalArgumentException("No such balancer: " + name);
		};
	}

}
