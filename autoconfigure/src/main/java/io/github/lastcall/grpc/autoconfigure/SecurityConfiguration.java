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

import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.security.CallAuthorization;
import io.github.lastcall.grpc.security.CallSecurity;
import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.core.Authentication;

/**
 * Authentication and authorization of calls, if Spring Security is on the classpath.
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnClass(Authentication.class)
class SecurityConfiguration implements AopInfrastructureBean {

	@Bean
	CallSecurity lastCallCallSecurity(ObjectProvider<CallAuthorization> authorization) {
		return new CallSecurity(authorization.getIfAvailable(() -> CallAuthorization.OPEN));
	}

	@Bean
	Servers lastCallServerSecurity(CallSecurity security) {
		return new Servers(security);
	}

	record Servers(CallSecurity security) implements ServerSecurity, AopInfrastructureBean {

		@Override
		public void register(GrpcServices services) {
			this.security.register(services);
		}

		@Override
		public @Nullable ServerInterceptor interceptor(Refusals refusals) {
			return this.security.isEmpty() ? null : this.security.interceptor(refusals);
		}

		@Override
		public void await(List<ServerServiceDefinition> added) {
			this.security.await(added);
		}

	}

}
