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
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import io.github.lastcall.grpc.health.ServingStatusTable;
import io.github.lastcall.grpc.lifecycle.GrpcServer;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.GrpcServerState;
import io.github.lastcall.grpc.lifecycle.GrpcServerStatus;
import io.github.lastcall.grpc.tls.CertificateRotation;
import io.github.lastcall.grpc.tls.TlsStatus;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.util.Assert;

/**
 * Health indicator for the application's servers: UP while all of them serve, DOWN if one
 * could not start or terminated unexpectedly, OUT_OF_SERVICE otherwise. The serving
 * statuses are part of the details only, so the indicator can be a member of a health
 * group that they follow.
 */
public final class GrpcServerHealthIndicator extends AbstractHealthIndicator implements AopInfrastructureBean {

	private final List<GrpcServerDrain> drains;

	private final ServingStatusTable statuses;

	private final @Nullable CertificateRotation tls;

	/**
	 * Creates a new indicator.
	 * @param drains the drains of the servers, the main server first
	 * @param statuses the serving statuses
	 * @param tls the TLS of the server, {@code null} for plaintext
	 */
	public GrpcServerHealthIndicator(List<GrpcServerDrain> drains, ServingStatusTable statuses,
			@Nullable CertificateRotation tls) {
		Assert.notEmpty(drains, "'drains' must not be empty");
		this.drains = List.copyOf(drains);
		this.statuses = statuses;
		this.tls = tls;
	}

	@Override
	protected void doHealthCheck(Health.Builder builder) {
		List<GrpcServerStatus> all = this.drains.stream().map(GrpcServerDrain::getStatus).toList();
		if (all.stream().anyMatch(GrpcServerStatus::failed)) {
			builder.down();
		}
		else if (all.stream().allMatch((status) -> status.state() == GrpcServerState.SERVING)) {
			builder.up();
		}
		else {
			builder.outOfService();
		}
		GrpcServerStatus first = all.get(0);
		describe(first).forEach(builder::withDetail);
		GrpcServer server = first.server();
		if (server != null) {
			builder.withDetail("services", services(server));
		}
		if (all.size() > 1) {
			Map<String, Map<String, Object>> servers = new LinkedHashMap<>();
			for (int i = 0; i < all.size(); i++) {
				servers.put(this.drains.get(i).getName(), describe(all.get(i)));
			}
			builder.withDetail("servers", servers);
		}
		if (this.tls != null) {
			builder.withDetail("ssl", ssl(this.tls.getStatus()));
		}
	}

	/**
	 * Describes TLS. A failed update does not change the status, because the server uses
	 * the previous version.
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

	private static Map<String, Object> describe(GrpcServerStatus status) {
		Map<String, Object> details = new LinkedHashMap<>();
		details.put("state", status.state());
		GrpcServer server = status.server();
		if (server != null) {
			details.put("address", server.getAddress());
			details.put("port", server.getPort());
		}
		return details;
	}

	private Map<String, ServingStatus> services(GrpcServer server) {
		Map<String, ServingStatus> services = new TreeMap<>();
		for (String name : server.getServices().applicationNames()) {
			ServingStatus serving = this.statuses.get(name);
			services.put(name, (serving != null) ? serving : ServingStatus.SERVICE_UNKNOWN);
		}
		return services;
	}

}
