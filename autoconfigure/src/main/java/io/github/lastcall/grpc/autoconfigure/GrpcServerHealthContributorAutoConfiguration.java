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

import io.github.lastcall.grpc.actuate.GrpcServerHealthIndicator;
import io.github.lastcall.grpc.health.ServingStatusTable;
import io.github.lastcall.grpc.tls.CertificateRotation;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigureOrder;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;

/**
 * {@link EnableAutoConfiguration Auto-configuration} for the health indicator
 * {@code grpc}.
 */
@AutoConfiguration(after = GrpcServerAutoConfiguration.class)
@AutoConfigureOrder(Ordered.LOWEST_PRECEDENCE)
@ConditionalOnClass({ HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class })
@ConditionalOnBean(value = GrpcServers.class, search = SearchStrategy.CURRENT)
@ConditionalOnEnabledHealthIndicator("grpc")
public final class GrpcServerHealthContributorAutoConfiguration implements AopInfrastructureBean {

	@Bean
	@ConditionalOnMissingBean(name = "grpcHealthIndicator", search = SearchStrategy.CURRENT)
	GrpcServerHealthIndicator grpcHealthIndicator(GrpcServers servers, ServingStatusTable statuses,
			ObjectProvider<CertificateRotation> tls) {
		return new GrpcServerHealthIndicator(servers.drainsOfApplication(), statuses, tls.getIfAvailable());
	}

}
