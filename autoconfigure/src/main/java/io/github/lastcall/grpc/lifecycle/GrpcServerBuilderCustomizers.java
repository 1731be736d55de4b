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

package io.github.lastcall.grpc.lifecycle;

import java.util.List;
import java.util.function.UnaryOperator;

import io.github.lastcall.grpc.executor.BuilderExecutors;
import io.github.lastcall.grpc.executor.ServiceExecutors;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.ServerBuilder;
import io.grpc.ServerCallExecutorSupplier;

import org.springframework.boot.util.LambdaSafe;

/**
 * Completes the builder of a server, whatever its transport: the services, the
 * customizers, and an executor for each service.
 *
 * @hidden
 */
public final class GrpcServerBuilderCustomizers {

	private final ServiceExecutors executors;

	private final UnaryOperator<ServerCallExecutorSupplier> guard;

	private final List<GrpcServerBuilderCustomizer<?>> customizers;

	/**
	 * Creates new customizers.
	 * @param executors the executors of the services
	 * @param guard wraps the executors
	 * @param customizers called for each builder, in this order
	 */
	public GrpcServerBuilderCustomizers(ServiceExecutors executors, UnaryOperator<ServerCallExecutorSupplier> guard,
			List<? extends GrpcServerBuilderCustomizer<?>> customizers) {
		this.executors = executors;
		this.guard = guard;
		this.customizers = List.copyOf(customizers);
	}

	@SuppressWarnings("unchecked")
	void customize(ServerBuilder<?> builder, GrpcServices services) {
		BuilderExecutors customized = BuilderExecutors.preset(builder);
		builder.addServices(services.all());
		LambdaSafe.callbacks(GrpcServerBuilderCustomizer.class, this.customizers, builder)
			.withLogger(GrpcServerBuilderCustomizers.class)
			.invoke((customizer) -> customizer.customize(builder));
		this.executors.applyTo(builder, customized, services, this.guard);
	}

}
