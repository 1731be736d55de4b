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

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

import io.github.lastcall.grpc.executor.FirstFailure;
import io.github.lastcall.grpc.health.ServingStatusTable;
import io.github.lastcall.grpc.lifecycle.GrpcServerStartedEvent;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;

/**
 * Meters of the serving status of each name that the application registers: the server as
 * a whole, its services, health groups and overrides. Registered when a server starts.
 * Names in requests of clients do not create meters.
 */
public final class GrpcHealthMeters implements AopInfrastructureBean, ApplicationListener<GrpcServerStartedEvent> {

	/**
	 * Maximum number of names, because an application may override any number of them.
	 */
	private static final int MAX_NAMES = 1000;

	private static final Log logger = LogFactory.getLog(GrpcHealthMeters.class);

	private final ServingStatusTable statuses;

	private final MeterRegistry registry;

	private final ApplicationContext context;

	private final Set<String> names = ConcurrentHashMap.newKeySet();

	private final AtomicBoolean started = new AtomicBoolean();

	private final FirstFailure failure = new FirstFailure(logger, "Could not register the meter of a serving status");

	/**
	 * Creates new {@link GrpcHealthMeters}.
	 * @param statuses the serving statuses
	 * @param registry the registry of the meters
	 * @param context the context that the server belongs to
	 */
	public GrpcHealthMeters(ServingStatusTable statuses, MeterRegistry registry, ApplicationContext context) {
		this.statuses = statuses;
		this.registry = registry;
		this.context = context;
	}

	@Override
	public void onApplicationEvent(GrpcServerStartedEvent event) {
		if (event.getApplicationContext() == this.context && this.started.compareAndSet(false, true)) {
			this.statuses.forEachName(this::add);
		}
	}

	private void add(String name) {
		if (this.names.size() < MAX_NAMES && this.names.add(name)) {
			try {
				Gauge.builder("grpc.server.health.status", this.statuses, (statuses) -> value(statuses.get(name)))
					.description("Serving status: 1 is SERVING, 0 is NOT_SERVING, -1 is UNKNOWN")
					.tag("service", name)
					.register(this.registry);
			}
			catch (Throwable ex) {
				this.failure.report(ex);
			}
		}
	}

	private static double value(@Nullable ServingStatus status) {
		if (status == null) {
			return Double.NaN;
		}
		return switch (status) {
			case SERVING -> 1;
			case NOT_SERVING -> 0;
			default -> -1;
		};
	}

}
