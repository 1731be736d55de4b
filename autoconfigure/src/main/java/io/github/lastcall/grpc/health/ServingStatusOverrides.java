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

package io.github.lastcall.grpc.health;

import java.nio.charset.StandardCharsets;

import io.grpc.health.v1.HealthCheckResponse.ServingStatus;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.util.Assert;

/**
 * Overrides of serving statuses by the application, for conditions without a health
 * indicator. Can be injected and used by any thread; never blocks.
 * <p>
 * An override can only lower a status: clients get the worse of the override and of the
 * health group that the name follows. While the server starts or shuts down, the status
 * is NOT_SERVING regardless.
 */
public final class ServingStatusOverrides implements AopInfrastructureBean {

	private final ServingStatusTable table;

	/**
	 * Creates new overrides.
	 * @param table the table to override statuses in
	 */
	public ServingStatusOverrides(ServingStatusTable table) {
		this.table = table;
	}

	/**
	 * Overrides the status of a service. An unknown name becomes known, so an application
	 * can define names of its own.
	 * @param service the full name of a service, or empty for the whole server; at most
	 * 512 bytes in UTF-8
	 * @param status SERVING, NOT_SERVING or UNKNOWN
	 * @throws IllegalArgumentException if the status is another one, or the name is too
	 * long
	 */
	public void set(String service, ServingStatus status) {
		Assert.notNull(service, "'service' must not be null");
		Assert.notNull(status, "'status' must not be null");
		Assert.isTrue(service.getBytes(StandardCharsets.UTF_8).length <= HealthService.MAX_NAME,
				() -> "'service' must not be longer than %d bytes".formatted(HealthService.MAX_NAME));
		this.table.override(service, status);
	}

	/**
	 * Removes an override. Does nothing if there is none.
	 * @param service the full name of a service, or empty for the whole server
	 */
	public void clear(String service) {
		Assert.notNull(service, "'service' must not be null");
		this.table.override(service, null);
	}

}
