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

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ApplicationContext;

/**
 * Takes the running servers out of service and brings them back, without stopping them:
 * for maintenance, for a {@code preStop} hook, for an incident. Everything is served
 * meanwhile, everybody who asks is told NOT_SERVING, and the application's readiness is
 * REFUSING_TRAFFIC. May be used from any thread.
 */
public final class DrainControl implements AopInfrastructureBean {

	private final ApplicationContext context;

	private final ApplicationAvailability availability;

	private final List<GrpcServerDrain> drains;

	private boolean refusedTraffic;

	/**
	 * Create a new control.
	 * @param context the context of the application
	 * @param availability the availability of the application
	 * @param drains the drains of all servers
	 */
	public DrainControl(ApplicationContext context, ApplicationAvailability availability,
			List<GrpcServerDrain> drains) {
		this.context = context;
		this.availability = availability;
		this.drains = List.copyOf(drains);
	}

	/**
	 * Announce, and keep announcing until {@link #resume()}. Servers that do not serve
	 * are left alone. When the application stops later, the time counts as propagation
	 * delay.
	 */
	public void drain() {
		this.drains.forEach(GrpcServerDrain::hold);
		if (takeTraffic()) {
			AvailabilityChangeEvent.publish(this.context, this, ReadinessState.REFUSING_TRAFFIC);
		}
	}

	/**
	 * Serve again. The readiness is given back if {@link #drain()} has taken it.
	 */
	public void resume() {
		if (isStopping()) {
			return;
		}
		if (giveTrafficBack()) {
			AvailabilityChangeEvent.publish(this.context, this, ReadinessState.ACCEPTING_TRAFFIC);
		}
		this.drains.forEach(GrpcServerDrain::resume);
	}

	/**
	 * Whether the application is about to stop: a drain that is under way cannot be
	 * resumed.
	 * @return whether the application stops
	 */
	public boolean isStopping() {
		return this.drains.stream().anyMatch(GrpcServerDrain::isClosing);
	}

	private synchronized boolean takeTraffic() {
		if (this.availability.getReadinessState() == ReadinessState.ACCEPTING_TRAFFIC && !isStopping()) {
			this.refusedTraffic = true;
			return true;
		}
		return false;
	}

	private synchronized boolean giveTrafficBack() {
		boolean refused = this.refusedTraffic;
		this.refusedTraffic = false;
		return refused;
	}

}
