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

package io.github.lastcall.grpc.metrics;

import java.util.concurrent.ThreadPoolExecutor;

import io.github.lastcall.grpc.executor.ServerExecutor;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.ExecutorServiceMetrics;

import org.springframework.aop.framework.AopInfrastructureBean;

/**
 * Micrometer's meters of thread pools, {@code executor.*}, for the executor of the server
 * if it is a thread pool. All are read when they are scraped.
 */
public final class GrpcExecutorMetrics implements AopInfrastructureBean, MeterBinder {

	/**
	 * Value of the tag {@code name}.
	 */
	public static final String NAME = "grpcServerExecutor";

	private final ServerExecutor executor;

	/**
	 * Creates new {@link GrpcExecutorMetrics}.
	 * @param executor the executor of the server
	 */
	public GrpcExecutorMetrics(ServerExecutor executor) {
		this.executor = executor;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		if (this.executor.get() instanceof ThreadPoolExecutor pool) {
			new ExecutorServiceMetrics(pool, NAME, Tags.empty()).bindTo(registry);
		}
	}

}
