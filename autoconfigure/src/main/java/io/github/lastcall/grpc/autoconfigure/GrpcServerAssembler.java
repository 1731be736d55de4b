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
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;

import io.github.lastcall.grpc.call.AbandonedHandlers;
import io.github.lastcall.grpc.call.CallGuards;
import io.github.lastcall.grpc.call.CallObserver;
import io.github.lastcall.grpc.call.CallRecorder;
import io.github.lastcall.grpc.call.Connections;
import io.github.lastcall.grpc.call.InFlightCalls;
import io.github.lastcall.grpc.call.LostCallbacks;
import io.github.lastcall.grpc.executor.EventLoopWatchdog;
import io.github.lastcall.grpc.executor.NettyEventLoop;
import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.executor.ServerTimer;
import io.github.lastcall.grpc.executor.ServiceExecutors;
import io.github.lastcall.grpc.executor.ThreadState;
import io.github.lastcall.grpc.executor.ThreadStates;
import io.github.lastcall.grpc.health.HealthGroupMapping;
import io.github.lastcall.grpc.health.HealthService;
import io.github.lastcall.grpc.lifecycle.EnvoyHealthHeader;
import io.github.lastcall.grpc.lifecycle.GrpcServer;
import io.github.lastcall.grpc.lifecycle.GrpcServerBuilderCustomizers;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.GrpcServerLifecycle;
import io.github.lastcall.grpc.lifecycle.GrpcServerStartedEvent;
import io.github.lastcall.grpc.lifecycle.GrpcServerStateListener;
import io.github.lastcall.grpc.lifecycle.Interruption;
import io.github.lastcall.grpc.lifecycle.ShutdownSettings;
import io.github.lastcall.grpc.limits.InboundMemory;
import io.github.lastcall.grpc.limits.InfrastructureStreams;
import io.github.lastcall.grpc.limits.OutboundBuffers;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.server.GrpcServerFactory;
import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.server.GrpcServiceDiscovery;
import io.github.lastcall.grpc.server.GrpcServices;
import io.github.lastcall.grpc.server.InfrastructureService;
import io.github.lastcall.grpc.tls.PeerIdentityFilter;
import io.grpc.ServerBuilder;
import io.grpc.ServerInterceptor;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.ApplicationContext;

/**
 * Puts the servers of the application together, which differ in nothing but their
 * transport.
 */
class GrpcServerAssembler implements AopInfrastructureBean {

	private static final Log logger = LogFactory.getLog(GrpcServerAssembler.class);

	private final ConfigurableListableBeanFactory beanFactory;

	private final GrpcServerProperties properties;

	private final ShutdownSettings settings;

	private final ServerTimer timer;

	private final ApplicationContext context;

	private final ServerExecutor executor;

	private final HealthGroupMapping healthGroups;

	private final Factories factories;

	private final ObjectProvider<NettyServerCustomizers> netty;

	private final Set<String> warnings = ConcurrentHashMap.newKeySet();

	GrpcServerAssembler(ConfigurableListableBeanFactory beanFactory, GrpcServerProperties properties,
			ShutdownSettings settings, ServerTimer timer, ApplicationContext context, ServerExecutor executor,
			HealthGroupMapping healthGroups, Factories factories, ObjectProvider<NettyServerCustomizers> netty) {
		this.beanFactory = beanFactory;
		this.properties = properties;
		this.settings = settings;
		this.timer = timer;
		this.context = context;
		this.executor = executor;
		this.healthGroups = healthGroups;
		this.factories = factories;
		this.netty = netty;
	}

	/**
	 * The context of the application, which registrars cannot ask for.
	 */
	ApplicationContext context() {
		return this.context;
	}

	/**
	 * What every builder gets that is to be drained.
	 */
	static GrpcServerBuilderCustomizer<ServerBuilder<?>> track(InFlightCalls calls, Connections connections) {
		return (builder) -> builder.addStreamTracerFactory(calls.tracerFactory())
			.addTransportFilter(connections)
			.addTransportFilter(calls.transportFilter());
	}

	/**
	 * Tells everybody in the context that a server of it has started.
	 */
	static BiConsumer<GrpcServer, Duration> publish(ApplicationContext context) {
		return (server, timeTaken) -> context.publishEvent(new GrpcServerStartedEvent(server, timeTaken, context));
	}

	/**
	 * Asked late: an observer may need what needs the server.
	 */
	private static GrpcServerBuilderCustomizer<ServerBuilder<?>> observe(ObjectProvider<CallObserver> observer) {
		return (builder) -> observer
			.ifAvailable((available) -> builder.addStreamTracerFactory(available.tracerFactory()));
	}

	InFlightCalls calls(Refusals refusals) {
		return new InFlightCalls(this.timer, this.properties.limits().maxConcurrentCalls(),
				this.beanFactory.getBean(InfrastructureStreams.class), this.beanFactory.getBean(InboundMemory.class),
				refusals, this.beanFactory.getBeanProvider(CallRecorder.Factory.class)::getIfAvailable, guards());
	}

	private CallGuards guards() {
		List<ThreadState> states = this.beanFactory.getBeanProvider(ThreadState.class).orderedStream().toList();
		return new CallGuards(new ThreadStates(states), abandonedHandlers(),
				new LostCallbacks(this.beanFactory.getBean("lastCallLostCallbacksTimer", ServerTimer.class)),
				this.beanFactory.getBean(OutboundBuffers.class));
	}

	private AbandonedHandlers abandonedHandlers() {
		GrpcServerProperties.Executor executor = this.properties.executor();
		return executor.cancelledWarning().isZero() ? AbandonedHandlers.IGNORED
				: new AbandonedHandlers(executor.cancelledWarning(), executor.interruptCancelled(), watchdogTimer());
	}

	private ServerTimer watchdogTimer() {
		return this.beanFactory.getBean("lastCallWatchdogTimer", ServerTimer.class);
	}

	GrpcServerDrain drain(Transport transport, InFlightCalls calls, Connections connections) {
		return new GrpcServerDrain(transport.serverName(), this.settings, calls, connections, this.timer,
				Clock.systemUTC(), this.context,
				this.beanFactory.getBeanProvider(GrpcServerStateListener.class).orderedStream().toList());
	}

	GrpcServerLifecycle lifecycle(Transport transport, Refusals refusals, InFlightCalls calls, Connections connections,
			GrpcServerDrain drain) {
		GrpcServerFactory factory = this.factories.get(transport);
		ServiceExecutors executors = new ServiceExecutors(this.executor, this.beanFactory);
		EventLoopWatchdog watchdog = watchdog(transport);
		return new GrpcServerLifecycle(transport.serverName(), GrpcServerLifecycle.PHASE, () -> {
			GrpcServices services = discovery().discover();
			this.healthGroups.register(services);
			observer().ifAvailable((observer) -> observer.observe(services));
			return (watchdog != null) ? watchdog.watch(services, executors) : services;
		}, factory, customizers(transport, refusals, calls, connections, executors, watchdog), drain,
				this.beanFactory.getBean(Interruption.class), (server, timeTaken) -> {
					this.healthGroups.registerAdded(server.getAddedServices());
					publish(this.context).accept(server, timeTaken);
				});
	}

	private GrpcServerBuilderCustomizers customizers(Transport transport, Refusals refusals, InFlightCalls calls,
			Connections connections, ServiceExecutors executors, @Nullable EventLoopWatchdog watchdog) {
		List<GrpcServerBuilderCustomizer<?>> customizers = new ArrayList<>();
		customizers.add(track(calls, connections));
		customizers.add(observe(observer()));
		if (watchdog != null) {
			customizers
				.add((GrpcServerBuilderCustomizer<ServerBuilder<?>>) (builder) -> builder.addTransportFilter(watchdog));
		}
		this.netty.ifAvailable((netty) -> customizers.add(netty.of(transport, refusals)));
		if (transport == Transport.NETWORK) {
			customizers.add(neverPlaintextInsteadOfTls());
		}
		this.beanFactory.getBeanProvider(GrpcServerBuilderCustomizer.class).orderedStream().forEach(customizers::add);
		customizers.add(outermost(calls));
		return new GrpcServerBuilderCustomizers(executors, calls::guard, customizers);
	}

	/**
	 * The application's own factory may make builders that the properties do not reach.
	 */
	private GrpcServerBuilderCustomizer<ServerBuilder<?>> neverPlaintextInsteadOfTls() {
		return (builder) -> {
			String bundle = this.properties.ssl().bundle();
			if (bundle != null && !NettyEventLoop.serves(builder)) {
				throw new GrpcServerStartException(
						"The gRPC server cannot use the SSL bundle '%s': its GrpcServerFactory has created a %s, which does not support SSL bundles."
							.formatted(bundle, builder.getClass().getName()),
						"Make the GrpcServerFactory return a NettyServerBuilder of io.grpc:grpc-netty-shaded, or remove "
								+ "grpc.server.ssl.bundle and configure TLS in the factory.",
						List.of("grpc.server.ssl.bundle"), null);
			}
		};
	}

	/**
	 * Calls in the same process run on the threads of their clients: there is no event
	 * loop to hold.
	 */
	private @Nullable EventLoopWatchdog watchdog(Transport transport) {
		Duration limit = this.properties.executor().blockWarning();
		if (limit.isZero() || transport == Transport.IN_PROCESS) {
			return null;
		}
		return new EventLoopWatchdog(transport.serverName(), limit, watchdogTimer()::schedule);
	}

	/**
	 * The interceptor that is added last is outside of all others, those of customizers
	 * too: a call that one of them refuses must not stay in flight.
	 */
	private GrpcServerBuilderCustomizer<ServerBuilder<?>> outermost(InFlightCalls calls) {
		return (builder) -> {
			// Services that customizers add are observed too.
			observer().ifAvailable((observer) -> builder.intercept(observer.interceptor()));
			builder.intercept(calls.interceptor());
			this.beanFactory.getBeanProvider(EnvoyHealthHeader.class).ifAvailable(builder::intercept);
		};
	}

	private GrpcServiceDiscovery discovery() {
		List<ServerInterceptor> outermost = new ArrayList<>();
		this.beanFactory.getBeanProvider(PeerIdentityFilter.class).ifAvailable(outermost::add);
		return new GrpcServiceDiscovery(this.beanFactory, infrastructure(), outermost, this::warn);
	}

	private List<InfrastructureService> infrastructure() {
		List<InfrastructureService> services = OwnBeans.of(this.beanFactory, InfrastructureService.class);
		if (this.properties.health().enabled()) {
			return services;
		}
		warn("grpc.server.health.enabled is false: no client is told of a drain over gRPC. "
				+ "A health service of your own must follow GrpcServerStateChangedEvent");
		return services.stream().filter((service) -> !(service.service() instanceof HealthService)).toList();
	}

	/**
	 * Once for all servers.
	 */
	private void warn(String message) {
		if (this.warnings.add(message)) {
			logger.warn(message);
		}
	}

	private ObjectProvider<CallObserver> observer() {
		return this.beanFactory.getBeanProvider(CallObserver.class);
	}

	/**
	 * What makes the builders for each transport.
	 *
	 * @param network the application's own, or ours
	 * @param beanFactory has ours for the other transports
	 */
	record Factories(ObjectProvider<GrpcServerFactory> network, BeanFactory beanFactory) {

		GrpcServerFactory get(Transport transport) {
			return switch (transport) {
				case NETWORK ->
					get(this.network.getIfAvailable(), "grpc-netty-shaded", "lastcall-spring-boot-starter has it",
							"define a GrpcServerFactory bean, or set grpc.server.enabled to false");
				case UNIX_DOMAIN_SOCKET -> get(own(transport), "grpc-netty-shaded",
						"lastcall-spring-boot-starter has it", "remove grpc.server.unix-domain-socket.path");
				case IN_PROCESS -> get(own(transport), "grpc-inprocess", "Spring Boot knows its version",
						"set grpc.server.in-process.enabled to false");
			};
		}

		private @Nullable GrpcServerFactory own(Transport transport) {
			String name = transport.beanName(GrpcServerFactory.class);
			return this.beanFactory.containsBean(name) ? this.beanFactory.getBean(name, GrpcServerFactory.class) : null;
		}

		private static GrpcServerFactory get(@Nullable GrpcServerFactory factory, String artifact, String note,
				String otherwise) {
			if (factory == null) {
				throw new GrpcServerStartException(
						"There are @GrpcService beans, but no transport to serve them with: "
								+ "%s is not on the classpath.".formatted(artifact),
						"Add the dependency io.grpc:%s (%s), %s.".formatted(artifact, note, otherwise));
			}
			return factory;
		}

	}

}
