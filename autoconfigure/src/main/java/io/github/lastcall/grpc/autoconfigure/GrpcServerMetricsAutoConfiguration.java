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

import io.github.lastcall.grpc.call.CallRecorder;
import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.health.ServingStatusTable;
import io.github.lastcall.grpc.metrics.GrpcCallMeters;
import io.github.lastcall.grpc.metrics.GrpcDrainMeters;
import io.github.lastcall.grpc.metrics.GrpcExecutorMetrics;
import io.github.lastcall.grpc.metrics.GrpcHealthMeters;
import io.github.lastcall.grpc.metrics.GrpcServerMetrics;
import io.github.lastcall.grpc.metrics.GrpcServerTlsMetrics;
import io.github.lastcall.grpc.metrics.GrpcValidationMeters;
import io.github.lastcall.grpc.tls.CertificateRotation;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigureOrder;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;

/**
 * {@link EnableAutoConfiguration Auto-configuration} for the meters of the servers.
 */
@AutoConfiguration(after = GrpcServerAutoConfiguration.class,
		afterName = "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration")
@AutoConfigureOrder(Ordered.LOWEST_PRECEDENCE)
@ConditionalOnClass(MeterBinder.class)
@ConditionalOnBean(value = GrpcServers.class, search = SearchStrategy.CURRENT)
public final class GrpcServerMetricsAutoConfiguration implements AopInfrastructureBean {

	@Bean
	@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
	GrpcServerMetrics lastCallServerMetrics(GrpcServers servers) {
		return new GrpcServerMetrics(servers.drains(), servers.refusals());
	}

	@Bean
	@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
	GrpcServerTlsMetrics lastCallCertificateRotationMetrics(ObjectProvider<CertificateRotation> tls) {
		return new GrpcServerTlsMetrics(tls::getIfAvailable);
	}

	@Bean
	@ConditionalOnMissingBean(CallRecorder.Factory.class)
	@ConditionalOnBean(MeterRegistry.class)
	GrpcCallMeters lastCallCallMeters(MeterRegistry registry) {
		return new GrpcCallMeters(registry);
	}

	@Bean
	@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
	@ConditionalOnBean(MeterRegistry.class)
	GrpcValidationMeters lastCallValidationMeters(MeterRegistry registry) {
		return new GrpcValidationMeters(registry);
	}

	@Bean
	@ConditionalOnMissingBean
	GrpcExecutorMetrics lastCallExecutorMetrics(ServerExecutor executor) {
		return new GrpcExecutorMetrics(executor);
	}

	@Bean
	@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
	@ConditionalOnBean(MeterRegistry.class)
	GrpcDrainMeters lastCallDrainMeters(GrpcServers servers, MeterRegistry registry) {
		return new GrpcDrainMeters(servers.drains(), registry);
	}

	@Bean
	@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
	@ConditionalOnBean(MeterRegistry.class)
	GrpcHealthMeters lastCallHealthMeters(ServingStatusTable statuses, MeterRegistry registry,
			ApplicationContext context) {
		return new GrpcHealthMeters(statuses, registry, context);
	}

}
