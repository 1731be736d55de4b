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

import io.github.lastcall.grpc.call.AbandonedHandlers;
import io.github.lastcall.grpc.call.CallGuards;
import io.github.lastcall.grpc.call.Connections;
import io.github.lastcall.grpc.call.InFlightCalls;
import io.github.lastcall.grpc.call.LostCallbacks;
import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.executor.ServerTimer;
import io.github.lastcall.grpc.executor.ServiceExecutors;
import io.github.lastcall.grpc.executor.ThreadStates;
import io.github.lastcall.grpc.lifecycle.GrpcServerBuilderCustomizers;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.GrpcServerLifecycle;
import io.github.lastcall.grpc.lifecycle.Interruption;
import io.github.lastcall.grpc.lifecycle.ShutdownSettings;
import io.github.lastcall.grpc.limits.InboundMemory;
import io.github.lastcall.grpc.limits.InfrastructureStreams;
import io.github.lastcall.grpc.limits.OutboundBuffers;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.netty.NettyGrpcServerFactory;
import io.github.lastcall.grpc.netty.NettyGuardedTransport;
import io.github.lastcall.grpc.server.GrpcServices;
import io.github.lastcall.grpc.server.InfrastructureService;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;

import org.springframework.beans.factory.BeanRegistrar;
import org.springframework.beans.factory.BeanRegistry;
import org.springframework.beans.factory.BeanRegistry.SupplierContext;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.ApplicationContext;
import org.springframework.core.env.Environment;

/**
 * Registers a second server for probes, up before the first one and until after it, if
 * {@code grpc.server.health.port} is set when the application starts.
 */
class HealthServerRegistrar implements BeanRegistrar {

	/**
	 * The name of the server that serves health only.
	 */
	static final String SERVER = "health";

	private static final String PORT = "grpc.server.health.port";

	private static final int PHASE = GrpcServerLifecycle.PHASE - 512;

	/**
	 * Nobody has to wait for a probe.
	 */
	private static final ShutdownSettings SETTINGS = ShutdownSettings.of(Duration.ZERO, Duration.ofSeconds(1),
			Duration.ZERO);

	@Override
	public void register(BeanRegistry registry, Environment environment) {
		boolean enabled = Binder.get(environment).bind("grpc.server.health.enabled", Boolean.class).orElse(true);
		if (!enabled || !environment.containsProperty(PORT)) {
			return;
		}
		registry.registerBean("lastCallHealthRefusals", Refusals.class,
				(spec) -> spec.supplier((context) -> new Refusals(SERVER)));
		registry.registerBean("lastCallHealthTransport", NettyGuardedTransport.class,
				(spec) -> spec.notAutowirable().supplier(HealthServerRegistrar::transport));
		registry.registerBean("lastCallHealthInFlightCalls", InFlightCalls.class,
				(spec) -> spec.supplier((context) -> new InFlightCalls(context.bean(ServerTimer.class),
						Integer.MAX_VALUE, context.bean(InfrastructureStreams.class), context.bean(InboundMemory.class),
						refusals(context), () -> null, new CallGuards(ThreadStates.NONE, AbandonedHandlers.IGNORED,
								LostCallbacks.IGNORED, context.bean(OutboundBuffers.class)))));
		registry.registerBean("lastCallHealthConnections", Connections.class,
				(spec) -> spec.supplier((context) -> new Connections()));
		registry
			.registerBean("lastCallHealthServerDrain", GrpcServerDrain.class,
					(spec) -> spec.supplier((context) -> new GrpcServerDrain(SERVER, SETTINGS, calls(context),
							connections(context), context.bean(ServerTimer.class), Clock.systemUTC(),
							application(context), List.of())));
		registry.registerBean("lastCallHealthServerLifecycle", GrpcServerLifecycle.class,
				(spec) -> spec.supplier(HealthServerRegistrar::lifecycle));
	}

	private static NettyGuardedTransport transport(SupplierContext context) {
		return new NettyGuardedTransport(SERVER, 1,
				context.bean(GrpcServerProperties.class).limits().forConnections(context.bean(InboundMemory.class)),
				refusals(context));
	}

	private static GrpcServerLifecycle lifecycle(SupplierContext context) {
		GrpcServerProperties properties = context.bean(GrpcServerProperties.class);
		InFlightCalls calls = calls(context);
		NettyGrpcServerFactory factory = new NettyGrpcServerFactory(properties.addresses(),
				properties.health().validPort(), PORT,
				context.bean("lastCallHealthTransport", NettyGuardedTransport.class));
		ServerServiceDefinition service = ServerInterceptors.interceptForward(
				context.bean("lastCallHealthService", InfrastructureService.class).service().bindService(),
				List.of(calls.interceptor()));
		return new GrpcServerLifecycle(SERVER, PHASE, () -> new GrpcServices(List.of(), List.of(service)), factory,
				new GrpcServerBuilderCustomizers(new ServiceExecutors(ServerExecutor.direct(), application(context)),
						calls::guard,
						List.of(GrpcServerAssembler.track(calls, connections(context)),
								new NettyServerPropertiesCustomizer(properties, context.bean(InboundMemory.class),
										refusals(context), null))),
				context.bean("lastCallHealthServerDrain", GrpcServerDrain.class), context.bean(Interruption.class),
				GrpcServerAssembler.publish(application(context)));
	}

	private static ApplicationContext application(SupplierContext context) {
		return context.bean(GrpcServerAssembler.class).context();
	}

	private static Refusals refusals(SupplierContext context) {
		return context.bean("lastCallHealthRefusals", Refusals.class);
	}

	private static InFlightCalls calls(SupplierContext context) {
		return context.bean("lastCallHealthInFlightCalls", InFlightCalls.class);
	}

	private static Connections connections(SupplierContext context) {
		return context.bean("lastCallHealthConnections", Connections.class);
	}

}
