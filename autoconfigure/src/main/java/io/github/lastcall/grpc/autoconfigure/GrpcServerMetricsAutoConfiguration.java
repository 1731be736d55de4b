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

import io.github.lastcall.grpc.call.CallRecorder;
import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.health.ServingStatusTable;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.metrics.GrpcCallMeters;
import io.github.lastcall.grpc.metrics.GrpcDrainMeters;
import io.github.lastcall.grpc.metrics.GrpcExecutorMetrics;
import io.github.lastcall.grpc.metrics.GrpcHealthMeters;
import io.github.lastcall.grpc.metrics.GrpcServerMetrics;
import io.github.lastcall.grpc.metrics.GrpcServerTlsMetrics;
import io.github.lastcall.grpc.tls.ServerTls;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/**
 * {@link EnableAutoConfiguration Auto-configuration} for the meters of the servers.
 */
@AutoConfiguration(after = GrpcServerAutoConfiguration.class,
		afterName = "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration")
@ConditionalOnClass(MeterBinder.class)
@ConditionalOnBean(GrpcServerDrain.class)
public final class GrpcServerMetricsAutoConfiguration implements AopInfrastructureBean {

	@Bean
	@ConditionalOnMissingBean
	GrpcServerMetrics lastCallServerMetrics(List<GrpcServerDrain> drains, ObjectProvider<Refusals> refusals) {
		return new GrpcServerMetrics(drains, refusals.orderedStream().toList());
	}

	@Bean
	@ConditionalOnMissingBean
	@ConditionalOnBean(ServerTls.class)
	GrpcServerTlsMetrics lastCallServerTlsMetrics(ServerTls tls) {
		return new GrpcServerTlsMetrics(tls);
	}

	@Bean
	@ConditionalOnMissingBean(CallRecorder.Factory.class)
	@ConditionalOnBean(MeterRegistry.class)
	GrpcCallMeters lastCallCallMeters(MeterRegistry registry) {
		return new GrpcCallMeters(registry);
	}

	@Bean
	@ConditionalOnMissingBean
	GrpcExecutorMetrics lastCallExecutorMetrics(ServerExecutor executor) {
		return new GrpcExecutorMetrics(executor);
	}

	@Bean
	@ConditionalOnMissingBean
	@ConditionalOnBean(MeterRegistry.class)
	GrpcDrainMeters lastCallDrainMeters(List<GrpcServerDrain> drains, MeterRegistry registry) {
		return new GrpcDrainMeters(drains, registry);
	}

	@Bean
	@ConditionalOnMissingBean
	@ConditionalOnBean(MeterRegistry.class)
	GrpcHealthMeters lastCallHealthMeters(ServingStatusTable statuses, MeterRegistry registry) {
		return new GrpcHealthMeters(statuses, registry);
	}

}
