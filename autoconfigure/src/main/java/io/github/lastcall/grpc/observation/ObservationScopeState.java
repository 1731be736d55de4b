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
package io.github.lastcall.grpc.observation;

import java.util.function.Supplier;

import io.github.lastcall.grpc.executor.ThreadState;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;

/**
 * State of a thread's observation scopes. Scopes that have been left open are closed, the
 * last one first, so that their handlers restore the thread.
 */
public final class ObservationScopeState implements ThreadState, AopInfrastructureBean {

	private final Supplier<ObservationRegistry> registry;

	/**
	 * Creates a new {@link ObservationScopeState}.
	 * @param registry supplies the registry that knows the current scope
	 */
	public ObservationScopeState(Supplier<ObservationRegistry> registry) {
		this.registry = registry;
	}

	@Override
	public @Nullable Object save() {
		return this.registry.get().getCurrentObservationScope();
	}

	@Override
	public void restore(@Nullable Object saved) {
		ObservationRegistry registry = this.registry.get();
		Observation.Scope scope = registry.getCurrentObservationScope();
		if (scope == saved) {
			return;
		}
		RuntimeException failure = null;
		if (isAbove(scope, saved)) {
			for (; scope != null && scope != saved; scope = scope.getPreviousObservationScope()) {
				try {
					scope.close();
				}
				catch (RuntimeException ex) {
					failure = ex;
				}
			}
		}
		registry.setCurrentObservationScope((Observation.Scope) saved);
		if (failure != null) {
			throw failure;
		}
	}

	/**
	 * Returns whether scopes have been opened and none of the previous ones has been
	 * closed.
	 */
	private static boolean isAbove(Observation.@Nullable Scope scope, @Nullable Object saved) {
		Observation.Scope below = scope;
		while (below != null && below != saved) {
			below = below.getPreviousObservationScope();
		}
		return below == saved;
	}

}
