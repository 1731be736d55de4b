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

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

import io.github.lastcall.grpc.executor.ServerTimer;
import io.github.lastcall.grpc.limits.AdmissionControl;
import io.github.lastcall.grpc.limits.InboundMemory;
import io.github.lastcall.grpc.limits.InfrastructureStreams;
import io.github.lastcall.grpc.limits.OutboundBuffers;
import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerStreamTracer;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.util.Assert;

/**
 * Calls in flight on one server. A stream tracer sees each call from its first frame, and
 * the outermost interceptor sees its handler.
 *
 * @hidden
 */
public final class InFlightCalls implements AopInfrastructureBean {

	private final ServerTimer timer;

	private final int limit;

	private final InfrastructureStreams infrastructureStreams;

	private final InboundMemory inboundMemory;

	private final Refusals refusals;

	private final Supplier<CallRecorder.@Nullable Factory> recorders;

	private final Supplier<CallHooks.@Nullable Factory> hooks;

	private final CallGuards guards;

	private final Consumer<Consumer<OutboundBuffers.Holder>> holders = this::forEachHolder;

	private final LongAdder forced = new LongAdder();

	private final LongAdder expired = new LongAdder();

	private volatile ServerRun run;

	/**
	 * Creates new {@link InFlightCalls} that share nothing with other servers.
	 * @param timer provides the time
	 * @param limit the maximum number of concurrent calls of the application; excess
	 * calls end with RESOURCE_EXHAUSTED
	 * @param refusals counts refused calls
	 * @param recorders supplies the factory of recorders each time the server starts
	 */
	public InFlightCalls(ServerTimer timer, int limit, Refusals refusals,
			Supplier<CallRecorder.@Nullable Factory> recorders) {
		this(timer, limit, InfrastructureStreams.withinHeap(), new InboundMemory(Long.MAX_VALUE), refusals, recorders,
				() -> null, CallGuards.NONE);
	}

	/**
	 * Creates new {@link InFlightCalls}.
	 * @param timer provides the time
	 * @param limit the maximum number of concurrent calls of the application; excess
	 * calls end with RESOURCE_EXHAUSTED
	 * @param infrastructureStreams the streams of infrastructure services, which may be
	 * shared with other servers; excess streams end with RESOURCE_EXHAUSTED
	 * @param inboundMemory the memory of inbound messages, which may be shared with other
	 * servers
	 * @param refusals counts refused calls
	 * @param recorders supplies the factory of recorders each time the server starts
	 * @param hooks supplies the factory of hooks each time the server starts
	 * @param guards the guards of the calls
	 */
	public InFlightCalls(ServerTimer timer, int limit, InfrastructureStreams infrastructureStreams,
			InboundMemory inboundMemory, Refusals refusals, Supplier<CallRecorder.@Nullable Factory> recorders,
			Supplier<CallHooks.@Nullable Factory> hooks, CallGuards guards) {
		Assert.isTrue(limit > 0, "'limit' must be positive");
		this.timer = timer;
		this.limit = limit;
		this.infrastructureStreams = infrastructureStreams;
		this.inboundMemory = inboundMemory;
		this.refusals = refusals;
		this.recorders = recorders;
		this.hooks = hooks;
		this.guards = guards;
		this.run = new ServerRun(this, limit, null, null);
	}

	/* For the server's builder. */

	/**
	 * Returns the filter that sees each connection of the server.
	 * @return the filter to add to the server's builder
	 */
	public ServerTransportFilter transportFilter() {
		return this.guards.lost().transportFilter(this);
	}

	/**
	 * Returns the factory of the tracers that see each stream of the server.
	 * @return the factory to add to the server's builder
	 */
	public ServerStreamTracer.Factory tracerFactory() {
		return new ServerStreamTracer.Factory() {

			@Override
			public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
				return InFlightCalls.this.run.methods().get(fullMethodName).tracer();
			}

		};
	}

	/**
	 * Returns the interceptor that sees each handler of the server. It must be the
	 * outermost interceptor.
	 * @return the interceptor to add to the server's builder
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
	 * Returns the interceptor that must be the innermost one of each service.
	 * Interceptors outside of it see the statuses that clients receive.
	 * @return the interceptor to add to services
	 */
	public static ServerInterceptor innermostInterceptor() {
		return new ServerInterceptor() {

			@Override
			public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
					ServerCallHandler<Q, R> next) {
				return next.startCall(TrackedServerCall.innermost(call), headers);
			}

		};
	}

	/**
	 * Guard the executors of calls. A call that is closed before its handler starts does
	 * not need a thread any more, and a call that its executor rejects ends with a
	 * status: RESOURCE_EXHAUSTED if the executor is full, UNAVAILABLE if it is closed.
	 * @param executors supplies the executors
	 * @return the supplier for the server's builder
	 */
	public ServerCallExecutorSupplier guard(ServerCallExecutorSupplier executors) {
		return new ServerCallExecutorSupplier() {

			@Override
			@SuppressWarnings("NullAway")
			public <Q, R> @Nullable Executor getExecutor(ServerCall<Q, R> call, Metadata headers) {
				Executor executor = executors.getExecutor(call, headers);
				InFlightCall inFlight = InFlightCall.KEY.get();
				return (inFlight != null && executor != null) ? inFlight.begin(call, headers, executor) : executor;
			}

		};
	}

	/* For the drain. */

	/**
	 * Starts a new run of the server, which is about to be bound.
	 * @param services the services of the server
	 */
	public void open(GrpcServices services) {
		this.guards.outbound().register(this.holders);
		ServerRun run = new ServerRun(this, this.limit, this.recorders.get(), this.hooks.get());
		run.methods().register(services);
		this.run = run;
	}

	/**
	 * Starts or stops noting when a call of the application arrives.
	 * @param note whether to note it
	 */
	public void noteArrivals(boolean note) {
		this.run.noteArrivals(note);
	}

	/**
	 * Returns how long no call of the application has arrived.
	 * @return the time, at most since arrivals have been noted
	 */
	public Duration quiet() {
		return Duration.ofNanos(this.timer.nanoTime() - this.run.lastArrival());
	}

	/**
	 * Starts draining: handlers get the drain signal, streams of infrastructure services
	 * are completed, present and future ones, and the end of the last call of the
	 * application is reported.
	 * @param onIdle called whenever the last call has ended, on the thread that ended it
	 */
	public void drain(Runnable onIdle) {
		this.run.drain(onIdle);
	}

	/**
	 * Sends the drain signal to the handlers of a server that keeps serving, for tests.
	 * Calls that begin later get it too, until {@link #endSimulatedDrain()}.
	 */
	public void simulateDrain() {
		this.run.simulateDrain();
	}

	/**
	 * Ends a simulated drain. Calls that have got the signal keep it.
	 */
	public void endSimulatedDrain() {
		this.run.endSimulatedDrain();
	}

	/**
	 * Closes all streaming calls of the application, present and future ones.
	 * @param status the status that the clients receive
	 * @return the number of calls that were in flight
	 */
	public int closeStreaming(Status status) {
		this.run.refuseCalls(status, true);
		return close(status, (call) -> call.method().streaming()).size();
	}

	/**
	 * Closes all calls of the application, present and future ones.
	 * @param status the status that the clients receive
	 * @return the calls that were in flight and open
	 */
	public List<ForcedCall> close(Status status) {
		this.run.refuseCalls(status, false);
		return close(status, (call) -> true);
	}

	private List<ForcedCall> close(Status status, Predicate<InFlightCall> filter) {
		List<ForcedCall> calls = new ArrayList<>();
		forEachOfApplication((call) -> {
			if (filter.test(call) && call.close(status)) {
				calls.add(call.forced());
			}
		});
		this.forced.add(calls.size());
		return calls;
	}

	/**
	 * Returns the number of calls of the application that have ended since the server
	 * drains.
	 */
	public long endedWhileDraining() {
		return this.run.endedWhileDraining();
	}

	/* For operators. */

	/**
	 * Returns the number of calls of the application in flight.
	 */
	public int count() {
		return this.run.application().size();
	}

	/**
	 * Returns the number of open streams of infrastructure services, such as health
	 * watches.
	 */
	public int infrastructureStreams() {
		return this.run.infrastructure().size();
	}

	/**
	 * Returns the number of calls of the application that have been closed because the
	 * server was shutting down, in all runs of the server.
	 */
	public long forced() {
		return this.forced.sum();
	}

	/**
	 * Returns the number of calls that were cancelled, or whose deadline passed, while
	 * they waited for a thread, so that their handlers did not start.
	 * @return the number of calls in all runs of the server
	 */
	public long expired() {
		return this.expired.sum();
	}

	/**
	 * Returns the number of handlers of the application that still run long after their
	 * calls have been cancelled.
	 */
	public int abandoned() {
		return this.guards.abandoned().count(this);
	}

	/**
	 * Returns the calls of the application in flight, by method.
	 * @return counts and ages by full method name, sorted
	 */
	public Map<String, MethodInFlight> byMethod() {
		Map<String, MethodInFlight> methods = new TreeMap<>();
		long now = this.timer.nanoTime();
		forEachOfApplication((call) -> {
			MethodInFlight one = new MethodInFlight(1, Duration.ofNanos(Math.max(0, now - call.startNanos())));
			methods.merge(call.method().name(), one, MethodInFlight::plus);
		});
		return methods;
	}

	/* For the calls. */

	ServerTimer timer() {
		return this.timer;
	}

	CallGuards guards() {
		return this.guards;
	}

	InboundMemory inboundMemory() {
		return this.inboundMemory;
	}

	InfrastructureStreams infrastructureStreamLimit() {
		return this.infrastructureStreams;
	}

	void countExpired() {
		this.expired.increment();
	}

	void report(RefusalReason reason, Supplier<String> message) {
		this.refusals.report(reason, message);
	}

	/**
	 * Returns whether the server has not been started again since.
	 */
	boolean isCurrent(ServerRun run) {
		return this.run == run;
	}

	String server() {
		return this.refusals.getServer();
	}

	boolean isEmpty() {
		return count() == 0 && infrastructureStreams() == 0;
	}

	void forEach(Consumer<InFlightCall> action) {
		forEachOfApplication(action);
		this.run.infrastructure().forEach(action);
	}

	void forEachOfApplication(Consumer<InFlightCall> action) {
		this.run.application().forEach(action);
	}

	private void forEachHolder(Consumer<OutboundBuffers.Holder> action) {
		forEach((call) -> {
			OutboundMessages outbound = call.outbound();
			if (outbound != null) {
				action.accept(outbound);
			}
		});
	}

	/**
	 * Creates a call of the application on a server that has not been bound.
	 * @param name the full name of the method
	 * @param streaming whether the method streams
	 * @return the call, which has not begun
	 */
	InFlightCall track(String name, boolean streaming) {
		return new InFlightCall(
				new TrackedMethod(this.run, name, true, streaming, false, null, null, AdmissionControl.NONE));
	}

	/**
	 * Calls of one method in flight.
	 *
	 * @param calls the number of calls
	 * @param oldest the age of the oldest call
	 * @hidden
	 */
	public record MethodInFlight(int calls, Duration oldest) {

		private MethodInFlight plus(MethodInFlight other) {
			return new MethodInFlight(this.calls + other.calls,
					(this.oldest.compareTo(other.oldest) > 0) ? this.oldest : other.oldest);
		}

	}

}
