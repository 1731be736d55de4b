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

import java.time.Duration;
import java.util.function.Supplier;

import io.github.lastcall.grpc.executor.EventLoopWatchdog;
import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.executor.ServerTimer;
import io.github.lastcall.grpc.executor.ServiceExecutors;
import io.github.lastcall.grpc.health.HealthGroupMapping;
import io.github.lastcall.grpc.lifecycle.GrpcServer;
import io.github.lastcall.grpc.lifecycle.GrpcServerBuilderCustomizers;
import io.github.lastcall.grpc.lifecycle.GrpcServerLifecycle;
import io.github.lastcall.grpc.lifecycle.GrpcServerStartedEvent;
import io.github.lastcall.grpc.lifecycle.Interruption;
import io.github.lastcall.grpc.server.GrpcServices;
import io.github.lastcall.grpc.validation.RequestValidation;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.ApplicationContext;

/**
 * Assembles the servers of the application.
 */
final class GrpcServerAssembler implements AopInfrastructureBean {

	/**
	 * Phase of the health server, which starts before the other servers and stops after
	 * them.
	 */
	private static final int HEALTH_PHASE = GrpcServerLifecycle.PHASE - 512;

	private final ApplicationContext context;

	private final GrpcServerProperties properties;

	private final ApplicationServices services;

	private final HealthGroupMapping healthGroups;

	private final ServerFactories factories;

	private final ServerCustomizers customizers;

	private final ServerExecutor executor;

	private final ServerTimer watchdogTimer;

	private final Interruption interruption;

	private final RequestValidation validation;

	private final ObjectProvider<ServerSecurity> security;

	GrpcServerAssembler(ApplicationContext context, GrpcServerProperties properties, ApplicationServices services,
			HealthGroupMapping healthGroups, ServerFactories factories, ServerCustomizers customizers,
			ServerExecutor executor, ServerTimer watchdogTimer, Interruption interruption, RequestValidation validation,
			ObjectProvider<ServerSecurity> security) {
		this.context = context;
		this.properties = properties;
		this.services = services;
		this.healthGroups = healthGroups;
		this.factories = factories;
		this.customizers = customizers;
		this.executor = executor;
		this.watchdogTimer = watchdogTimer;
		this.interruption = interruption;
		this.validation = validation;
		this.security = security;
	}

	GrpcServerLifecycle assemble(GrpcServers.Parts server) {
		boolean application = server.type().servesApplication();
		ServiceExecutors executors = new ServiceExecutors(application ? this.executor : ServerExecutor.direct(),
				this.context);
		EventLoopWatchdog watchdog = watchdog(server);
		Supplier<GrpcServices> services = () -> this.services.find(server.type());
		return new GrpcServerLifecycle(server.name(), application ? GrpcServerLifecycle.PHASE : HEALTH_PHASE,
				(watchdog != null) ? () -> watchdog.watch(services.get(), executors) : services,
				this.factories.get(server),
				new GrpcServerBuilderCustomizers(executors, server.calls()::guard, this.customizers.of(server)),
				server.drain(), this.interruption, this::started);
	}

	/**
	 * Creates the watchdog of a server. In-process calls run on the threads of their
	 * clients, and probes do not block.
	 */
	private @Nullable EventLoopWatchdog watchdog(GrpcServers.Parts server) {
		ServerType type = server.type();
		Duration limit = this.properties.executor().blockWarning();
		if (limit.isZero() || type == ServerType.IN_PROCESS || !type.servesApplication()) {
			return null;
		}
		EventLoopWatchdog watchdog = new EventLoopWatchdog(type.serverName(), limit, this.watchdogTimer,
				server.connections()::count);
		server.connections().onChange(watchdog::connectionsChanged);
		return watchdog;
	}

	private void started(GrpcServer server, Duration timeTaken) {
		this.validation.await(server.getAddedServices());
		this.security.ifAvailable((security) -> security.await(server.getAddedServices()));
		this.healthGroups.registerAdded(server.getAddedServices());
		this.context.publishEvent(new GrpcServerStartedEvent(server, timeTaken, this.context));
	}

}
