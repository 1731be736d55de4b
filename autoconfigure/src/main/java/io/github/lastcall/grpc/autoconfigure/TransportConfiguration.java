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
import io.github.lastcall.grpc.server.GrpcServerFactory;
import io.github.lastcall.grpc.server.InProcessGrpcServerFactory;
import io.github.lastcall.grpc.tls.NettyTls;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/**
 * Transports, and the factories of the servers that use them.
 */
@Configuration(proxyBeanMethods = false)
class TransportConfiguration implements AopInfrastructureBean {

	@Bean
	ServerFactories lastCallServerFactories(ObjectProvider<GrpcServerFactory> network,
			ObjectProvider<NettyServers> netty,
			@Qualifier("lastCallInProcessServerFactory") ObjectProvider<InProcessGrpcServerFactory> inProcess) {
		return new ServerFactories(network, netty, inProcess);
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(NettyServerBuilder.class)
	@Import(NettyRegistrar.class)
	static class NettyConfiguration implements AopInfrastructureBean {

		@Bean
		NettyServers lastCallNettyServers(GrpcServerProperties properties, InboundMemory inboundMemory,
				ObjectProvider<NettyTls> tls) {
			return new NettyServers(properties, inboundMemory, tls);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(InProcessServerBuilder.class)
	static class InProcessConfiguration implements AopInfrastructureBean {

		@Bean(defaultCandidate = false)
		InProcessGrpcServerFactory lastCallInProcessServerFactory(GrpcServerProperties properties) {
			return new InProcessGrpcServerFactory(properties.inProcess().name(), "grpc.server.in-process.name");
		}

	}

}
