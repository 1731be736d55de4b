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

import io.github.lastcall.grpc.server.GrpcServerFactory;
import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.server.InProcessGrpcServerFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ObjectProvider;

/**
 * Finds the factory of each server: the application's own for the network if there is
 * one, otherwise that of a transport on the classpath.
 */
final class ServerFactories implements AopInfrastructureBean {

	private final ObjectProvider<GrpcServerFactory> network;

	private final ObjectProvider<NettyServers> netty;

	private final ObjectProvider<InProcessGrpcServerFactory> inProcess;

	ServerFactories(ObjectProvider<GrpcServerFactory> network, ObjectProvider<NettyServers> netty,
			ObjectProvider<InProcessGrpcServerFactory> inProcess) {
		this.network = network;
		this.netty = netty;
		this.inProcess = inProcess;
	}

	GrpcServerFactory get(GrpcServers.Parts server) {
		return switch (server.type()) {
			case NETWORK -> {
				GrpcServerFactory own = this.network.getIfAvailable();
				yield (own != null) ? own
						: netty(server, "define a GrpcServerFactory bean, or set grpc.server.enabled to false");
			}
			case UNIX_DOMAIN_SOCKET -> netty(server, "or remove grpc.server.unix-domain-socket.path");
			case HEALTH -> netty(server, "or remove grpc.server.health.port");
			case IN_PROCESS -> require(this.inProcess.getIfAvailable(), "grpc-inprocess",
					"version managed by Spring Boot", "or set grpc.server.in-process.enabled to false");
		};
	}

	private GrpcServerFactory netty(GrpcServers.Parts server, String otherwise) {
		NettyServers netty = this.netty.getIfAvailable();
		return require((netty != null) ? netty.factory(server) : null, "grpc-netty-shaded",
				"included in lastcall-spring-boot-starter", otherwise);
	}

	private static GrpcServerFactory require(@Nullable GrpcServerFactory factory, String artifact, String note,
			String otherwise) {
		if (factory == null) {
			throw new GrpcServerStartException(
					"No transport is available for the @GrpcService beans: "
							+ "%s is not on the classpath.".formatted(artifact),
					"Add the dependency io.grpc:%s (%s), %s.".formatted(artifact, note, otherwise));
		}
		return factory;
	}

}
