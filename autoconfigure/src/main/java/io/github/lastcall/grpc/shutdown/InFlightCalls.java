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

package io.github.lastcall.grpc.shutdown;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * The calls in flight on one server. A stream tracer sees every call from its first frame
 * on; an interceptor, the outermost of all, sees its handler.
 */
public final class InFlightCalls {

	private static final ServerStreamTracer UNTRACKED = new ServerStreamTracer() {
	};

	private final ServerTimer timer;

	private final Set<InFlightCall> application = ConcurrentHashMap.newKeySet();

	private final Set<InFlightCall> infrastructureStreams = ConcurrentHashMap.newKeySet();

	private volatile Map<String, Kind> methods = Map.of();

	private volatile @Nullable Drain drain;

	/**
	 * Create a new registry.
	 * @param timer tells when a call has begun
	 */
	public InFlightCalls(ServerTimer timer) {
		this.timer = timer;
	}

	/**
	 * Sees every stream of the server.
	 * @return the factory to add to the server's builder
	 */
	public ServerStreamTracer.Factory tracerFactory() {
		return new ServerStreamTracer.Factory() {

			@Override
			public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
				return trace(fullMethodName);
			}

		};
	}

	/**
	 * Sees every handler of the server. Must be the outermost interceptor.
	 * @return the interceptor
	 */
	public ServerInterceptor interceptor() {
		return new ServerInterceptor() {

			@Override
			public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
					ServerCallHandler<Q, R> next) {
				InFlightCall inFlight = InFlightCall.KEY.get();
				return (inFlight != null) ? inFlight.start(call, headers, next) : next.startCall(call, headers);
			}

		};
	}

	/**
	 * How many calls of the application are in flight.
	 * @return the number of calls
	 */
	public int count() {
		return this.application.size();
	}

	/**
	 * A server starts: learn its methods, accept calls.
	 * @param services what the server serves
	 */
	void open(GrpcServices services) {
		Map<String, Kind> methods = new HashMap<>();
		services.application()
			.forEach((service) -> add(methods, service.definition(), Kind.APPLICATION, Kind.APPLICATION));
		services.infrastructure()
			.forEach((service) -> add(methods, service, Kind.UNTRACKED, Kind.INFRASTRUCTURE_STREAM));
		this.methods = Map.copyOf(methods);
		this.drain = null;
	}

	private void add(Map<String, Kind> methods, ServerServiceDefinition service, Kind unary, Kind streaming) {
		for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
			boolean isUnary = method.getMethodDescriptor().getType() == MethodType.UNARY;
			methods.put(method.getMethodDescriptor().getFullMethodName(), isUnary ? unary : streaming);
		}
	}

	/**
	 * The server drains: from now on streams of infrastructure services are completed,
	 * those that are open and those that still arrive, and the end of the last call of
	 * the application is reported.
	 * @param onIdle called whenever the last call has ended, on the thread that ended it
	 */
	void drain(Runnable onIdle) {
		this.drain = new Drain(onIdle);
		this.infrastructureStreams.forEach((call) -> call.close(Status.OK));
	}

	/**
	 * Close all calls of the application, those in flight and those that still arrive.
	 * @param status the status that the clients get
	 * @return the calls that were in flight
	 */
	Collection<InFlightCall> close(Status status) {
		Drain drain = this.drain;
		if (drain != null) {
			drain.refusal = status;
		}
		List<InFlightCall> calls = List.copyOf(this.application);
		calls.forEach((call) -> call.close(status));
		return calls;
	}

	/**
	 * How many calls of the application have ended since the server drains.
	 * @return the number of calls
	 */
	long endedWhileDraining() {
		Drain drain = this.drain;
		return (drain != null) ? drain.ended.sum() : 0;
	}

	private ServerStreamTracer trace(String method) {
		Kind kind = this.methods.getOrDefault(method, Kind.UNTRACKED);
		if (kind == Kind.UNTRACKED) {
			return UNTRACKED;
		}
		InFlightCall call = new InFlightCall(this, method, kind == Kind.APPLICATION, this.timer.nanoTime());
		set(call).add(call);
		// Read after adding: a drain that starts now sees the call, or is seen here.
		Drain drain = this.drain;
		if (drain != null) {
			Status status = call.isApplication() ? drain.refusal : Status.OK;
			if (status != null) {
				call.close(status);
			}
		}
		return call;
	}

	void remove(InFlightCall call) {
		set(call).remove(call);
		Drain drain = this.drain;
		if (drain != null && call.isApplication()) {
			drain.ended.increment();
			if (this.application.isEmpty()) {
				drain.onIdle.run();
			}
		}
	}

	private Set<InFlightCall> set(InFlightCall call) {
		return call.isApplication() ? this.application : this.infrastructureStreams;
	}

	private enum Kind {

		APPLICATION, INFRASTRUCTURE_STREAM, UNTRACKED

	}

	private static final class Drain {

		private final Runnable onIdle;

		private final LongAdder ended = new LongAdder();

		private volatile @Nullable Status refusal;

		Drain(Runnable onIdle) {
			this.onIdle = onIdle;
		}

	}

}
