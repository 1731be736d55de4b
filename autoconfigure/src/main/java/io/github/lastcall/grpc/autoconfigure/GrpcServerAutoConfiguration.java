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

import io.github.lastcall.grpc.server.GrpcService;
import io.grpc.BindableService;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ListableBeanFactory;
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
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.Ordered;
import org.springframework.core.env.ConfigurableEnvironment;

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
	@Import({ GrpcJavaVersionCheck.class, StartupConfiguration.class, ServerConfiguration.class,
			TransportConfiguration.class, CallConfiguration.class, MessageMemoryConfiguration.class,
			ThreadStateConfiguration.class, AuthorizationConfiguration.class, ErrorConfiguration.class,
			ShutdownConfiguration.class, HealthConfiguration.class, ActuatorHealthConfiguration.class,
			ValidationConfiguration.class, SecurityConfiguration.class })
	static class WithServicesConfiguration implements AopInfrastructureBean {

	}

}
