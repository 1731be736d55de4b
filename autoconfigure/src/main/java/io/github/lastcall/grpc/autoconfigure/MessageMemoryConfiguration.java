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

import io.github.lastcall.grpc.limits.InboundMemory;
import io.github.lastcall.grpc.limits.InfrastructureStreams;
import io.github.lastcall.grpc.limits.OutboundBuffers;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Limits of the memory that the calls of all servers share.
 */
@Configuration(proxyBeanMethods = false)
class MessageMemoryConfiguration implements AopInfrastructureBean {

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

}
