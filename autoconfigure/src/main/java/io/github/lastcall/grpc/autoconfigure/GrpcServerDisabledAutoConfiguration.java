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

import java.util.List;

import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.grpc.BindableService;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.NoneNestedConditions;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.core.env.Environment;

/**
 * {@link EnableAutoConfiguration Auto-configuration} for an application whose gRPC server
 * is disabled.
 */
@AutoConfiguration
@ConditionalOnClass(BindableService.class)
@Conditional(GrpcServerDisabledAutoConfiguration.OnServerDisabled.class)
public final class GrpcServerDisabledAutoConfiguration implements AopInfrastructureBean {

	@Bean
	static ProcessedWithoutServerCheck lastCallProcessedWithoutServerCheck(Environment environment) {
		return new ProcessedWithoutServerCheck(environment);
	}

	/**
	 * Matches if {@code grpc.server.enabled} is false.
	 */
	static final class OnServerDisabled extends NoneNestedConditions {

		OnServerDisabled() {
			super(ConfigurationPhase.PARSE_CONFIGURATION);
		}

		@Conditional(OnServerEnabled.class)
		static class Enabled {

		}

	}

	/**
	 * Fails the start of an application that was processed ahead of time without the
	 * server and is started with it: the beans of the server are missing.
	 */
	static final class ProcessedWithoutServerCheck implements BeanFactoryPostProcessor, AopInfrastructureBean {

		private final Environment environment;

		ProcessedWithoutServerCheck(Environment environment) {
			this.environment = environment;
		}

		@Override
		public void postProcessBeanFactory(ConfigurableListableBeanFactory beanFactory) {
			if (OnServerEnabled.isEnabled(this.environment)) {
				throw new GrpcServerStartException(
						"grpc.server.enabled is true, but the application was processed ahead of time without the gRPC server.",
						"Process the application ahead of time with grpc.server.enabled=true, or set it to false at run time too.",
						List.of(OnServerEnabled.PROPERTY), null);
			}
		}

	}

}
