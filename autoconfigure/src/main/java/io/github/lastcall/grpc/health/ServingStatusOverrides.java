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
 * Lets an application say of one of its services what no health indicator knows. Inject
 * it wherever it is needed; it may be used from any thread and never blocks.
 * <p>
 * An override can only make things worse: the worse of it and of the health group that
 * the name follows is what clients are told, and while the server starts or shuts down it
 * is NOT_SERVING all the same.
 */
public final class ServingStatusOverrides implements AopInfrastructureBean {

	private final ServingStatusTable table;

	/**
	 * Create new overrides.
	 * @param table where they take effect
	 */
	public ServingStatusOverrides(ServingStatusTable table) {
		this.table = table;
	}

	/**
	 * Override the status of a service. A name that is not known becomes known by it, so
	 * an application can have names of its own.
	 * @param service the full name of a service, or empty for the server as a whole; at
	 * most 512 bytes in UTF-8, as longer names are unknown to clients
	 * @param status SERVING, NOT_SERVING or UNKNOWN
	 * @throws IllegalArgumentException if the status is any other, or the name is too
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
	 * Take an override back. Does nothing if there is none.
	 * @param service the full name of a service, or empty for the server as a whole
	 */
	public void clear(String service) {
		Assert.notNull(service, "'service' must not be null");
		this.table.override(service, null);
	}

}
