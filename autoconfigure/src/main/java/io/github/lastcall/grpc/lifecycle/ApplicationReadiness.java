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
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationEvent;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.SmartApplicationListener;
import org.springframework.core.Ordered;

/**
 * Connects the drains to the readiness of the application: servers serve once it accepts
 * traffic, and announce their end as soon as its context begins to close, before any
 * other listener can delay them. Publishes the {@link ReadinessState#REFUSING_TRAFFIC
 * refusal} that Boot publishes only for an application with a web server.
 *
 * @hidden
 */
public final class ApplicationReadiness implements AopInfrastructureBean, SmartApplicationListener {

	private final ApplicationContext context;

	private final ReadinessRefusal refusal;

	private final List<GrpcServerDrain> drains;

	/**
	 * Creates a new listener.
	 * @param context the context of the servers
	 * @param refusal the refusal of readiness
	 * @param drains the drains of all servers
	 */
	public ApplicationReadiness(ApplicationContext context, ReadinessRefusal refusal, List<GrpcServerDrain> drains) {
		this.context = context;
		this.refusal = refusal;
		this.drains = List.copyOf(drains);
	}

	@Override
	public boolean supportsEventType(Class<? extends ApplicationEvent> eventType) {
		return AvailabilityChangeEvent.class.isAssignableFrom(eventType)
				|| ContextClosedEvent.class.isAssignableFrom(eventType);
	}

	@Override
	public void onApplicationEvent(ApplicationEvent event) {
		if (event instanceof AvailabilityChangeEvent<?> change && change.getState() instanceof ReadinessState state) {
			boolean ready = state == ReadinessState.ACCEPTING_TRAFFIC;
			this.drains.forEach((drain) -> drain.applicationReady(ready));
		}
		else if (event instanceof ContextClosedEvent closed && closed.getApplicationContext() == this.context) {
			this.drains.forEach(GrpcServerDrain::announce);
			// For good: it is never given back.
			this.refusal.refuse(this);
		}
	}

	@Override
	public int getOrder() {
		return Ordered.HIGHEST_PRECEDENCE;
	}

}
