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

import java.time.Duration;
import java.util.Map;

import io.github.lastcall.grpc.lifecycle.GrpcAnnounceLifecycle;
import io.github.lastcall.grpc.lifecycle.GrpcServerLifecycle;
import io.github.lastcall.grpc.lifecycle.GrpcServerStartedEvent;
import io.github.lastcall.grpc.lifecycle.ShutdownSettings;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.beans.ConfigurablePropertyAccessor;
import org.springframework.beans.PropertyAccessorFactory;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.AbstractApplicationContext;
import org.springframework.context.support.DefaultLifecycleProcessor;

/**
 * Raises the timeouts of the shutdown phases in which the servers drain if the settings
 * need longer, and never lowers them. After the timeout, Spring destroys beans while
 * calls still use them.
 */
class ShutdownPhaseTimeouts implements AopInfrastructureBean, ApplicationListener<GrpcServerStartedEvent> {

	/**
	 * Time that a phase takes in addition to the configured times.
	 */
	private static final Duration MARGIN = Duration.ofSeconds(2);

	private static final String TIMEOUT = "timeoutPerShutdownPhase";

	private static final String TIMEOUTS = "timeoutsForShutdownPhases";

	private final ConfigurableApplicationContext context;

	private final ShutdownSettings settings;

	private final Duration timeoutPerPhase;

	ShutdownPhaseTimeouts(ConfigurableApplicationContext context, ShutdownSettings settings, Duration timeoutPerPhase) {
		this.context = context;
		this.settings = settings;
		this.timeoutPerPhase = timeoutPerPhase;
	}

	@Override
	public void onApplicationEvent(GrpcServerStartedEvent event) {
		if (event.getApplicationContext() != this.context) {
			return;
		}
		Object processor = this.context.getBeanFactory()
			.getSingleton(AbstractApplicationContext.LIFECYCLE_PROCESSOR_BEAN_NAME);
		if (processor instanceof DefaultLifecycleProcessor lifecycleProcessor) {
			raise(lifecycleProcessor, GrpcAnnounceLifecycle.PHASE, this.settings.longestAnnouncement());
			raise(lifecycleProcessor, GrpcServerLifecycle.PHASE,
					this.settings.gracePeriod().plus(this.settings.forceTimeout()));
		}
	}

	private void raise(DefaultLifecycleProcessor processor, int phase, Duration needed) {
		Duration timeout = needed.plus(MARGIN);
		if (timeout.compareTo(configured(processor, phase)) > 0) {
			processor.setTimeoutForShutdownPhase(phase, timeout.toMillis());
		}
	}

	/**
	 * Returns the current timeout of a phase. The application may have its own processor
	 * or have set a timeout on Spring Boot's, and there is no getter.
	 */
	private Duration configured(DefaultLifecycleProcessor processor, int phase) {
		ConfigurablePropertyAccessor fields = PropertyAccessorFactory.forDirectFieldAccess(processor);
		if (!fields.isReadableProperty(TIMEOUT) || !fields.isReadableProperty(TIMEOUTS)) {
			return this.timeoutPerPhase;
		}
		Object timeout = (fields.getPropertyValue(TIMEOUTS) instanceof Map<?, ?> timeouts) ? timeouts.get(phase) : null;
		timeout = (timeout != null) ? timeout : fields.getPropertyValue(TIMEOUT);
		return (timeout instanceof Long millis) ? Duration.ofMillis(millis) : this.timeoutPerPhase;
	}

}
