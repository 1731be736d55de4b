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

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import io.grpc.ChannelCredentials;
import io.grpc.EquivalentAddressGroup;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import io.grpc.StatusOr;
import org.jspecify.annotations.Nullable;

/**
 * Resolves the announced addresses for a client that balances calls. Registered under a
 * scheme of its own, which is generated.
 */
final class AnnouncedNameResolverProvider extends NameResolverProvider implements AutoCloseable {

	private static final Map<String, ?> SERVICE_CONFIG = Map.of("loadBalancingConfig",
			List.of(Map.of("round_robin", Map.of())), "healthCheckConfig", Map.of("serviceName", ""));

	private final AnnouncedAddresses addresses;

	private final String scheme = "rolling-restart-" + UUID.randomUUID();

	AnnouncedNameResolverProvider(AnnouncedAddresses addresses) {
		this.addresses = addresses;
		NameResolverRegistry.getDefaultRegistry().register(this);
	}

	/**
	 * Creates a channel that balances calls over the addresses, without those whose
	 * health is not SERVING.
	 */
	ManagedChannel newChannel(ChannelCredentials credentials) {
		return Grpc.newChannelBuilder(this.scheme + ":///replicas", credentials)
			.defaultServiceConfig(SERVICE_CONFIG)
			.disableRetry()
			.build();
	}

	@Override
	public @Nullable NameResolver newNameResolver(URI target, NameResolver.Args args) {
		return this.scheme.equals(target.getScheme()) ? new Resolver() : null;
	}

	@Override
	public String getDefaultScheme() {
		return this.scheme;
	}

	@Override
	protected boolean isAvailable() {
		return true;
	}

	@Override
	protected int priority() {
		// Never the default for targets without a scheme.
		return 0;
	}

	@Override
	public void close() {
		NameResolverRegistry.getDefaultRegistry().deregister(this);
	}

	private final class Resolver extends NameResolver {

		private volatile boolean shutdown;

		@Override
		public String getServiceAuthority() {
			return "localhost";
		}

		@Override
		public void start(Listener2 listener) {
			AnnouncedNameResolverProvider.this.addresses.listen((ports) -> {
				if (!this.shutdown) {
					listener.onResult(ResolutionResult.newBuilder()
						.setAddressesOrError(StatusOr.fromValue(ports.stream().map(this::group).toList()))
						.build());
				}
			});
		}

		private EquivalentAddressGroup group(int port) {
			return new EquivalentAddressGroup(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
		}

		@Override
		public void shutdown() {
			this.shutdown = true;
		}

	}

}
