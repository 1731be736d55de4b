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

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.grpc.limits.InboundMemory;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.netty.InboundMessages;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.tls.NettyTls;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.PropertyMapper;
import org.springframework.util.unit.DataSize;

/**
 * The one place that maps the properties to the builder of a Netty server. Called before
 * the customizers of the application.
 */
final class NettyServerPropertiesCustomizer implements GrpcServerBuilderCustomizer<NettyServerBuilder> {

	private final PropertyMapper map = PropertyMapper.get();

	private final GrpcServerProperties properties;

	private final InboundMemory inboundMemory;

	private final Refusals refusals;

	private final @Nullable NettyTls tls;

	NettyServerPropertiesCustomizer(GrpcServerProperties properties, InboundMemory inboundMemory, Refusals refusals,
			@Nullable NettyTls tls) {
		this.properties = properties;
		this.inboundMemory = inboundMemory;
		this.refusals = refusals;
		this.tls = tls;
	}

	@Override
	public void customize(NettyServerBuilder builder) {
		this.map.from(this.properties::flowControlWindow).asInt(DataSize::toBytes).to(builder::flowControlWindow);
		keepAlive(builder, this.properties.keepAlive());
		connection(builder, this.properties.connection());
		limits(builder, this.properties.limits());
		this.map.from(this.tls).to((tls) -> tls.applyTo(builder));
	}

	private void keepAlive(NettyServerBuilder builder, GrpcServerProperties.KeepAlive keepAlive) {
		this.map.from(keepAlive::time).to((time) -> builder.keepAliveTime(time.toNanos(), TimeUnit.NANOSECONDS));
		this.map.from(keepAlive::timeout)
			.to((timeout) -> builder.keepAliveTimeout(timeout.toNanos(), TimeUnit.NANOSECONDS));
		this.map.from(keepAlive.permit()::time)
			.to((time) -> builder.permitKeepAliveTime(time.toNanos(), TimeUnit.NANOSECONDS));
		builder.permitKeepAliveWithoutCalls(keepAlive.permit().withoutCalls());
	}

	private void connection(NettyServerBuilder builder, GrpcServerProperties.Connection connection) {
		this.map.from(connection::maxIdle)
			.as(Duration::toNanos)
			.to((idle) -> builder.maxConnectionIdle(idle, TimeUnit.NANOSECONDS));
		this.map.from(connection::maxAge)
			.as(Duration::toNanos)
			.to((age) -> builder.maxConnectionAge(age, TimeUnit.NANOSECONDS));
		this.map.from(connection::maxAgeGrace)
			.as(Duration::toNanos)
			.to((grace) -> builder.maxConnectionAgeGrace(grace, TimeUnit.NANOSECONDS));
	}

	private void limits(NettyServerBuilder builder, GrpcServerProperties.Limits limits) {
		builder.addStreamTracerFactory(new InboundMessages(this.inboundMemory, this.refusals));
		this.map.from(limits::concurrentCallsPerConnection)
			.as(NettyServerPropertiesCustomizer::orUnlimited)
			.to(builder::maxConcurrentCallsPerConnection);
		this.map.from(limits::inboundMessageSize).asInt(DataSize::toBytes).to(builder::maxInboundMessageSize);
		this.map.from(limits::inboundMetadataSize).asInt(DataSize::toBytes).to(builder::maxInboundMetadataSize);
		builder.maxRstFramesPerWindow(orUnlimited(limits.resetsPerConnection()),
				(int) limits.resetWindow().toSeconds());
	}

	/**
	 * grpc-java's word for no limit is the largest number.
	 */
	private static int orUnlimited(int limit) {
		return (limit != 0) ? limit : Integer.MAX_VALUE;
	}

}
