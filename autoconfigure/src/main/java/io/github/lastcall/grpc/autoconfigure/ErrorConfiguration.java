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

import io.github.lastcall.grpc.error.CallErrors;
import io.github.lastcall.grpc.error.DataAccessErrors;
import io.github.lastcall.grpc.error.ExceptionMappers;
import io.github.lastcall.grpc.error.JavaErrors;
import io.github.lastcall.grpc.error.WebErrors;
import io.github.lastcall.grpc.executor.ServerTimer;
import io.github.lastcall.grpc.security.CallSecurity;
import io.github.lastcall.grpc.security.SecurityErrors;
import io.micrometer.tracing.Tracer;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.dao.DataAccessException;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.core.context.SecurityContextHolderStrategy;
import org.springframework.web.ErrorResponse;

/**
 * What the clients of failed calls receive.
 */
@Configuration(proxyBeanMethods = false)
class ErrorConfiguration implements AopInfrastructureBean {

	@Bean
	CallErrors lastCallCallErrors(GrpcServerProperties properties, ServerTimer timer,
			ConfigurableListableBeanFactory beanFactory, ApplicationContext messages,
			ObjectProvider<TraceIds> traceIds) {
		GrpcServerProperties.Errors errors = properties.error();
		TraceIds ids = traceIds.getIfAvailable();
		return new CallErrors(errors.includeMessage() == GrpcServerProperties.IncludeMessage.ALWAYS,
				errors.passDownstreamTrailers(), timer::nanoTime, new ExceptionMappers(beanFactory)::find, messages,
				(ids != null) ? ids::current : () -> null);
	}

	@Bean
	JavaErrors lastCallJavaErrors() {
		return new JavaErrors();
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(DataAccessException.class)
	static class DataAccessConfiguration implements AopInfrastructureBean {

		@Bean
		DataAccessErrors lastCallDataAccessErrors() {
			return new DataAccessErrors();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(ErrorResponse.class)
	static class WebConfiguration implements AopInfrastructureBean {

		@Bean
		WebErrors lastCallWebErrors() {
			return new WebErrors();
		}

	}

	/**
	 * Handlers throw these exceptions also if the security of calls is disabled.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(AuthenticationException.class)
	static class SecurityErrorConfiguration implements AopInfrastructureBean {

		@Bean
		SecurityErrors lastCallSecurityErrors(ObjectProvider<CallSecurity> security,
				ObjectProvider<SecurityContextHolderStrategy> strategies) {
			return new SecurityErrors(security.getIfAvailable(), SecurityConfiguration.strategy(strategies));
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(Tracer.class)
	static class TracingConfiguration implements AopInfrastructureBean {

		@Bean
		TraceIds lastCallTraceIds(ObjectProvider<Tracer> tracers) {
			return new TraceIds(tracers);
		}

	}

}
