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

package io.github.lastcall.grpc.actuate;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

import io.github.lastcall.grpc.health.ServingStatusTable;
import io.github.lastcall.grpc.server.GrpcServer;
import io.github.lastcall.grpc.server.ServerTls;
import io.github.lastcall.grpc.server.TlsStatus;
import io.github.lastcall.grpc.shutdown.GrpcServerDrain;
import io.github.lastcall.grpc.shutdown.GrpcServerStatus;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * The server's state in {@code /actuator/health}: UP while it serves, DOWN when it could
 * not start or has died, OUT_OF_SERVICE otherwise. It says nothing of the serving
 * statuses in its own status, only in the details, so that it can be part of a group that
 * they follow.
 */
public final class GrpcServerHealthIndicator extends AbstractHealthIndicator {

	private final GrpcServerDrain drain;

	private final ServingStatusTable statuses;

	private final @Nullable ServerTls tls;

	/**
	 * Create a new indicator.
	 * @param drain knows the server's state
	 * @param statuses the serving statuses
	 * @param tls knows the certificate, {@code null} if the server speaks plaintext
	 */
	public GrpcServerHealthIndicator(GrpcServerDrain drain, ServingStatusTable statuses, @Nullable ServerTls tls) {
		this.drain = drain;
		this.statuses = statuses;
		this.tls = tls;
	}

	@Override
	protected void doHealthCheck(Health.Builder builder) {
		GrpcServerStatus status = this.drain.getStatus();
		switch (status.state()) {
			case SERVING -> builder.up();
			case STARTING, ANNOUNCING, DRAINING, FORCING -> builder.outOfService();
			case STOPPED -> builder.status(status.failed() ? "DOWN" : "OUT_OF_SERVICE");
		}
		builder.withDetail("state", status.state());
		GrpcServer server = status.server();
		if (server != null) {
			builder.withDetail("address", server.getAddress());
			builder.withDetail("port", server.getPort());
			Map<String, ServingStatus> services = new TreeMap<>();
			for (String name : server.getServices().applicationNames()) {
				ServingStatus serving = this.statuses.get(name);
				services.put(name, (serving != null) ? serving : ServingStatus.SERVICE_UNKNOWN);
			}
			builder.withDetail("services", services);
		}
		if (this.tls != null) {
			builder.withDetail("ssl", ssl(this.tls.getStatus()));
		}
	}

	/**
	 * An update that failed is no reason to take the server out: it serves with what it
	 * has.
	 */
	private static Map<String, Object> ssl(TlsStatus tls) {
		Map<String, Object> details = new LinkedHashMap<>();
		details.put("bundle", tls.bundle());
		details.put("validUntil", tls.validUntil());
		if (tls.failure() != null) {
			details.put("updateFailed", tls.failure().reason());
			details.put("updateFailedAt", tls.failure().time());
		}
		return details;
	}

}
