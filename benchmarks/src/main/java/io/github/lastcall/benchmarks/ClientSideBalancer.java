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

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;

import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import io.grpc.StatusOr;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;

/**
 * grpc-java's own round_robin, with the client watching the health of each replica.
 */
final class ClientSideBalancer implements Balancer {

	private static final String SCHEME = "replicas";

	private static final Map<String, ?> SERVICE_CONFIG = Map.of("loadBalancingConfig",
			List.of(Map.of("round_robin", Map.of())), "healthCheckConfig", Map.of("serviceName", ""));

	private final NameResolverProvider provider;

	ClientSideBalancer(List<Replica> replicas) {
		this.provider = new FixedAddresses(replicas.stream()
			.map((replica) -> new EquivalentAddressGroup(new InetSocketAddress("127.0.0.1", replica.port())))
			.toList());
		NameResolverRegistry.getDefaultRegistry().register(this.provider);
	}

	@Override
	public Connection connect(LoadTimer timer) {
		return new GrpcJavaConnection(
				NettyChannelBuilder.forTarget(SCHEME + ":///all").defaultServiceConfig(SERVICE_CONFIG), timer);
	}

	@Override
	public void close() {
		NameResolverRegistry.getDefaultRegistry().deregister(this.provider);
	}

	private static final class FixedAddresses extends NameResolverProvider {

		private final List<EquivalentAddressGroup> addresses;

		FixedAddresses(List<EquivalentAddressGroup> addresses) {
			this.addresses = addresses;
		}

		@Override
		public NameResolver newNameResolver(URI uri, NameResolver.Args args) {
			return new NameResolver() {

				@Override
				public String getServiceAuthority() {
					return "localhost";
				}

				@Override
				public void start(Listener2 listener) {
					listener.onResult(ResolutionResult.newBuilder()
						.setAddressesOrError(StatusOr.fromValue(FixedAddresses.this.addresses))
						.build());
				}

				@Override
				public void shutdown() {
				}

			};
		}

		@Override
		protected boolean isAvailable() {
			return true;
		}

		@Override
		protected int priority() {
			return 5;
		}

		@Override
		public String getDefaultScheme() {
			return SCHEME;
		}

		@Override
		public java.util.Collection<Class<? extends SocketAddress>> getProducedSocketAddressTypes() {
			return List.of(InetSocketAddress.class);
		}

	}

}
