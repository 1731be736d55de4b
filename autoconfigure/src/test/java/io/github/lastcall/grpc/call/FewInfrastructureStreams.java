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
package io.github.lastcall.grpc.call;

import io.github.lastcall.grpc.executor.ServerTimer;
import io.github.lastcall.grpc.limits.Refusals;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.BeanFactoryAware;
import org.springframework.beans.factory.config.BeanPostProcessor;

/**
 * A server on a port that bears one stream of infrastructure services: what follows from
 * the heap is too many for a test.
 */
public final class FewInfrastructureStreams implements BeanPostProcessor, BeanFactoryAware {

	private @Nullable BeanFactory beans;

	@Override
	public void setBeanFactory(BeanFactory beans) {
		this.beans = beans;
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String name) {
		if (this.beans != null && name.equals("lastCallInFlightCalls")) {
			return new InFlightCalls(this.beans.getBean(ServerTimer.class), 1000, 1,
					this.beans.getBean("lastCallRefusals", Refusals.class), () -> null);
		}
		return bean;
	}

}
