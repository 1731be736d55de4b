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

import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import io.github.lastcall.grpc.call.CallHooks;
import io.github.lastcall.grpc.executor.FirstFailure;
import io.github.lastcall.grpc.metrics.GrpcCallMeters;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
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
 * Observations of the application's calls, for tracing. An observation starts with the
 * call, is the current one in each callback, and ends when the stream is closed and the
 * last callback of the handler has returned. Its status is the one that the client has
 * received.
 * <p>
 * Not for meters: those of {@link GrpcCallMeters} have the same names and cost less, so
 * the registry should not have a handler that creates meters.
 */
public final class GrpcCallObservations implements AopInfrastructureBean, CallHooks.Factory {

	private static final Log logger = LogFactory.getLog(GrpcCallObservations.class);

	private static final GrpcServerObservationConvention DEFAULT_CONVENTION = new DefaultGrpcServerObservationConvention();

	/**
	 * Maximum number of cached names. A fallback registry may accept any method.
	 */
	private static final int MAX_BARE_NAMES = 1000;

	private final Map<String, String> bareNames = new ConcurrentHashMap<>();

	private final MetadataGetter getter = new MetadataGetter();

	private final ObservationRegistry registry;

	private final @Nullable GrpcServerObservationConvention convention;

	private final ErrorTag errorTag;

	private final FirstFailure failure = new FirstFailure(logger, "Could not observe a call");

	/**
	 * Creates new {@link GrpcCallObservations}.
	 * @param registry the registry with handlers, predicates, filters and global
	 * conventions. Their {@code onStart} is called on event loops and must not block
	 * @param convention the convention for names and tags, {@code null} for those of the
	 * registry or of Micrometer
	 * @param errorTag tags the spans of failed calls
	 */
	public GrpcCallObservations(ObservationRegistry registry, @Nullable GrpcServerObservationConvention convention,
			ErrorTag errorTag) {
		Assert.notNull(registry, "'registry' must not be null");
		Assert.notNull(errorTag, "'errorTag' must not be null");
		this.registry = registry;
		this.convention = convention;
		this.errorTag = errorTag;
	}

	/**
	 * Returns whether any handler observes calls.
	 */
	boolean isActive() {
		return !this.registry.isNoop();
	}

	@Override
	public CallHooks callStarted(ServerCall<?, ?> call, Metadata headers) {
		if (!isActive()) {
			return CallHooks.NONE;
		}
		GrpcServerObservationContext context = context(call, headers);
		Observation observation = start(context);
		return (observation != null) ? new ObservedCall(this, context, observation) : CallHooks.NONE;
	}

	private GrpcServerObservationContext context(ServerCall<?, ?> call, Metadata headers) {
		GrpcServerObservationContext context = new GrpcServerObservationContext(this.getter);
		context.setCarrier(headers);
		MethodDescriptor<?, ?> method = call.getMethodDescriptor();
		if (method.getServiceName() != null) {
			context.setServiceName(method.getServiceName());
		}
		String bareName = bareName(method);
		if (bareName != null) {
			context.setMethodName(bareName);
		}
		context.setFullMethodName(method.getFullMethodName());
		context.setMethodType(method.getType());
		context.setAuthority(call.getAuthority());
		if (call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR) instanceof InetSocketAddress peer) {
			context.setPeerName(peer.getHostString());
			context.setPeerPort(peer.getPort());
		}
		return context;
	}

	/**
	 * Returns the name of a method without its service, which grpc-java computes anew
	 * each time.
	 */
	private @Nullable String bareName(MethodDescriptor<?, ?> method) {
		String known = this.bareNames.get(method.getFullMethodName());
		if (known != null) {
			return known;
		}
		String name = method.getBareMethodName();
		if (name != null && this.bareNames.size() < MAX_BARE_NAMES) {
			this.bareNames.put(method.getFullMethodName(), name);
		}
		return name;
	}

	/**
	 * Starts an observation.
	 * @return the observation, {@code null} if the call is not to be observed
	 */
	private @Nullable Observation start(GrpcServerObservationContext context) {
		Observation observation = Observation.NOOP;
		try {
			observation = Observation.createNotStarted(this.convention, DEFAULT_CONVENTION, () -> context,
					this.registry);
			return observation.isNoop() ? null : observation.start();
		}
		catch (Throwable ex) {
			this.failure.report(ex);
			// Some handlers may have started already.
			stop(observation, ex);
			return null;
		}
	}

	/**
	 * Tags the span of a call that failed with an exception.
	 */
	void tagError(GrpcServerObservationContext context, Throwable exception) {
		try {
			this.errorTag.tag(context, exception.getClass().getSimpleName());
		}
		catch (Throwable ex) {
			this.failure.report(ex);
		}
	}

	/**
	 * Stops an observation, even if its handlers cannot handle the error.
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
	 * Makes an observation the current one of this thread.
	 * @return the scope for {@link #closeScope}
	 */
	Observation.Scope openScope(Observation observation) {
		Observation.Scope previous = this.registry.getCurrentObservationScope();
		try {
			return observation.openScope();
		}
		catch (Throwable ex) {
			this.failure.report(ex);
			// Some handlers may have opened a scope.
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

}
