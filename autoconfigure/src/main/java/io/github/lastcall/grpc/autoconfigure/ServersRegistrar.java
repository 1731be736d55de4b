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

import java.util.List;

import io.github.lastcall.grpc.lifecycle.EnvoyHealthHeader;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.GrpcServerLifecycle;
import io.github.lastcall.grpc.lifecycle.ServerStates;
import io.github.lastcall.grpc.server.Codecs;
import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.server.ResponseCompression;

import org.springframework.beans.factory.BeanRegistrar;
import org.springframework.beans.factory.BeanRegistry;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/**
 * Registers the drain and the lifecycle of each configured server, and the interceptors
 * that properties enable. A registrar is called when the application starts, even after
 * ahead-of-time processing, which evaluates conditions at build time.
 */
class ServersRegistrar implements BeanRegistrar {

	private static final String COMPRESSION = "grpc.server.compression.responses";

	@Override
	public void register(BeanRegistry registry, Environment environment) {
		if (!OnServerEnabled.isEnabled(environment)) {
			// Without ahead-of-time processing, a condition has checked this.
			throw new GrpcServerStartException(
					"grpc.server.enabled is false, but the application was processed ahead of time with the gRPC server.",
					"Process the application ahead of time with grpc.server.enabled=false too, or remove the property.",
					List.of(OnServerEnabled.PROPERTY), null);
		}
		List<ServerType> types = ServerType.configuredIn(environment);
		if (types.stream().noneMatch(ServerType::servesApplication)) {
			throw new GrpcServerStartException(
					"The @GrpcService beans cannot be served: grpc.server.port is -1 "
							+ "and no other transport is configured.",
					"Set grpc.server.port to a port, or set grpc.server.unix-domain-socket.path or "
							+ "grpc.server.in-process.enabled, or set grpc.server.enabled to false.",
					List.of("grpc.server.port"), null);
		}
		types.forEach((type) -> registerServer(registry, type, type == types.get(0)));
		registerInterceptors(registry, environment);
	}

	private static void registerServer(BeanRegistry registry, ServerType type, boolean primary) {
		registry.registerBean(type.beanName("ServerDrain"), GrpcServerDrain.class,
				(spec) -> (primary ? spec.primary() : spec)
					.supplier((context) -> context.bean(GrpcServers.class).get(type).drain()));
		registry.registerBean(type.beanName("ServerLifecycle"), GrpcServerLifecycle.class,
				(spec) -> (primary ? spec.primary() : spec)
					.supplier((context) -> context.bean(GrpcServerAssembler.class)
						.assemble(context.bean(GrpcServers.class).get(type))));
	}

	private static void registerInterceptors(BeanRegistry registry, Environment environment) {
		// If the Binder cannot convert the value, its failure is analyzed.
		if (Binder.get(environment).bind("grpc.server.shutdown.envoy-header", Boolean.class).orElse(false)) {
			registry.registerBean("lastCallEnvoyHealthHeader", EnvoyHealthHeader.class,
					(spec) -> spec.supplier((context) -> new EnvoyHealthHeader(context.bean(ServerStates.class))));
		}
		String codec = environment.getProperty(COMPRESSION);
		if (codec != null) {
			registry.registerBean("lastCallResponseCompression", ResponseCompression.class, (spec) -> spec
				.supplier((context) -> new ResponseCompression(codec, context.bean(Codecs.class), COMPRESSION)));
		}
	}

}
