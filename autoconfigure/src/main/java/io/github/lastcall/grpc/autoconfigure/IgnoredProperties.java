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

import java.util.List;
import java.util.Locale;

import io.github.lastcall.grpc.autoconfigure.GrpcServerProperties.ExecutorType;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/**
 * Says at the start which properties are set and do nothing, because another one, or a
 * bean, takes away what they are for. That is no reason not to start: a profile that
 * switches the port off, or to another executor, cannot unset what the configuration that
 * it builds upon says of them.
 */
final class IgnoredProperties implements AopInfrastructureBean, SmartInitializingSingleton {

	private static final Log logger = LogFactory.getLog(IgnoredProperties.class);

	private static final List<String> OF_TLS = List.of("ssl.bundle", "ssl.client-auth");

	private static final List<String> OF_CONNECTIONS = List.of("flow-control-window", "keep-alive.time",
			"keep-alive.timeout", "keep-alive.permit.time", "keep-alive.permit.without-calls", "connection.max-idle",
			"connection.max-age", "connection.max-age-grace", "limits.connections",
			"limits.concurrent-calls-per-connection", "limits.inbound-message-size", "limits.inbound-metadata-size",
			"limits.inbound-buffer-size", "limits.resets-per-connection", "limits.reset-window",
			"limits.handshake-timeout");

	private static final List<String> OF_PLATFORM_THREADS = List.of("executor.threads", "executor.queue-capacity");

	private final GrpcServerProperties properties;

	private final Environment environment;

	private final Binder binder;

	private final boolean ownExecutor;

	/**
	 * Create a new report.
	 * @param properties the properties
	 * @param environment where they come from
	 * @param ownExecutor whether the application has an executor of its own
	 */
	IgnoredProperties(GrpcServerProperties properties, Environment environment, boolean ownExecutor) {
		this.properties = properties;
		this.environment = environment;
		this.binder = Binder.get(environment);
		this.ownExecutor = ownExecutor;
	}

	@Override
	public void afterSingletonsInstantiated() {
		if (!Transport.NETWORK.isConfigured(this.binder)) {
			withoutPort();
		}
		if (!Transport.IN_PROCESS.isConfigured(this.binder)) {
			warn(List.of("in-process.name"), "grpc.server.in-process.enabled is false");
		}
		limits();
		executor();
	}

	private void withoutPort() {
		boolean port = this.properties.health().port() != null;
		String reason = "there is no server on a port, as grpc.server.port is -1";
		if (!this.properties.address().isEmpty() && !port) {
			warn("address", reason);
		}
		warn(OF_TLS, reason);
		if (!Transport.UNIX_DOMAIN_SOCKET.isConfigured(this.binder) && !port) {
			warn(OF_CONNECTIONS, "calls in the same process have no connection");
		}
	}

	private void limits() {
		if (this.properties.limits().resetsPerConnection() == 0) {
			warn(List.of("limits.reset-window"),
					"no resets are counted, as grpc.server.limits.resets-per-connection is 0");
		}
	}

	private void executor() {
		if (this.ownExecutor) {
			String reason = "the ServerExecutor bean of the application says where calls run";
			warn(List.of("executor.type"), reason);
			warn(OF_PLATFORM_THREADS, reason);
			return;
		}
		ExecutorType executor = this.properties.executor().typeIn(this.environment);
		if (executor != ExecutorType.PLATFORM) {
			warn(OF_PLATFORM_THREADS, "calls run on no platform threads, as the type of the executor is "
					+ executor.name().toLowerCase(Locale.ROOT));
		}
	}

	private void warn(List<String> names, String reason) {
		for (String name : names) {
			if (StringUtils.hasLength(this.binder.bind("grpc.server." + name, String.class).orElse(null))) {
				warn(name, reason);
			}
		}
	}

	private static void warn(String name, String reason) {
		logger.warn("grpc.server.%s is set and does nothing: %s".formatted(name, reason));
	}

}
