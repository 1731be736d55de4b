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

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;

/**
 * Spreads calls or connections over the replicas.
 */
interface Balancer extends AutoCloseable {

	/**
	 * Create a channel that fails fast and retries nothing, not even transparently.
	 * @return the channel
	 */
	ManagedChannel newChannel();

	@Override
	void close();

	static Balancer to(int port, AutoCloseable engine) {
		return new Balancer() {

			@Override
			public ManagedChannel newChannel() {
				return NettyChannelBuilder.forAddress("127.0.0.1", port)
					.usePlaintext()
					.disableRetry()
					.directExecutor()
					.build();
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

	static Balancer named(String name, List<Replica> replicas) throws IOException {
		return switch (name) {
			case "l4" -> HaProxy.start(HaProxy.Mode.L4, replicas);
			case "l7" -> HaProxy.start(HaProxy.Mode.L7, replicas);
			case "nginx" -> Nginx.start(replicas);
			case "client" -> new ClientSideBalancer(replicas);
			default -> throw new IllegalArgumentException("No such balancer: " + name);
		};
	}

}
