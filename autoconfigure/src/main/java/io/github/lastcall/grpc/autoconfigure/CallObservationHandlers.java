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

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.micrometer.core.instrument.observation.MeterObservationHandler;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.ObservationRegistry.ObservationConfig;
import io.micrometer.tracing.Tracer;
import io.micrometer.tracing.handler.TracingObservationHandler;

import org.springframework.boot.micrometer.observation.autoconfigure.ObservationHandlerGroup;
import org.springframework.boot.micrometer.observation.autoconfigure.ObservationRegistryCustomizer;
import org.springframework.boot.util.LambdaSafe;
import org.springframework.util.ClassUtils;

/**
 * The application's observation handlers that observe calls. Handlers that create meters
 * are left out, because calls already have meters, and so are the handlers of a no-op
 * tracer.
 *
 * @param handlers the handlers in the application's order
 */
record CallObservationHandlers(List<ObservationHandler<?>> handlers) {

	private static final boolean TRACING = ClassUtils.isPresent("io.micrometer.tracing.Tracer",
			CallObservationHandlers.class.getClassLoader());

	static CallObservationHandlers of(List<ObservationHandler<?>> handlers) {
		return new CallObservationHandlers(handlers.stream()
			.filter((handler) -> !(handler instanceof MeterObservationHandler))
			.filter((handler) -> !TRACING || !Tracing.isNoop(handler))
			.toList());
	}

	boolean isEmpty() {
		return this.handlers.isEmpty();
	}

	/**
	 * Registers each handler with the first group that claims it, as Spring Boot does for
	 * its own registry.
	 */
	void register(ObservationConfig config, List<ObservationHandlerGroup> groups) {
		Map<ObservationHandlerGroup, List<ObservationHandler<?>>> members = new LinkedHashMap<>();
		groups.forEach((group) -> members.put(group, new ArrayList<>()));
		List<ObservationHandler<?>> others = new ArrayList<>();
		for (ObservationHandler<?> handler : this.handlers) {
			groups.stream()
				.filter((group) -> group.isMember(handler))
				.findFirst()
				.map(members::get)
				.orElse(others)
				.add(handler);
		}
		members.forEach((group, handlers) -> {
			if (!handlers.isEmpty()) {
				group.registerMembers(config, handlers);
			}
		});
		others.forEach(config::observationHandler);
	}

	@SuppressWarnings("unchecked")
	static void customize(ObservationRegistry registry, List<ObservationRegistryCustomizer<?>> customizers) {
		LambdaSafe.callbacks(ObservationRegistryCustomizer.class, customizers, registry)
			.invoke((customizer) -> customizer.customize(registry));
	}

	/**
	 * Loaded only if Micrometer Tracing is on the classpath.
	 */
	private static final class Tracing {

		static boolean isNoop(ObservationHandler<?> handler) {
			return handler instanceof TracingObservationHandler<?> tracing && tracing.getTracer() == Tracer.NOOP;
		}

	}

}
