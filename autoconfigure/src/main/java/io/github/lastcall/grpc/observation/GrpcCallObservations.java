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

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.github.lastcall.grpc.call.CallObserver;
import io.github.lastcall.grpc.call.CallTracer;
import io.github.lastcall.grpc.executor.CallScope;
import io.github.lastcall.grpc.executor.FirstFailure;
import io.github.lastcall.grpc.metrics.GrpcCallMeters;
import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerStreamTracer;
import io.micrometer.core.instrument.binder.grpc.DefaultGrpcServerObservationConvention;
import io.micrometer.core.instrument.binder.grpc.GrpcServerObservationContext;
import io.micrometer.core.instrument.binder.grpc.GrpcServerObservationConvention;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.util.Assert;

/**
 * An observation of each call of the application, for tracing. It begins with the call
 * and ends when its stream is closed and the last callback of its handler has returned;
 * it is the current one in every callback. The status is the one that the client got.
 * <p>
 * Not for meters: those of {@link GrpcCallMeters} have the same name and cost less, so
 * the registry should have no handler that makes meters.
 */
public final class GrpcCallObservations implements AopInfrastructureBean, CallObserver {

	private static final Log logger = LogFactory.getLog(GrpcCallObservations.class);

	private static final GrpcServerObservationConvention DEFAULT_CONVENTION = new DefaultGrpcServerObservationConvention();

	private static final ServerStreamTracer UNOBSERVED = new CallTracer() {
	};

	private final ObservationRegistry registry;

	private final @Nullable GrpcServerObservationConvention convention;

	/**
	 * By full name.
	 */
	private final Map<String, ObservedMethod> methods = new ConcurrentHashMap<>();

	/**
	 * Methods of this library, which are not observed.
	 */
	private final Set<String> infrastructure = ConcurrentHashMap.newKeySet();

	private final FirstFailure failure = new FirstFailure(logger, "Could not observe a call");

	/**
	 * Create new observations.
	 * @param registry has the handlers, predicates, filters and global conventions. Their
	 * {@code onStart} is called on event loops and must not block
	 * @param convention names and tags, {@code null} for those of the registry or of
	 * Micrometer
	 */
	public GrpcCallObservations(ObservationRegistry registry, @Nullable GrpcServerObservationConvention convention) {
		Assert.notNull(registry, "'registry' must not be null");
		this.registry = registry;
		this.convention = convention;
	}

	@Override
	public boolean isActive() {
		return !this.registry.isNoop();
	}

	@Override
	public void observe(GrpcServices services) {
		services.application()
			.forEach((service) -> service.definition()
				.getMethods()
				.forEach((method) -> this.methods.computeIfAbsent(method.getMethodDescriptor().getFullMethodName(),
						(name) -> ObservedMethod.of(method.getMethodDescriptor()))));
		services.infrastructure()
			.forEach((service) -> service.getMethods()
				.forEach((method) -> this.infrastructure.add(method.getMethodDescriptor().getFullMethodName())));
	}

	@Override
	public ServerStreamTracer.Factory tracerFactory() {
		return new ServerStreamTracer.Factory() {

			@Override
			public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
				ObservedMethod method = GrpcCallObservations.this.methods.get(fullMethodName);
				// A customizer may have added it, or a fallback registry knows it.
				return (method != null || !GrpcCallObservations.this.infrastructure.contains(fullMethodName))
						? new ObservedCall(GrpcCallObservations.this, method, headers) : UNOBSERVED;
			}

		};
	}

	@Override
	public ServerInterceptor interceptor() {
		return new ServerInterceptor() {

			@Override
			public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
					ServerCallHandler<Q, R> next) {
				return (CallScope.KEY.get() instanceof ObservedCall observed) ? observed.start(call, headers, next)
						: next.startCall(call, headers);
			}

		};
	}

	/**
	 * Begin an observation.
	 * @return the observation, {@code null} if there is to be none
	 */
	@Nullable Observation start(GrpcServerObservationContext context) {
		Observation observation = Observation.NOOP;
		try {
			observation = Observation.createNotStarted(this.convention, DEFAULT_CONVENTION, () -> context,
					this.registry);
			return observation.isNoop() ? null : observation.start();
		}
		catch (Throwable ex) {
			this.failure.report(ex);
			// Some of its handlers may have begun something.
			stop(observation, ex);
			return null;
		}
	}

	/**
	 * End an observation. One that cannot be told of its error is stopped all the same.
	 */
	void stop(Observation observation, @Nullable Throwable error) {
		try {
			if (error != null) {
				observation.error(error);
			}
		}
		catch (Throwable ex) {
			this.failure.report(ex);
		}
		try {
			observation.stop();
		}
		catch (Throwable ex) {
			this.failure.report(ex);
		}
	}

	/**
	 * Let an observation be the current one of this thread.
	 * @return to be closed by {@link #closeScope}
	 */
	Observation.Scope openScope(Observation observation) {
		Observation.Scope previous = this.registry.getCurrentObservationScope();
		try {
			return observation.openScope();
		}
		catch (Throwable ex) {
			this.failure.report(ex);
			// Some of its handlers may have opened something.
			Observation.Scope current = this.registry.getCurrentObservationScope();
			if (current != null && current != previous) {
				closeScope(current);
			}
			return Observation.Scope.NOOP;
		}
	}

	void closeScope(Observation.Scope scope) {
		try {
			scope.close();
		}
		catch (Throwable ex) {
			this.failure.report(ex);
			this.registry.setCurrentObservationScope(scope.getPreviousObservationScope());
		}
	}

	/**
	 * What is known of a method before it is called.
	 *
	 * @param service the name of its service
	 * @param method its own name
	 * @param name both of them
	 * @param type its type
	 */
	record ObservedMethod(@Nullable String service, @Nullable String method, String name,
			MethodDescriptor.MethodType type) {

		static ObservedMethod of(MethodDescriptor<?, ?> method) {
			return new ObservedMethod(method.getServiceName(), method.getBareMethodName(), method.getFullMethodName(),
					method.getType());
		}

	}

}
