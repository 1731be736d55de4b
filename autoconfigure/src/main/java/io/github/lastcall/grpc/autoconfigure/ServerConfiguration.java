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

import java.time.Clock;
import java.time.Duration;
import java.util.List;

import io.github.lastcall.grpc.call.Connections;
import io.github.lastcall.grpc.call.InFlightCalls;
import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.executor.ServerTimer;
import io.github.lastcall.grpc.error.CallErrors;
import io.github.lastcall.grpc.health.HealthGroupMapping;
import io.github.lastcall.grpc.lifecycle.EnvoyHealthHeader;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.GrpcServerStateListener;
import io.github.lastcall.grpc.lifecycle.Interruption;
import io.github.lastcall.grpc.lifecycle.ShutdownSettings;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.server.InfrastructureService;
import io.github.lastcall.grpc.tls.PeerIdentityFilter;
import io.github.lastcall.grpc.validation.RequestValidation;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.Environment;

/**
 * The servers, and what they are assembled from.
 */
@Configuration(proxyBeanMethods = false)
@Import(ServersRegistrar.class)
class ServerConfiguration implements AopInfrastructureBean {

	/**
	 * Shutdown of the health server, which does not wait for probes.
	 */
	private static final ShutdownSettings PROBES = ShutdownSettings.of(Duration.ZERO, Duration.ofSeconds(1),
			Duration.ZERO);

	@Bean
	GrpcServers lastCallServers(Environment environment, InFlightCallsFactory callsFactory, ShutdownSettings shutdown,
			ServerTimer timer, ApplicationContext context, ObjectProvider<GrpcServerStateListener> listeners) {
		List<GrpcServerStateListener> all = listeners.orderedStream().toList();
		return new GrpcServers(ServerType.configuredIn(environment), (type) -> {
			Refusals refusals = new Refusals(type.serverName(), timer);
			Connections connections = new Connections();
			InFlightCalls calls = callsFactory.create(type, refusals);
			GrpcServerDrain drain = new GrpcServerDrain(type.serverName(), type.servesApplication() ? shutdown : PROBES,
					calls, connections, timer, Clock.systemUTC(), context, type.servesApplication() ? all : List.of());
			return new GrpcServers.Parts(type, refusals, connections, calls, drain);
		});
	}

	@Bean
	GrpcServerAssembler lastCallServerAssembler(ApplicationContext context, GrpcServerProperties properties,
			ApplicationServices services, HealthGroupMapping healthGroups, ServerFactories factories,
			ServerCustomizers customizers, ServerExecutor executor,
			@Qualifier("lastCallWatchdogTimer") ServerTimer watchdogTimer, Interruption interruption,
			RequestValidation validation, ObjectProvider<ServerSecurity> security) {
		return new GrpcServerAssembler(context, properties, services, healthGroups, factories, customizers, executor,
				watchdogTimer, interruption, validation, security);
	}

	@Bean
	ApplicationServices lastCallApplicationServices(ConfigurableListableBeanFactory beanFactory,
			GrpcServerProperties properties, @Qualifier("lastCallHealthService") InfrastructureService health,
			HealthGroupMapping healthGroups, ObjectProvider<PeerIdentityFilter> identities, CallErrors errors,
			RequestValidation validation, ObjectProvider<ServerSecurity> security) {
		return new ApplicationServices(beanFactory, properties, health, healthGroups, identities, errors, validation,
				security);
	}

	@Bean
	ServerCustomizers lastCallServerCustomizers(GrpcServerProperties properties, ObjectProvider<NettyServers> netty,
			ObjectProvider<GrpcServerBuilderCustomizer<?>> customizers, ObjectProvider<EnvoyHealthHeader> envoyHeader,
			RequestValidation validation, ObjectProvider<ServerSecurity> security) {
		return new ServerCustomizers(properties, netty, customizers, envoyHeader, validation, security);
	}

}
