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

import io.github.lastcall.grpc.lifecycle.ShutdownSettings;
import io.github.lastcall.grpc.tls.CertificateRotation;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * Checks of the properties, and reports about a start.
 */
@Configuration(proxyBeanMethods = false)
class StartupConfiguration implements AopInfrastructureBean {

	@Bean
	GrpcServerStartupLog lastCallServerStartupLog(ApplicationContext context, ShutdownSettings settings,
			ObjectProvider<CertificateRotation> tls, ObjectProvider<AuthorizationView> authorization) {
		return new GrpcServerStartupLog(context, settings, tls, authorization);
	}

	@Bean
	static EnvironmentCheck lastCallEnvironmentCheck(ConfigurableEnvironment environment) {
		return new EnvironmentCheck(environment);
	}

	@Bean
	PropertyReport lastCallPropertyReport(GrpcServerProperties properties, ConfigurableEnvironment environment,
			HealthGroupNames healthGroups, ObjectProvider<CallConfiguration.ExecutorConfiguration> executor) {
		return new PropertyReport(properties, environment, healthGroups, executor.getIfAvailable() == null);
	}

	@Bean
	LocalGrpcPortProperty lastCallLocalPortProperty(ApplicationContext context, ConfigurableEnvironment environment) {
		return new LocalGrpcPortProperty(context, environment);
	}

}
