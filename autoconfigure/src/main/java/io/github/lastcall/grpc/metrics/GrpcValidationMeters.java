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

package io.github.lastcall.grpc.metrics;

import io.github.lastcall.grpc.validation.ViolationRecorder;
import io.grpc.MethodDescriptor;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

import org.springframework.aop.framework.AopInfrastructureBean;

/**
 * Meter of the rules that requests violate. Only methods that are served have one, so
 * clients cannot create more of them.
 */
public final class GrpcValidationMeters implements AopInfrastructureBean, ViolationRecorder {

	private final MeterRegistry registry;

	/**
	 * Creates new {@link GrpcValidationMeters}.
	 * @param registry the registry of the meters
	 */
	public GrpcValidationMeters(MeterRegistry registry) {
		this.registry = registry;
	}

	@Override
	public void violated(MethodDescriptor<?, ?> method, boolean enforced, int violations) {
		Counter.builder("grpc.server.validation.violations")
			.description("Rules violated by requests, and whether their calls ended (enforce) or not (warn)")
			.baseUnit("violations")
			.tag("rpc.service", String.valueOf(method.getServiceName()))
			.tag("rpc.method", String.valueOf(method.getBareMethodName()))
			.tag("mode", enforced ? "enforce" : "warn")
			.register(this.registry)
			.increment(violations);
	}

}
