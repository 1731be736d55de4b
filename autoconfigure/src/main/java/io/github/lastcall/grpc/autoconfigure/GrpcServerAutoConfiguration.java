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

import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.executor.ServerTimer;
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
import io.github.lastcall.grpc.lifecycle.GrpcAnnounceLifecycle;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.Interruption;
import io.github.lastcall.grpc.lifecycle.ReadinessRefusal;
import io.github.lastcall.grpc.lifecycle.ShutdownSettings;
import io.github.lastcall.grpc.limits.InboundMemory;
import io.github.lastcall.grpc.limits.InfrastructureStreams;
import io.github.lastcall.grpc.limits.OutboundBuffers;
import io.github.lastcall.grpc.server.Codecs;
import io.github.lastcall.grpc.server.GrpcServerFactory;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.server.InfrastructureService;
import io.github.lastcall.grpc.tls.NettyTls;
import io.github.lastcall.grpc.tls.ServerTls;
import io.grpc.BindableService;
import io.grpc.Codec;
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
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.boot.autoconfigure.context.LifecycleAutoConfiguration;
import org.springframework.boot.autoconfigure.context.LifecycleProperties;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.actuate.endpoint.HealthEndpointGroups;
import org.springframework.boot.health.contributor.HealthContributors;
import org.springframework.boot.health.registry.HealthContributorRegistry;
import org.springframework.boot.health.registry.ReactiveHealthContributorRegistry;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Fallback;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.Environment;
import org.springframework.util.function.SingletonSupplier;

/**
 * {@link EnableAutoConfiguration Auto-configuration} for a gRPC server that serves the
 * {@link GrpcService @GrpcService} beans.
 */
@AutoConfiguration(after = { ApplicationAvailabilityAutoConfiguration.class, LifecycleAutoConfiguration.class },
		afterName = "org.springframework.boot.health.autoconfigure.actuate.endpoint.HealthEndpointAutoConfiguration")
@AutoConfigureOrder(Ordered.LOWEST_PRECEDENCE)
@ConditionalOnClass({ BindableService.class, ProtoReflectionServiceV1.class })
@Conditional(OnServerEnabled.class)
public final class GrpcServerAutoConfiguration implements AopInfrastructureBean {

	@Bean
	static OtherServerCheck lastCallOtherServerCheck(ConfigurableEnvironment environment) {
		return new OtherServerCheck(environment);
	}

	@Bean
	UnservedBeans lastCallUnservedBeans(ConfigurableListableBeanFactory beanFactory) {
		return new UnservedBeans(beanFactory);
	}

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
	@Import({ GrpcJavaVersionCheck.class, ThreadStateConfiguration.class })
	static class ServerConfiguration implements AopInfrastructureBean {

		@Bean
		GrpcServerAssembler lastCallServerAssembler(ConfigurableListableBeanFactory beanFactory,
				GrpcServerProperties properties, ShutdownSettings settings, ServerTimer timer,
				ApplicationContext context, ServerExecutor executor, HealthGroupMapping healthGroups,
				ObjectProvider<GrpcServerFactory> network, ObjectProvider<NettyServerCustomizers> netty) {
			return new GrpcServerAssembler(beanFactory, properties, settings, timer, context, executor, healthGroups,
					new GrpcServerAssembler.Factories(network, beanFactory), netty);
		}

		@Bean
		OutboundBuffers lastCallOutboundBuffers(GrpcServerProperties properties) {
			return new MessageMemoryFactory(properties.limits()).outbound();
		}

		@Bean
		InboundMemory lastCallInboundMemory(GrpcServerProperties properties) {
			return new MessageMemoryFactory(properties.limits()).inbound();
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

		@Bean(defaultCandidate = false)
		@ConditionalOnMissingBean(name = "lastCallLostCallbacksTimer")
		ThreadServerTimer lastCallLostCallbacksTimer() {
			return new ThreadServerTimer("grpc-lost-callbacks");
		}

		@Bean
		@Order(Ordered.HIGHEST_PRECEDENCE)
		Codecs lastCallCodecs(ObjectProvider<Codec> codecs) {
			return new Codecs(codecs.orderedStream().toList());
		}

		@Bean
		GrpcServerStartupLog lastCallServerStartupLog(ApplicationContext context, ShutdownSettings settings,
				ObjectProvider<ServerTls> tls) {
			return new GrpcServerStartupLog(context, settings, tls);
		}

		@Bean
		static PropertyCheck lastCallPropertyCheck(ConfigurableEnvironment environment) {
			return new PropertyCheck(environment);
		}

		@Bean
		PropertyReport lastCallPropertyReport(GrpcServerProperties properties, ConfigurableEnvironment environment,
				HealthGroupNames healthGroups, ObjectProvider<ExecutorConfiguration> executor) {
			return new PropertyReport(environment, IneffectiveProperties.reasons(properties, environment, healthGroups,
					executor.getIfAvailable() == null));
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
		@Import({ NettyRegistrar.class, TlsRegistrar.class, HealthServerRegistrar.class })
		static class NettyConfiguration implements AopInfrastructureBean {

			@Bean
			NettyServerCustomizers lastCallNettyServerCustomizers(GrpcServerProperties properties,
					InboundMemory inboundMemory, ObjectProvider<NettyTls> tls) {
				return new NettyServerCustomizers(properties, inboundMemory, tls);
			}

		}

		@Configuration(proxyBeanMethods = false)
		@ConditionalOnClass(InProcessServerBuilder.class)
		@Import(InProcessRegistrar.class)
		static class InProcessConfiguration implements AopInfrastructureBean {

		}

		@Configuration(proxyBeanMethods = false)
		@Import({ TransportRegistrar.class, OptionalBeansRegistrar.class })
		static class ShutdownConfiguration implements AopInfrastructureBean {

			@Bean
			ShutdownSettings lastCallShutdownSettings(GrpcServerProperties properties, Environment environment) {
				return properties.shutdown().settings(environment);
			}

			@Bean
			@ConditionalOnMissingBean(ServerTimer.class)
			ThreadServerTimer lastCallDrainTimer() {
				return ThreadServerTimer.started("grpc-shutdown");
			}

			@Bean
			Interruption lastCallInterruption() {
				return new Interruption();
			}

			@Bean
			GrpcAnnounceLifecycle lastCallAnnounceLifecycle(ListableBeanFactory beanFactory,
					Interruption interruption) {
				return new GrpcAnnounceLifecycle(OwnBeans.of(beanFactory, GrpcServerDrain.class), interruption);
			}

			@Bean
			ReadinessRefusal lastCallReadinessRefusal(ApplicationContext context, ApplicationAvailability availability,
					ListableBeanFactory beanFactory) {
				return new ReadinessRefusal(context, availability, OwnBeans.of(beanFactory, GrpcServerDrain.class));
			}

			@Bean
			ApplicationReadiness lastCallApplicationReadiness(ApplicationContext context, ReadinessRefusal refusal,
					ListableBeanFactory beanFactory) {
				return new ApplicationReadiness(context, refusal, OwnBeans.of(beanFactory, GrpcServerDrain.class));
			}

			@Bean
			DrainControl lastCallDrainControl(ReadinessRefusal refusal, ListableBeanFactory beanFactory) {
				return new DrainControl(refusal, OwnBeans.of(beanFactory, GrpcServerDrain.class));
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

			/**
			 * Without Actuator's groups.
			 */
			@Bean
			@Lazy
			@Fallback
			HealthGroupNames lastCallAvailabilityGroupNames(Environment environment) {
				return HealthGroupNames.ofAvailability(environment);
			}

			@Bean
			ServingStatusTable lastCallServingStatusTable(HealthGroupNames groups) {
				return new ServingStatusTable(groups.names(), groups.followingAvailability());
			}

			@Bean
			HealthGroupMapping lastCallHealthGroupMapping(GrpcServerProperties properties, ServingStatusTable statuses,
					HealthGroupNames groups) {
				return new HealthGroupMapping(properties.health().services(), groups.names(), groups.ignored(),
						statuses);
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
					ApplicationAvailability availability, HealthGroupNames groups) {
				return new AvailabilityBridge(statuses, availability, groups.followingAvailability());
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

	}

}
