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

package io.github.lastcall.grpc.autoconfigure;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

import io.github.lastcall.grpc.call.Connections;
import io.github.lastcall.grpc.call.InFlightCalls;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.GrpcServerLifecycle;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.server.GrpcServerStartException;

import org.springframework.beans.factory.BeanRegistrar;
import org.springframework.beans.factory.BeanRegistry;
import org.springframework.beans.factory.BeanRegistry.SupplierContext;
import org.springframework.core.env.Environment;

/**
 * Registers the beans of one server for each {@link Transport} that is configured. Those
 * of the first are meant by whoever asks for the only ones.
 */
class TransportRegistrar implements BeanRegistrar {

	@Override
	public void register(BeanRegistry registry, Environment environment) {
		if (!OnServerEnabled.isEnabled(environment)) {
			// Otherwise a condition has seen to that.
			throw new GrpcServerStartException(
					"grpc.server.enabled is false, but the application was processed ahead of time with the gRPC server.",
					"Process the application ahead of time with grpc.server.enabled=false too, or remove the property.",
					List.of(OnServerEnabled.PROPERTY), null);
		}
		List<Transport> transports = Arrays.stream(Transport.values())
			.filter((transport) -> transport.isConfigured(environment))
			.toList();
		if (transports.isEmpty()) {
			throw new GrpcServerStartException(
					"There are @GrpcService beans, but nothing to serve them on: the server on a port is switched off "
							+ "and there is no other one.",
					"Set grpc.server.port to a port, or set grpc.server.unix-domain-socket.path or "
							+ "grpc.server.in-process.enabled, or set grpc.server.enabled to false.",
					List.of("grpc.server.port"), null);
		}
		transports.forEach((transport) -> register(registry, transport, transport == transports.get(0)));
	}

	private void register(BeanRegistry registry, Transport transport, boolean primary) {
		register(registry, transport, primary, Refusals.class, (context) -> new Refusals(transport.serverName()));
		register(registry, transport, primary, InFlightCalls.class,
				(context) -> assembler(context).calls(one(context, transport, Refusals.class)));
		register(registry, transport, primary, Connections.class, (context) -> new Connections());
		register(registry, transport, primary, GrpcServerDrain.class, (context) -> assembler(context).drain(transport,
				one(context, transport, InFlightCalls.class), one(context, transport, Connections.class)));
		register(registry, transport, primary, GrpcServerLifecycle.class,
				(context) -> assembler(context).lifecycle(transport, one(context, transport, Refusals.class),
						one(context, transport, InFlightCalls.class), one(context, transport, Connections.class),
						one(context, transport, GrpcServerDrain.class)));
	}

	private <T> void register(BeanRegistry registry, Transport transport, boolean primary, Class<T> type,
			Function<SupplierContext, T> supplier) {
		registry.registerBean(transport.beanName(type), type, (spec) -> {
			if (primary) {
				spec.primary();
			}
			spec.supplier(supplier);
		});
	}

	private static GrpcServerAssembler assembler(SupplierContext context) {
		return context.bean(GrpcServerAssembler.class);
	}

	private static <T> T one(SupplierContext context, Transport transport, Class<T> type) {
		return context.bean(transport.beanName(type), type);
	}

}
