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
 * Control to take the running servers out of service and bring them back without stopping
 * them. Calls are served meanwhile; health is NOT_SERVING and the readiness of the
 * application REFUSING_TRAFFIC. Can be used by any thread. Concurrent requests are
 * processed one at a time, on one of their threads.
 */
public final class DrainControl implements AopInfrastructureBean {

	private static final Log logger = LogFactory.getLog(DrainControl.class);

	private final SynchronizationContext operations = new SynchronizationContext(
			(thread, ex) -> logger.error("Could not take the servers out of service or resume them", ex));

	private final ReadinessRefusal refusal;

	private final List<GrpcServerDrain> drains;

	/**
	 * Creates a new control.
	 * @param refusal refuses the readiness of the application
	 * @param drains the drains of all servers
	 */
	public DrainControl(ReadinessRefusal refusal, List<GrpcServerDrain> drains) {
		this.refusal = refusal;
		this.drains = List.copyOf(drains);
	}

	/**
	 * Takes the servers out of service until {@link #resume()}. Servers that are not
	 * SERVING are not changed. If the application stops meanwhile, the time counts as
	 * propagation delay.
	 */
	public void drain() {
		this.operations.execute(() -> {
			this.drains.forEach(GrpcServerDrain::hold);
			this.refusal.refuse(this);
		});
	}

	/**
	 * Brings the servers back into service. Restores the readiness if {@link #drain()}
	 * refused it and no server has stopped meanwhile.
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
	 * Returns whether the application is stopping, which cannot be resumed.
	 * @return whether the application stops
	 */
	public boolean isStopping() {
		return this.drains.stream().anyMatch((drain) -> drain.isClosing() && !drain.isShutDown());
	}

}
