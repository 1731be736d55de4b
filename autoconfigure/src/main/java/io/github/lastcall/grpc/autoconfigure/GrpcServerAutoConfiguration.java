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

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

import io.github.lastcall.grpc.call.CallGuards;
import io.github.lastcall.grpc.call.Connections;
import io.github.lastcall.grpc.call.InFlightCalls;
import io.github.lastcall.grpc.call.InfrastructureStreams;
import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.executor.ServerTimer;
import io.github.lastcall.grpc.executor.ServiceExecutors;
import io.github.lastcall.grpc.executor.ThreadServerTimer;
import io.github.lastcall.grpc.health.ActuatorHealthBridge;
import io.github.lastcall.grpc.health.AvailabilityBridge;
import io.github.lastcall.grpc.health.HealthGroupMapping;
import io.github.lastcall.grpc.health.HealthService;
import io.github.lastcall.grpc.health.HealthSettings;
import io.github.lastcall.grpc.health.ServingGate;
import io.github.lastcall.grpc.health.ServingStatusOverrides;
import io.github.lastcall.grpc.health.ServingStatusTable;
import io.github.lastcall.grpc.lifecycle.ApplicationReadiness;
import io.github.lastcall.grpc.lifecycle.DrainControl;
import io.github.lastcall.grpc.lifecycle.EnvoyHealthHeader;
import io.github.lastcall.grpc.lifecycle.GrpcAnnounceLifecycle;
import io.github.lastcall.grpc.lifecycle.GrpcServerBuilderCustomizers;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.GrpcServerLifecycle;
import io.github.lastcall.grpc.lifecycle.ShutdownSettings;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.netty.InboundMemory;
import io.github.lastcall.grpc.netty.NettyGrpcServerFactory;
import io.github.lastcall.grpc.netty.NettyGuardedTransport;
import io.github.lastcall.grpc.netty.NettyUnixDomainSocketServerFactory;
import io.github.lastcall.grpc.server.Codecs;
import io.github.lastcall.grpc.server.GlobalServerInterceptor;
import io.github.lastcall.grpc.server.GrpcServerFactory;
import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.server.GrpcServices;
import io.github.lastcall.grpc.server.InProcessGrpcServerFactory;
import io.github.lastcall.grpc.server.InfrastructureService;
import io.github.lastcall.grpc.server.ResponseCompression;
import io.github.lastcall.grpc.tls.NettyTls;
import io.github.lastcall.grpc.tls.PeerIdentityFilter;
import io.github.lastcall.grpc.tls.ServerTls;
import io.grpc.BindableService;
import io.grpc.Codec;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigureOrder;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.availability.ApplicationAvailabilityAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.boot.autoconfigure.context.LifecycleAutoConfiguration;
import org.springframework.boot.autoconfigure.context.LifecycleProperties;
import org.springframework.boot.autoconfigure.ssl.SslProperties;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.actuate.endpoint.HealthEndpointGroups;
import org.springframework.boot.health.contributor.HealthContributors;
import org.springframework.boot.health.registry.HealthContributorRegistry;
import org.springframework.boot.health.registry.ReactiveHealthContributorRegistry;
import org.springframework.boot.io.ApplicationResourceLoader;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.Environment;
import org.springframework.core.io.ResourceLoader;
import org.springframework.util.Assert;
import org.springframework.util.function.SingletonSupplier;

/**
 * {@link EnableAutoConfiguration Auto-configuration} for a gRPC server that serves the
 * {@link GrpcService @GrpcService} beans.
 */
@AutoConfiguration(after = { ApplicationAvailabilityAutoConfiguration.class, LifecycleAutoConfiguration.class },
		afterName = "org.springframework.boot.health.autoconfigure.actuate.endpoint.HealthEndpointAutoConfiguration")
@AutoConfigureOrder(Ordered.LOWEST_PRECEDENCE)
@ConditionalOnClass({ BindableService.class, ProtoReflectionServiceV1.class })
@ConditionalOnBooleanProperty(name = "grpc.server.enabled", matchIfMissing = true)
public final class GrpcServerAutoConfiguration implements AopInfrastructureBean {

	/**
	 * The name of the server that serves health only.
	 */
	static final String HEALTH_SERVER = "health";

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnMissingBean(annotation = GrpcService.class, search = SearchStrategy.CURRENT)
	static class NoServiceConfiguration implements AopInfrastructureBean {

		@Bean
		NoServiceLog lastCallNoServiceLog(ListableBeanFactory beanFactory) {
			return new NoServiceLog(beanFactory);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnBean(annotation = GrpcService.class, search = SearchStrategy.CURRENT)
	@EnableConfigurationProperties(GrpcServerProperties.class)
	@Import(ThreadStateConfiguration.class)
	static class ServerConfiguration implements AopInfrastructureBean {

		@Bean
		GrpcServerAssembler lastCallServerAssembler(ConfigurableListableBeanFactory beanFactory,
				GrpcServerProperties properties, ShutdownSettings settings, ServerTimer timer,
				ApplicationContext context, ServerExecutor executor, HealthGroupMapping healthGroups,
				ObjectProvider<GrpcServerFactory> network,
				@Qualifier("lastCallUnixDomainSocketServerFactory") ObjectProvider<GrpcServerFactory> unixDomainSocket,
				@Qualifier("lastCallInProcessServerFactory") ObjectProvider<GrpcServerFactory> inProcess,
				ObjectProvider<NettyServerCustomizers> netty) {
			return new GrpcServerAssembler(beanFactory, properties, settings, timer, context, executor, healthGroups,
					new GrpcServerAssembler.Factories(network, unixDomainSocket, inProcess), netty);
		}

		@Bean
		InfrastructureStreams lastCallInfrastructureStreams() {
			return InfrastructureStreams.withinHeap();
		}

		@Bean(defaultCandidate = false)
		@ConditionalOnMissingBean(name = "lastCallWatchdogTimer")
		ThreadServerTimer lastCallWatchdogTimer() {
			return new ThreadServerTimer("grpc-watchdog");
		}

		@Bean
		@Order(Ordered.HIGHEST_PRECEDENCE)
		Codecs lastCallCodecs(ObjectProvider<Codec> codecs) {
			return new Codecs(codecs.orderedStream().toList());
		}

		@Bean
		@GlobalServerInterceptor
		@Order(Ordered.HIGHEST_PRECEDENCE)
		@ConditionalOnPresentProperty("grpc.server.compression.responses")
		ResponseCompression lastCallResponseCompression(GrpcServerProperties properties, Codecs codecs) {
			String codec = properties.compression().responses();
			Assert.state(codec != null, "No codec");
			return new ResponseCompression(codec, codecs, "grpc.server.compression.responses");
		}

		@Bean
		GrpcServerStartupLog lastCallServerStartupLog(ApplicationContext context, GrpcServerProperties properties,
				ShutdownSettings settings, ObjectProvider<ServerTls> tls) {
			return new GrpcServerStartupLog(context, properties.reflection().enabled(), settings, tls);
		}

		@Bean
		IgnoredProperties lastCallIgnoredProperties(GrpcServerProperties properties, Environment environment,
				ObjectProvider<ExecutorConfiguration> executor) {
			return new IgnoredProperties(properties, environment, executor.getIfAvailable() == null);
		}

		@Bean
		LocalGrpcPortProperty lastCallLocalPortProperty(ApplicationContext context,
				ConfigurableEnvironment environment) {
			return new LocalGrpcPortProperty(context, environment);
		}

		/**
		 * Not there if the application has an executor of its own.
		 */
		@Configuration(proxyBeanMethods = false)
		@ConditionalOnMissingBean(ServerExecutor.class)
		static class ExecutorConfiguration implements AopInfrastructureBean {

			@Bean
			ServerExecutor lastCallServerExecutor(GrpcServerProperties properties, Environment environment) {
				return properties.executor().create(environment);
			}

		}

		@Configuration(proxyBeanMethods = false)
		@ConditionalOnClass(NettyServerBuilder.class)
		static class NettyConfiguration implements AopInfrastructureBean {

			@Bean
			@ConditionalOnTransport(Transport.NETWORK)
			@ConditionalOnMissingBean(value = GrpcServerFactory.class, search = SearchStrategy.CURRENT)
			NettyGrpcServerFactory lastCallServerFactory(GrpcServerProperties properties,
					@Qualifier("lastCallTransport") NettyGuardedTransport transport) {
				int port = properties.validPort();
				if (port != 0 && Integer.valueOf(port).equals(properties.health().port())) {
					throw new GrpcServerStartException(
							"The gRPC server and its port for probes are both to listen on port %d.".formatted(port),
							"Let grpc.server.health.port be another port, or remove it: the server itself serves health too.",
							List.of("grpc.server.port", "grpc.server.health.port"), null);
				}
				return new NettyGrpcServerFactory(properties.address(), port, "grpc.server.port", transport);
			}

			@Bean(defaultCandidate = false)
			@ConditionalOnTransport(Transport.UNIX_DOMAIN_SOCKET)
			NettyUnixDomainSocketServerFactory lastCallUnixDomainSocketServerFactory(GrpcServerProperties properties,
					@Qualifier("lastCallUnixDomainSocketTransport") NettyGuardedTransport transport) {
				Path path = properties.unixDomainSocket().path();
				Assert.state(path != null, "No path");
				return new NettyUnixDomainSocketServerFactory(path, "grpc.server.unix-domain-socket.path", transport);
			}

			/**
			 * The one that is meant by a factory of the user's own.
			 */
			@Bean
			@Primary
			@ConditionalOnTransport(Transport.NETWORK)
			NettyGuardedTransport lastCallTransport(GrpcServerProperties properties,
					@Qualifier("lastCallRefusals") Refusals refusals) {
				return new NettyGuardedTransport(Transport.NETWORK.serverName(), 0,
						properties.limits().forConnections(), refusals);
			}

			@Bean
			@ConditionalOnTransport(Transport.UNIX_DOMAIN_SOCKET)
			NettyGuardedTransport lastCallUnixDomainSocketTransport(GrpcServerProperties properties,
					@Qualifier("lastCallUnixDomainSocketRefusals") Refusals refusals) {
				return new NettyGuardedTransport(Transport.UNIX_DOMAIN_SOCKET.serverName(), 0,
						properties.limits().forConnections(), refusals);
			}

			@Bean
			InboundMemory lastCallInboundMemory(GrpcServerProperties properties) {
				return new InboundMemory(properties.limits().inboundBuffer());
			}

			@Bean
			NettyServerCustomizers lastCallNettyServerCustomizers(GrpcServerProperties properties,
					InboundMemory inboundMemory, ObjectProvider<NettyTls> tls) {
				return new NettyServerCustomizers(properties, inboundMemory, tls);
			}

			@Configuration(proxyBeanMethods = false)
			@ConditionalOnTransport(Transport.NETWORK)
			@ConditionalOnPresentProperty("grpc.server.ssl.bundle")
			static class TlsConfiguration implements AopInfrastructureBean {

				@Bean
				NettyTls lastCallNettyTls(GrpcServerProperties properties, PeerIdentityFilter identities) {
					return new NettyTls(properties.ssl().clientAuth(), identities);
				}

				@Bean
				PeerIdentityFilter lastCallPeerIdentityFilter() {
					return new PeerIdentityFilter();
				}

				@Bean
				ServerTls lastCallServerTls(GrpcServerProperties properties, NettyTls transport) {
					String bundle = properties.ssl().bundle();
					Assert.state(bundle != null, "No bundle");
					return new ServerTls(bundle, properties.ssl().clientAuth(), transport, Clock.systemUTC());
				}

				@Bean
				ServerTlsRegistrar lastCallServerTlsRegistrar(ServerTls tls, ObjectProvider<SslBundles> bundles) {
					return new ServerTlsRegistrar(tls, bundles);
				}

				@Bean
				SslReloadCheck lastCallSslReloadCheck(ServerTls tls, ObjectProvider<SslProperties> properties,
						ResourceLoader resourceLoader) {
					return new SslReloadCheck(tls, properties, ApplicationResourceLoader.get(resourceLoader));
				}

			}

		}

		@Configuration(proxyBeanMethods = false)
		@ConditionalOnClass(InProcessServerBuilder.class)
		@ConditionalOnTransport(Transport.IN_PROCESS)
		static class InProcessConfiguration implements AopInfrastructureBean {

			@Bean(defaultCandidate = false)
			InProcessGrpcServerFactory lastCallInProcessServerFactory(GrpcServerProperties properties) {
				return new InProcessGrpcServerFactory(properties.inProcess().name(), "grpc.server.in-process.name");
			}

		}

		@Configuration(proxyBeanMethods = false)
		@Import(TransportRegistrar.class)
		static class ShutdownConfiguration implements AopInfrastructureBean {

			@Bean
			ShutdownSettings lastCallShutdownSettings(GrpcServerProperties properties, Environment environment) {
				return properties.shutdown().settings(environment);
			}

			@Bean
			@ConditionalOnMissingBean(ServerTimer.class)
			ThreadServerTimer lastCallDrainTimer() {
				return new ThreadServerTimer("grpc-shutdown");
			}

			@Bean
			GrpcAnnounceLifecycle lastCallAnnounceLifecycle(ListableBeanFactory beanFactory) {
				return new GrpcAnnounceLifecycle(OwnBeans.of(beanFactory, GrpcServerDrain.class));
			}

			@Bean
			ApplicationReadiness lastCallApplicationReadiness(ApplicationContext context,
					ApplicationAvailability availability, ListableBeanFactory beanFactory) {
				return new ApplicationReadiness(context, availability, OwnBeans.of(beanFactory, GrpcServerDrain.class));
			}

			@Bean
			DrainControl lastCallDrainControl(ApplicationContext context, ApplicationAvailability availability,
					ListableBeanFactory beanFactory) {
				return new DrainControl(context, availability, OwnBeans.of(beanFactory, GrpcServerDrain.class));
			}

			@Bean
			@ConditionalOnBooleanProperty("grpc.server.shutdown.envoy-header")
			EnvoyHealthHeader lastCallEnvoyHealthHeader() {
				return new EnvoyHealthHeader();
			}

			@Bean
			ShutdownPhaseTimeouts lastCallShutdownPhaseTimeouts(ConfigurableApplicationContext context,
					ShutdownSettings settings, ObjectProvider<LifecycleProperties> lifecycle) {
				// Without Boot's auto-configuration Spring's own 10 seconds apply.
				Duration timeout = lifecycle.stream()
					.map(LifecycleProperties::getTimeoutPerShutdownPhase)
					.findFirst()
					.orElse(Duration.ofSeconds(10));
				return new ShutdownPhaseTimeouts(context, settings, timeout);
			}

		}

		@Configuration(proxyBeanMethods = false)
		static class HealthConfiguration implements AopInfrastructureBean {

			@Bean
			HealthSettings lastCallHealthSettings(GrpcServerProperties properties) {
				return properties.health().settings();
			}

			@Bean
			ServingStatusTable lastCallServingStatusTable(ObjectProvider<HealthGroupNames> groups) {
				return new ServingStatusTable(groups.getIfAvailable(HealthGroupNames::ofAvailability).names());
			}

			@Bean
			HealthGroupMapping lastCallHealthGroupMapping(GrpcServerProperties properties, ServingStatusTable statuses,
					ObjectProvider<HealthGroupNames> groups) {
				return new HealthGroupMapping(properties.health().services(),
						groups.getIfAvailable(HealthGroupNames::ofAvailability).names(), statuses);
			}

			@Bean
			ServingStatusOverrides lastCallServingStatusOverrides(ServingStatusTable statuses) {
				return new ServingStatusOverrides(statuses);
			}

			@Bean
			ServingGate lastCallServingGate(ServingStatusTable statuses) {
				return new ServingGate(statuses);
			}

			@Bean
			AvailabilityBridge lastCallAvailabilityBridge(ServingStatusTable statuses,
					ApplicationAvailability availability, ObjectProvider<HealthGroupNames> groups) {
				return new AvailabilityBridge(statuses, availability,
						groups.getIfAvailable(HealthGroupNames::ofAvailability).followingAvailability());
			}

			@Bean
			InfrastructureService lastCallHealthService(ServingStatusTable statuses, HealthSettings settings) {
				return new InfrastructureService(new HealthService(statuses, settings.notServingAs()),
						"the health service");
			}

		}

		@Configuration(proxyBeanMethods = false)
		@ConditionalOnClass(HealthEndpointGroups.class)
		@ConditionalOnBean({ HealthEndpointGroups.class, HealthContributorRegistry.class })
		static class ActuatorHealthConfiguration implements AopInfrastructureBean {

			@Bean
			HealthGroupNames lastCallHealthGroupNames(HealthEndpointGroups groups) {
				return HealthGroupNames.of(groups.getNames());
			}

			@Bean
			ActuatorHealthBridge lastCallActuatorHealthBridge(ObjectProvider<HealthContributorRegistry> registry,
					ObjectProvider<ReactiveHealthContributorRegistry> reactiveRegistry, HealthEndpointGroups groups,
					ApplicationAvailability availability, ServingStatusTable statuses, HealthSettings settings,
					@Qualifier("lastCallHealthTimer") ServerTimer timer) {
				// Looked up late: the server's own indicator needs the server.
				return new ActuatorHealthBridge(SingletonSupplier.of(() -> {
					ReactiveHealthContributorRegistry reactive = reactiveRegistry.getIfAvailable();
					return (reactive != null)
							? HealthContributors.of(registry.getObject(), reactive.asHealthContributors())
							: registry.getObject();
				}), groups, availability, statuses, settings, timer);
			}

			@Bean(defaultCandidate = false)
			@ConditionalOnMissingBean(name = "lastCallHealthTimer")
			ThreadServerTimer lastCallHealthTimer() {
				return new ThreadServerTimer("grpc-health-sampler");
			}

		}

		/**
		 * A second server for probes, up before the first one and until after it.
		 */
		@Configuration(proxyBeanMethods = false)
		@ConditionalOnClass(NettyServerBuilder.class)
		@ConditionalOnProperty("grpc.server.health.port")
		static class HealthServerConfiguration implements AopInfrastructureBean {

			private static final int PHASE = GrpcServerLifecycle.PHASE - 512;

			/**
			 * Nobody has to wait for a probe.
			 */
			private static final ShutdownSettings SETTINGS = ShutdownSettings.of(Duration.ZERO, Duration.ofSeconds(1),
					Duration.ZERO);

			private final InFlightCalls calls;

			private final Connections connections = new Connections();

			private final Refusals refusals = new Refusals(HEALTH_SERVER);

			HealthServerConfiguration(ServerTimer timer, InfrastructureStreams infrastructureStreams) {
				this.calls = new InFlightCalls(timer, Integer.MAX_VALUE, infrastructureStreams, this.refusals,
						() -> null, CallGuards.NONE);
			}

			@Bean
			Refusals lastCallHealthRefusals() {
				return this.refusals;
			}

			@Bean(defaultCandidate = false)
			NettyGuardedTransport lastCallHealthTransport(GrpcServerProperties properties,
					@Qualifier("lastCallHealthRefusals") Refusals refusals) {
				return new NettyGuardedTransport(HEALTH_SERVER, 1, properties.limits().forConnections(), refusals);
			}

			@Bean
			GrpcServerDrain lastCallHealthServerDrain(ServerTimer timer, ApplicationEventPublisher publisher) {
				return new GrpcServerDrain(HEALTH_SERVER, SETTINGS, this.calls, this.connections, timer,
						Clock.systemUTC(), publisher, List.of());
			}

			@Bean
			GrpcServerLifecycle lastCallHealthServerLifecycle(GrpcServerProperties properties,
					@Qualifier("lastCallHealthServerDrain") GrpcServerDrain drain,
					@Qualifier("lastCallHealthService") InfrastructureService health,
					@Qualifier("lastCallHealthTransport") NettyGuardedTransport transport,
					@Qualifier("lastCallHealthRefusals") Refusals refusals, InboundMemory inboundMemory,
					ListableBeanFactory beanFactory, ApplicationContext context) {
				NettyGrpcServerFactory factory = new NettyGrpcServerFactory(properties.address(),
						properties.health().validPort(), "grpc.server.health.port", transport);
				ServerServiceDefinition service = ServerInterceptors.interceptForward(health.service().bindService(),
						List.of(this.calls.interceptor()));
				return new GrpcServerLifecycle(HEALTH_SERVER, PHASE,
						() -> new GrpcServices(List.of(), List.of(service)), factory,
						new GrpcServerBuilderCustomizers(new ServiceExecutors(ServerExecutor.direct(), beanFactory),
								this.calls::guard,
								List.of(GrpcServerAssembler.track(this.calls, this.connections),
										new NettyServerPropertiesCustomizer(properties, inboundMemory, refusals,
												null))),
						drain, GrpcServerAssembler.publish(context));
			}

		}

		@Configuration(proxyBeanMethods = false)
		@ConditionalOnBooleanProperty(name = "grpc.server.reflection.enabled", matchIfMissing = true)
		static class ReflectionConfiguration implements AopInfrastructureBean {

			@Bean
			InfrastructureService lastCallReflectionServiceV1() {
				return new InfrastructureService((BindableService) ProtoReflectionServiceV1.newInstance(),
						"the reflection service (v1)");
			}

			@Bean
			@SuppressWarnings("deprecation")
			InfrastructureService lastCallReflectionServiceV1Alpha() {
				return new InfrastructureService(
						(BindableService) io.grpc.protobuf.services.ProtoReflectionService.newInstance(),
						"the reflection service (v1alpha)");
			}

		}

	}

}
