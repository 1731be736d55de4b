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

import java.util.ArrayList;
import java.util.List;

import io.github.lastcall.grpc.executor.NettyEventLoop;
import io.github.lastcall.grpc.lifecycle.EnvoyHealthHeader;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.validation.RequestValidation;
import io.grpc.ServerBuilder;
import io.grpc.ServerInterceptor;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ObjectProvider;

/**
 * Creates the customizers of each server in their order: tracking of calls, properties,
 * customizers of the application, outermost interceptors.
 */
final class ServerCustomizers implements AopInfrastructureBean {

	private final GrpcServerProperties properties;

	private final ObjectProvider<NettyServers> netty;

	private final ObjectProvider<GrpcServerBuilderCustomizer<?>> application;

	private final ObjectProvider<EnvoyHealthHeader> envoyHeader;

	private final RequestValidation validation;

	private final ObjectProvider<ServerSecurity> security;

	ServerCustomizers(GrpcServerProperties properties, ObjectProvider<NettyServers> netty,
			ObjectProvider<GrpcServerBuilderCustomizer<?>> application, ObjectProvider<EnvoyHealthHeader> envoyHeader,
			RequestValidation validation, ObjectProvider<ServerSecurity> security) {
		this.properties = properties;
		this.netty = netty;
		this.application = application;
		this.envoyHeader = envoyHeader;
		this.validation = validation;
		this.security = security;
	}

	List<GrpcServerBuilderCustomizer<?>> of(GrpcServers.Parts server) {
		boolean application = server.type().servesApplication();
		List<GrpcServerBuilderCustomizer<?>> customizers = new ArrayList<>();
		customizers.add(any((builder) -> track(builder, server)));
		this.netty.ifAvailable((netty) -> customizers.add(netty.customizer(server)));
		if (server.type() == ServerType.NETWORK) {
			customizers.add(any(this::requireTls));
		}
		if (application) {
			this.application.orderedStream().forEach(customizers::add);
		}
		customizers.add(any((builder) -> intercept(builder, server, application)));
		return customizers;
	}

	private static GrpcServerBuilderCustomizer<ServerBuilder<?>> any(
			GrpcServerBuilderCustomizer<ServerBuilder<?>> customizer) {
		return customizer;
	}

	private void track(ServerBuilder<?> builder, GrpcServers.Parts server) {
		builder.addStreamTracerFactory(server.calls().tracerFactory())
			.addTransportFilter(server.connections())
			.addTransportFilter(server.calls().transportFilter());
	}

	/**
	 * Adds the outermost interceptors, after those of the application's customizers: a
	 * call that is refused by one of those must not stay in flight.
	 */
	private void intercept(ServerBuilder<?> builder, GrpcServers.Parts server, boolean application) {
		if (application && !this.validation.isEmpty()) {
			builder.intercept(this.validation);
		}
		if (application) {
			this.security.ifAvailable((security) -> secure(builder, security, server));
		}
		builder.intercept(server.calls().interceptor());
		if (application) {
			this.envoyHeader.ifAvailable(builder::intercept);
		}
	}

	private static void secure(ServerBuilder<?> builder, ServerSecurity security, GrpcServers.Parts server) {
		ServerInterceptor interceptor = security.interceptor(server.refusals());
		if (interceptor != null) {
			builder.intercept(interceptor);
		}
	}

	/**
	 * Fails the start if the application's own factory has created a builder that does
	 * not support the SSL bundle.
	 */
	private void requireTls(ServerBuilder<?> builder) {
		String bundle = this.properties.ssl().bundle();
		if (bundle != null && !NettyEventLoop.serves(builder)) {
			throw new GrpcServerStartException(
					"The gRPC server cannot use the SSL bundle '%s': its GrpcServerFactory created a %s, which does not support SSL bundles."
						.formatted(bundle, builder.getClass().getName()),
					"Make the GrpcServerFactory return a NettyServerBuilder of io.grpc:grpc-netty-shaded, or remove "
							+ "grpc.server.ssl.bundle and configure TLS in the factory.",
					List.of("grpc.server.ssl.bundle"), null);
		}
	}

}
