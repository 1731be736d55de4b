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

package io.github.lastcall.grpc.lifecycle;

import java.util.List;

import io.grpc.SynchronizationContext;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.aop.framework.AopInfrastructureBean;

/**
 * Takes the running servers out of service and brings them back, without stopping them:
 * for maintenance, for a {@code preStop} hook, for an incident. Everything is served
 * meanwhile, everybody who asks is told NOT_SERVING, and the application's readiness is
 * REFUSING_TRAFFIC. May be used from any thread: what several ask for at the same time is
 * done one after the other, on one of their threads.
 */
public final class DrainControl implements AopInfrastructureBean {

	private static final Log logger = LogFactory.getLog(DrainControl.class);

	private final SynchronizationContext operations = new SynchronizationContext(
			(thread, ex) -> logger.error("Could not take the servers out of service or resume them", ex));

	private final ReadinessRefusal refusal;

	private final List<GrpcServerDrain> drains;

	/**
	 * Create a new control.
	 * @param refusal refuses the readiness of the application
	 * @param drains the drains of all servers
	 */
	public DrainControl(ReadinessRefusal refusal, List<GrpcServerDrain> drains) {
		this.refusal = refusal;
		this.drains = List.copyOf(drains);
	}

	/**
	 * Announce, and keep announcing until {@link #resume()}. Servers that do not serve
	 * are left alone. When the application stops later, the time counts as propagation
	 * delay.
	 */
	public void drain() {
		this.operations.execute(() -> {
			this.drains.forEach(GrpcServerDrain::hold);
			this.refusal.refuse(this);
		});
	}

	/**
	 * Serve again. The readiness is given back if {@link #drain()} has taken it and no
	 * server has stopped meanwhile.
	 */
	public void resume() {
		this.operations.execute(() -> {
			if (!isStopping()) {
				this.refusal.giveBack(this);
				this.drains.forEach(GrpcServerDrain::resume);
			}
		});
	}

	/**
	 * Whether the application is about to stop: a drain that is under way cannot be
	 * resumed.
	 * @return whether the application stops
	 */
	public boolean isStopping() {
		return this.drains.stream().anyMatch((drain) -> drain.isClosing() && !drain.isShutDown());
	}

}
