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

import java.util.HashSet;
import java.util.List;
import java.util.Set;

import io.grpc.SynchronizationContext;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationEvent;
import org.springframework.context.event.SmartApplicationListener;
import org.springframework.core.Ordered;

/**
 * Makes the application refuse traffic while there is a reason to, and accept it again
 * afterwards if it did before. A server is a reason from when the application shuts it
 * down or it terminates unexpectedly until it starts again.
 * <p>
 * Changes run one after the other together with what they publish, so the last event
 * published is that of the last change.
 *
 * @hidden
 */
public final class ReadinessRefusal implements AopInfrastructureBean, SmartApplicationListener {

	private static final Log logger = LogFactory.getLog(ReadinessRefusal.class);

	private final SynchronizationContext changes = new SynchronizationContext(
			(thread, ex) -> logger.error("The readiness of the application could not be changed", ex));

	private final ApplicationContext context;

	private final ApplicationAvailability availability;

	private final List<GrpcServerDrain> drains;

	/* What follows belongs to the changes. */

	private final Set<Object> reasons = new HashSet<>();

	private boolean taken;

	/**
	 * Creates a new refusal, without a reason.
	 * @param context the context of the application
	 * @param availability the availability of the application
	 * @param drains the drains of all servers of the context
	 */
	public ReadinessRefusal(ApplicationContext context, ApplicationAvailability availability,
			List<GrpcServerDrain> drains) {
		this.context = context;
		this.availability = availability;
		this.drains = List.copyOf(drains);
	}

	/**
	 * Refuses traffic.
	 * @param reason the reason, compared by {@code equals}
	 */
	void refuse(Object reason) {
		this.changes.execute(() -> {
			this.reasons.add(reason);
			publishRefusal();
		});
	}

	/**
	 * Accepts traffic again if this was the last reason and the application accepted
	 * traffic before.
	 * @param reason the reason passed to {@link #refuse}
	 */
	void giveBack(Object reason) {
		this.changes.execute(() -> {
			if (this.reasons.remove(reason) && this.reasons.isEmpty() && this.taken) {
				this.taken = false;
				AvailabilityChangeEvent.publish(this.context, this, ReadinessState.ACCEPTING_TRAFFIC);
			}
		});
	}

	/**
	 * Refuses traffic again after another publisher has made the application accept it.
	 */
	private void refuseAgain() {
		this.changes.execute(() -> {
			if (!this.reasons.isEmpty()) {
				publishRefusal();
			}
		});
	}

	private void publishRefusal() {
		if (this.availability.getReadinessState() == ReadinessState.ACCEPTING_TRAFFIC) {
			this.taken = true;
			AvailabilityChangeEvent.publish(this.context, this, ReadinessState.REFUSING_TRAFFIC);
		}
	}

	@Override
	public boolean supportsEventType(Class<? extends ApplicationEvent> eventType) {
		return GrpcServerStateChangedEvent.class.isAssignableFrom(eventType)
				|| AvailabilityChangeEvent.class.isAssignableFrom(eventType);
	}

	@Override
	public void onApplicationEvent(ApplicationEvent event) {
		// A child context has servers of its own.
		if (event instanceof GrpcServerStateChangedEvent change && event.getSource() instanceof GrpcServerDrain drain
				&& this.drains.contains(drain)) {
			if (change.getTo() == GrpcServerState.STARTING) {
				giveBack(drain);
			}
			else if (drain.getStatus().failed() || drain.isShutDown()) {
				refuse(drain);
			}
		}
		else if (event instanceof AvailabilityChangeEvent<?> change
				&& change.getState() == ReadinessState.ACCEPTING_TRAFFIC) {
			refuseAgain();
		}
	}

	/**
	 * Returns a later position than that of Boot's listener, which updates the
	 * availability.
	 */
	@Override
	public int getOrder() {
		return Ordered.LOWEST_PRECEDENCE;
	}

}
