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
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.tls.NettyTls;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.util.Assert;

/**
 * Makes what maps the properties to the builder of each Netty server. TLS is spoken where
 * strangers can reach it, which is the network alone.
 */
class NettyServerCustomizers implements AopInfrastructureBean {

	private final GrpcServerProperties properties;

	private final InboundMemory inboundMemory;

	private final ObjectProvider<NettyTls> tls;

	NettyServerCustomizers(GrpcServerProperties properties, InboundMemory inboundMemory, ObjectProvider<NettyTls> tls) {
		this.properties = properties;
		this.inboundMemory = inboundMemory;
		this.tls = tls;
	}

	GrpcServerBuilderCustomizer<NettyServerBuilder> of(Transport transport, Refusals refusals) {
		if (transport != Transport.NETWORK) {
			return new NettyServerPropertiesCustomizer(this.properties, this.inboundMemory, refusals, null);
		}
		NettyTls tls = this.tls.getIfAvailable();
		Assert.state(tls != null || this.properties.ssl().bundle() == null,
				"A server for which TLS is configured must not be one in plaintext");
		return new NettyServerPropertiesCustomizer(this.properties, this.inboundMemory, refusals, tls);
	}

}
