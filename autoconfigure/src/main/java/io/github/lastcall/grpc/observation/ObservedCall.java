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
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

import io.github.lastcall.grpc.call.CallOutcome;
import io.github.lastcall.grpc.executor.CallScope;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.micrometer.core.instrument.binder.grpc.GrpcServerObservationContext;
import io.micrometer.observation.Observation;
import io.micrometer.observation.transport.Propagator;
import org.jspecify.annotations.Nullable;

/**
 * One call that is observed. Its stream says how it ended: that is what the client saw,
 * whoever closed it, or that the client is gone. Its handler may be busy for longer.
 */
final class ObservedCall extends ServerStreamTracer implements CallScope {

	private static final AtomicIntegerFieldUpdater<ObservedCall> PARTIES = AtomicIntegerFieldUpdater
		.newUpdater(ObservedCall.class, "parties");

	private static final int NOBODY_YET = 0;

	private static final int STREAM = 1;

	private static final int STREAM_AND_HANDLER = 2;

	private static final int CLOSED_BEFORE = -1;

	private final GrpcCallObservations observations;

	private final GrpcServerObservationContext context;

	/**
	 * Whether the method was known at the start.
	 */
	private final boolean known;

	private @Nullable Observation observation;

	/**
	 * Who still holds the call: its stream, and its handler once it has begun. In the
	 * same process a stream may be closed before it is sure to have an end, on another
	 * thread.
	 */
	private volatile int parties;

	private Status status = Status.UNKNOWN;

	private Context callContext = Context.ROOT;

	ObservedCall(GrpcCallObservations observations, GrpcCallObservations.@Nullable ObservedMethod method,
			Metadata headers) {
		this.observations = observations;
		this.context = new GrpcServerObservationContext(MetadataGetter.INSTANCE);
		this.context.setCarrier(headers);
		this.known = method != null;
		if (method != null) {
			setMethod(method);
		}
	}

	private void setMethod(GrpcCallObservations.ObservedMethod method) {
		if (method.service() != null) {
			this.context.setServiceName(method.service());
		}
		if (method.method() != null) {
			this.context.setMethodName(method.method());
		}
		this.context.setFullMethodName(method.name());
		this.context.setMethodType(method.type());
	}

	GrpcServerObservationContext context() {
		return this.context;
	}

	@Override
	public Context filterContext(Context context) {
		this.callContext = context;
		return context.withValue(CallScope.KEY, this);
	}

	/**
	 * Called when the stream is sure to have an end that is told. Streams that are
	 * refused before (an unknown compression, a malformed timeout) never get here.
	 */
	@Override
	public void serverCallStarted(ServerCallInfo<?, ?> call) {
		if (!this.known) {
			setMethod(GrpcCallObservations.ObservedMethod.of(call.getMethodDescriptor()));
		}
		this.context.setAuthority(call.getAuthority());
		if (call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR) instanceof InetSocketAddress peer) {
			this.context.setPeerName(peer.getHostString());
			this.context.setPeerPort(peer.getPort());
		}
		Observation observation = this.observations.start(this.context);
		this.observation = observation;
		if (!PARTIES.compareAndSet(this, NOBODY_YET, STREAM) && observation != null) {
			end(observation);
		}
	}

	@Override
	public void streamClosed(Status status) {
		this.status = CallOutcome.of(this.callContext, status);
		if (!PARTIES.compareAndSet(this, NOBODY_YET, CLOSED_BEFORE)) {
			leave();
		}
	}

	<Q, R> ServerCall.Listener<Q> start(ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> handler) {
		if (this.observation == null) {
			return handler.startCall(call, headers);
		}
		// A call may have been cancelled while it waited for its executor. Its handler
		// runs all the same, and is in its trace; the observation has ended.
		boolean holds = PARTIES.compareAndSet(this, STREAM, STREAM_AND_HANDLER);
		boolean started = false;
		Observation.Scope scope = openScope();
		try {
			ServerCall.Listener<Q> listener = new ObservedListener<>(this, holds,
					handler.startCall(new ObservedServerCall<>(call, this.context), headers));
			started = true;
			return listener;
		}
		finally {
			closeScope(scope);
			if (holds && !started) {
				leave();
			}
		}
	}

	@Override
	public void run(Runnable action) {
		Observation.Scope scope = openScope();
		try {
			action.run();
		}
		finally {
			closeScope(scope);
		}
	}

	Observation.Scope openScope() {
		Observation observation = this.observation;
		return (observation != null) ? this.observations.openScope(observation) : Observation.Scope.NOOP;
	}

	void closeScope(Observation.Scope scope) {
		this.observations.closeScope(scope);
	}

	/**
	 * The stream has been closed, or the last callback of the handler has returned.
	 */
	void leave() {
		Observation observation = this.observation;
		if (PARTIES.decrementAndGet(this) == 0 && observation != null) {
			end(observation);
		}
	}

	private void end(Observation observation) {
		Status status = this.status;
		this.context.setStatusCode(status.getCode());
		this.observations.stop(observation, isFault(status.getCode()) ? error(status) : null);
	}

	private static Throwable error(Status status) {
		Throwable cause = status.getCause();
		return (cause != null) ? cause : status.asRuntimeException();
	}

	/**
	 * Whether a status is an error of the server, by OpenTelemetry's conventions for
	 * gRPC. What the client did wrong is not.
	 */
	private static boolean isFault(Status.Code code) {
		return switch (code) {
			case UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS -> true;
			default -> false;
		};
	}

	/**
	 * Reads the context of the trace.
	 */
	private static final class MetadataGetter implements Propagator.Getter<Metadata> {

		static final MetadataGetter INSTANCE = new MetadataGetter();

		/**
		 * By the few names that propagators ask for.
		 */
		private final Map<String, Metadata.Key<String>> keys = new ConcurrentHashMap<>();

		@Override
		public @Nullable String get(Metadata metadata, String name) {
			return metadata.get(key(name));
		}

		@Override
		public Iterable<String> getAll(Metadata metadata, String name) {
			Iterable<String> all = metadata.getAll(key(name));
			return (all != null) ? all : List.of();
		}

		private Metadata.Key<String> key(String name) {
			Metadata.Key<String> key = this.keys.get(name);
			return (key != null) ? key : this.keys.computeIfAbsent(name,
					(newName) -> Metadata.Key.of(newName, Metadata.ASCII_STRING_MARSHALLER));
		}

	}

}
