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

package io.github.lastcall.grpc.server;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;

import io.grpc.Metadata;
import io.grpc.ServerBuilder;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.util.LambdaSafe;

/**
 * What the builder of every server gets, whatever its transport: the services, an
 * executor for each, and the customizers.
 */
public final class GrpcServerBuilderCustomizers {

	private final Executor executor;

	private final List<GrpcServerBuilderCustomizer<?>> customizers;

	/**
	 * Create new customizers.
	 * @param executor the executor of the application's calls
	 * @param customizers called for each builder, in this order
	 */
	public GrpcServerBuilderCustomizers(Executor executor, List<? extends GrpcServerBuilderCustomizer<?>> customizers) {
		this.executor = executor;
		this.customizers = List.copyOf(customizers);
	}

	@SuppressWarnings("unchecked")
	void customize(ServerBuilder<?> builder, GrpcServices services) {
		builder.addServices(services.all());
		builder.executor(this.executor);
		builder.callExecutor(new EventLoopForInfrastructure(services));
		LambdaSafe.callbacks(GrpcServerBuilderCustomizer.class, this.customizers, builder)
			.withLogger(GrpcServerBuilderCustomizers.class)
			.invoke((customizer) -> customizer.customize(builder));
	}

	/**
	 * Infrastructure services run where they are called, on the event loop.
	 */
	private static final class EventLoopForInfrastructure implements ServerCallExecutorSupplier {

		private final Set<String> infrastructure = new HashSet<>();

		EventLoopForInfrastructure(GrpcServices services) {
			services.infrastructure()
				.forEach((service) -> this.infrastructure.add(service.getServiceDescriptor().getName()));
		}

		@Override
		public <Q, R> @Nullable Executor getExecutor(ServerCall<Q, R> call, Metadata metadata) {
			String service = call.getMethodDescriptor().getServiceName();
			return (service != null && this.infrastructure.contains(service)) ? Runnable::run : null;
		}

	}

}
