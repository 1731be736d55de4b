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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import io.github.lastcall.grpc.autoconfigure.GrpcServerProperties.ExecutorType;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * Logs one warning of all properties that are set and have no effect: those that another
 * property or a bean makes pointless, and those that are not Last Call's. They do not
 * fail the start, because a profile that switches the port off, for example, cannot unset
 * what another configuration file says of it.
 */
final class PropertyReport implements SmartInitializingSingleton, AopInfrastructureBean {

	private static final Log logger = LogFactory.getLog(PropertyReport.class);

	private static final List<String> OF_TLS = List.of("ssl.bundle", "ssl.client-auth");

	private static final List<String> OF_CONNECTIONS = List.of("flow-control-window", "keep-alive.time",
			"keep-alive.timeout", "keep-alive.permit.time", "keep-alive.permit.without-calls", "connection.max-idle",
			"connection.max-age", "connection.max-age-grace", "limits.connections",
			"limits.concurrent-calls-per-connection", "limits.inbound-message-size", "limits.inbound-metadata-size",
			"limits.inbound-buffer-size", "limits.outbound-message-buffer", "limits.outbound-buffer-size",
			"limits.outbound-wait", "limits.resets-per-connection", "limits.reset-window",
			"limits.control-frames-per-connection", "limits.handshake-timeout");

	private static final List<String> OF_PLATFORM_THREADS = List.of("executor.threads",
			"executor.max-threads-per-method", "executor.queue-capacity");

	private final GrpcServerProperties properties;

	private final ConfigurableEnvironment environment;

	private final HealthGroupNames healthGroups;

	private final boolean ownExecutor;

	private final Map<String, String> reasons = new LinkedHashMap<>();

	PropertyReport(GrpcServerProperties properties, ConfigurableEnvironment environment, HealthGroupNames healthGroups,
			boolean ownExecutor) {
		this.properties = properties;
		this.environment = environment;
		this.healthGroups = healthGroups;
		this.ownExecutor = ownExecutor;
	}

	@Override
	public void afterSingletonsInstantiated() {
		serviceLinks();
		limits();
		executor();
		health();
		shutdown();
		transports(Binder.get(this.environment));
		StringBuilder lines = new StringBuilder();
		this.reasons.forEach((name, reason) -> ConfiguredProperty.find(this.environment, name)
			.stream()
			.filter((set) -> !set.value().toString().isEmpty())
			.forEach((set) -> lines.append("%n    %s (%s): %s".formatted(set.name(), set.where(), reason))));
		ForeignProperty.in(this.environment).forEach((foreign) -> lines.append(foreign.line()));
		if (!lines.isEmpty()) {
			logger.warn("These properties are set and have no effect:" + lines);
		}
	}

	private void serviceLinks() {
		Map<String, List<String>> ignored = ServiceLinks.ignoredIn(this.environment);
		ignored.forEach((service, variables) -> logger.warn(
				"Environment variables that Kubernetes sets for the Service '%s' are ignored as properties: %s. Set enableServiceLinks to false in the pod spec to remove them."
					.formatted(service, String.join(", ", variables))));
	}

	private void transports(Binder binder) {
		if (!ServerType.NETWORK.isConfigured(binder)) {
			withoutPort(binder);
		}
		if (!ServerType.IN_PROCESS.isConfigured(binder)) {
			add(List.of("in-process.name"), "grpc.server.in-process.enabled is false");
		}
	}

	private void withoutPort(Binder binder) {
		boolean port = this.properties.health().port() != null;
		String reason = "grpc.server.port is -1";
		if (!port) {
			add(List.of("address"), reason);
		}
		add(OF_TLS, reason);
		if (!ServerType.UNIX_DOMAIN_SOCKET.isConfigured(binder) && !port) {
			add(OF_CONNECTIONS, "in-process calls do not use connections");
		}
	}

	private void limits() {
		if (this.properties.limits().resetsPerConnection() == 0) {
			add(List.of("limits.reset-window"), "grpc.server.limits.resets-per-connection is 0");
		}
		if (this.properties.limits().outboundMessageBuffer().toBytes() == 0) {
			add(List.of("limits.outbound-wait"), "grpc.server.limits.outbound-message-buffer is 0");
		}
	}

	private void health() {
		if (!this.properties.health().enabled()) {
			add(List.of("health.port", "health.not-serving-as"), "grpc.server.health.enabled is false");
		}
		if (this.healthGroups.names().equals(this.healthGroups.followingAvailability())) {
			add(List.of("health.sample-interval", "health.sample-timeout"), "no Actuator health group is sampled");
		}
	}

	private void shutdown() {
		GrpcServerProperties.Shutdown shutdown = this.properties.shutdown();
		if (shutdown.quietPeriod().isZero()) {
			add(List.of("shutdown.max-propagation-delay"), "grpc.server.shutdown.quiet-period is 0");
		}
		Duration streams = shutdown.streamGracePeriod();
		if (streams != null && streams.compareTo(shutdown.gracePeriod()) > 0) {
			add(List.of("shutdown.stream-grace-period"),
					"grpc.server.shutdown.grace-period is shorter and applies to streaming calls too");
		}
	}

	private void executor() {
		if (this.ownExecutor) {
			String reason = "the application has a ServerExecutor bean";
			add(List.of("executor.type"), reason);
			add(OF_PLATFORM_THREADS, reason);
			return;
		}
		ExecutorType executor = this.properties.executor().typeIn(this.environment);
		if (executor != ExecutorType.PLATFORM) {
			add(OF_PLATFORM_THREADS, "calls do not run on platform threads: the executor type is "
					+ executor.name().toLowerCase(Locale.ROOT));
		}
	}

	private void add(List<String> names, String reason) {
		names.forEach((name) -> this.reasons.put(KnownProperties.PREFIX + "." + name, reason));
	}

}
