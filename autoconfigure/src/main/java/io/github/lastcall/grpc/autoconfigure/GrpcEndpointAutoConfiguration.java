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

import io.github.lastcall.grpc.actuate.GrpcEndpoint;
import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.health.HealthSettings;
import io.github.lastcall.grpc.health.ServingStatusTable;
import io.github.lastcall.grpc.lifecycle.DrainControl;
import io.github.lastcall.grpc.tls.CertificateRotation;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigureOrder;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.SearchStrategy;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;

/**
 * {@link EnableAutoConfiguration Auto-configuration} for the endpoint {@code grpc}.
 */
@AutoConfiguration(after = GrpcServerAutoConfiguration.class)
@AutoConfigureOrder(Ordered.LOWEST_PRECEDENCE)
@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
@ConditionalOnBean(value = GrpcServers.class, search = SearchStrategy.CURRENT)
@ConditionalOnAvailableEndpoint(GrpcEndpoint.class)
public final class GrpcEndpointAutoConfiguration implements AopInfrastructureBean {

	@Bean
	@ConditionalOnMissingBean(search = SearchStrategy.CURRENT)
	GrpcEndpoint lastCallEndpoint(GrpcServers servers, ServingStatusTable statuses, HealthSettings healthSettings,
			DrainControl control, ObjectProvider<CertificateRotation> tls, ServerExecutor executor,
			ObjectProvider<AuthorizationView> authorization) {
		AuthorizationView view = authorization.getIfAvailable();
		return new GrpcEndpoint(servers.drains(), statuses, healthSettings, control, tls.getIfAvailable(), executor,
				(view != null) ? view::describe : (method) -> null);
	}

}
