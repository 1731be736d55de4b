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

package io.github.lastcall.grpc.executor;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.UnaryOperator;

import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.Metadata;
import io.grpc.ServerBuilder;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ListableBeanFactory;

/**
 * Executors of the calls of each service: the event loop for infrastructure services, the
 * executor named by {@link GrpcService#executor()} for those of the application.
 *
 * @hidden
 */
public final class ServiceExecutors {

	private static final Log logger = LogFactory.getLog(ServiceExecutors.class);

	private final ServerExecutor executor;

	private final ListableBeanFactory beanFactory;

	/**
	 * Creates new service executors.
	 * @param executor the executor of services that do not name one
	 * @param beanFactory contains the executors that services name
	 */
	public ServiceExecutors(ServerExecutor executor, ListableBeanFactory beanFactory) {
		this.executor = executor;
		this.beanFactory = beanFactory;
	}

	/**
	 * Makes a server run the calls of each service on its executor. An executor set by a
	 * customizer takes precedence over the server's own, and one named by a service over
	 * both.
	 * @param builder the builder of the server
	 * @param customized what customizers have set on the builder
	 * @param guard wraps the executors of the calls
	 * @throws GrpcServerStartException if a service names an executor that does not exist
	 */
	public void applyTo(ServerBuilder<?> builder, BuilderExecutors customized, GrpcServices services,
			UnaryOperator<ServerCallExecutorSupplier> guard) {
		Executor executor = customized.executor();
		ServerCallExecutorSupplier supplier = customized.supplier();
		boolean replaced = executor != null || supplier != null;
		services.application().forEach((service) -> limitThreads(service, replaced));
		if (replaced) {
			logger.info(
					"Calls of services that do not name an executor run on the one set by a GrpcServerBuilderCustomizer: "
							+ ((supplier != null) ? supplier : executor));
			builder.directExecutor();
			builder
				.callExecutor(guard.apply(of(services, (executor != null) ? executor : this.executor.get(), supplier)));
		}
		else if (!areDirect(services) || !NettyEventLoop.serves(builder)) {
			builder.callExecutor(guard.apply(of(services, this.executor.get(), null)));
		}
	}

	private void limitThreads(GrpcServices.Registration service, boolean replaced) {
		int maxThreads = service.annotation().maxThreadsPerMethod();
		boolean own = !replaced || !service.annotation().executor().isEmpty();
		if (maxThreads > 0 && own && executor(service) instanceof ServerThreadPool pool) {
			pool.limitMethodsOf(service.name(), maxThreads);
		}
		else if (maxThreads != 0) {
			logger.warn("@GrpcService(maxThreadsPerMethod = %d) on bean '%s' has no effect: %s".formatted(maxThreads,
					service.beanName(), (maxThreads < 0) ? "it must be positive"
							: "calls of the service do not run on the server's pool of platform threads"));
		}
	}

	/**
	 * Returns whether all services run on the event loop, for which grpc-java has a
	 * shorter path.
	 */
	private boolean areDirect(GrpcServices services) {
		return this.executor.get() == ServerExecutor.DIRECT && services.application().stream().allMatch(this::isDirect);
	}

	/**
	 * Returns the executors of some services.
	 */
	private ServerCallExecutorSupplier of(GrpcServices services, Executor otherwise,
			@Nullable ServerCallExecutorSupplier supplier) {
		Map<String, Executor> executors = new HashMap<>();
		services.infrastructure()
			.forEach((service) -> executors.put(service.getServiceDescriptor().getName(), ServerExecutor.DIRECT));
		for (GrpcServices.Registration service : services.application()) {
			if (!service.annotation().executor().isEmpty()) {
				executors.put(service.name(), executor(service));
			}
		}
		return new ByService(Map.copyOf(executors), otherwise, supplier);
	}

	/**
	 * Returns whether the calls of a service run on the event loop.
	 */
	boolean isDirect(GrpcServices.Registration service) {
		return executor(service) == ServerExecutor.DIRECT;
	}

	/**
	 * Returns what to do with a service that should not run on the event loop.
	 */
	String adviceAgainstDirect(GrpcServices.Registration service) {
		if (this.executor.get() == ServerExecutor.DIRECT) {
			return "Name an Executor bean in @GrpcService(executor = \"...\") on bean '%s', or set grpc.server.executor.type to another executor."
				.formatted(service.beanName());
		}
		return "Remove executor = \"%s\" from the @GrpcService of bean '%s', or name an Executor bean there."
			.formatted(service.annotation().executor(), service.beanName());
	}

	private Executor executor(GrpcServices.Registration service) {
		String name = service.annotation().executor();
		if (name.isEmpty()) {
			return this.executor.get();
		}
		if (name.equals(GrpcService.DIRECT)) {
			return ServerExecutor.DIRECT;
		}
		if (this.beanFactory.containsBean(name) && this.beanFactory.isTypeMatch(name, Executor.class)) {
			return this.beanFactory.getBean(name, Executor.class);
		}
		String[] known = this.beanFactory.getBeanNamesForType(Executor.class);
		throw new GrpcServerStartException(
				"Bean '%s' is annotated with @GrpcService(executor = \"%s\"), but there is no Executor bean of that name."
					.formatted(service.beanName(), name),
				"Use the name of an Executor bean (%s), or \"%s\" for the event loop, or remove the attribute to use the server's own executor."
					.formatted((known.length > 0) ? "available: " + String.join(", ", Arrays.asList(known))
							: "none available", GrpcService.DIRECT));
	}

	private record ByService(Map<String, Executor> executors, Executor otherwise,
			@Nullable ServerCallExecutorSupplier supplier) implements ServerCallExecutorSupplier {

		@Override
		public <Q, R> Executor getExecutor(ServerCall<Q, R> call, Metadata metadata) {
			String service = call.getMethodDescriptor().getServiceName();
			Executor executor = (service != null) ? this.executors.get(service) : null;
			if (executor == null && this.supplier != null) {
				executor = this.supplier.getExecutor(call, metadata);
			}
			return (executor != null) ? executor : this.otherwise;
		}

	}

}
