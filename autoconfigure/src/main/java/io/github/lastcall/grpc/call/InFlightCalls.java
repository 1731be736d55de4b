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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

import io.github.lastcall.grpc.executor.CallScope;
import io.github.lastcall.grpc.executor.ServerTimer;
import io.github.lastcall.grpc.limits.InboundMemory;
import io.github.lastcall.grpc.limits.InfrastructureStreams;
import io.github.lastcall.grpc.limits.OutboundBuffers;
import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerStreamTracer;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.util.Assert;

/**
 * The calls in flight on one server. A stream tracer sees every call from its first frame
 * on; an interceptor, the outermost of all, sees its handler.
 */
public final class InFlightCalls implements AopInfrastructureBean {

	/**
	 * How many methods that are not known at the start have meters. A fallback registry
	 * may answer for any name.
	 */
	private static final int MAX_RESOLVED_METHODS = 1000;

	private static final int MAX_WITHDRAWN = 10_000;

	private final ServerTimer timer;

	private final int limit;

	private final InfrastructureStreams infrastructureStreams;

	private final InboundMemory inboundMemory;

	private final Refusals refusals;

	private final Supplier<CallRecorder.@Nullable Factory> recorders;

	private final CallGuards guards;

	private final LongAdder forced = new LongAdder();

	private final Consumer<Consumer<OutboundBuffers.Holder>> holders = (action) -> forEach(action::accept);

	private volatile Life life;

	/**
	 * Create a new registry that shares nothing with other servers.
	 * @param timer tells when a call has begun
	 * @param limit how many calls of the application may be in flight; one more ends with
	 * RESOURCE_EXHAUSTED
	 * @param refusals counts those that are refused
	 * @param recorders finds what records the calls, each time a server starts
	 */
	public InFlightCalls(ServerTimer timer, int limit, Refusals refusals,
			Supplier<CallRecorder.@Nullable Factory> recorders) {
		this(timer, limit, InfrastructureStreams.withinHeap(), new InboundMemory(Long.MAX_VALUE), refusals, recorders,
				CallGuards.NONE);
	}

	/**
	 * Create a new registry.
	 * @param timer tells when a call has begun
	 * @param limit how many calls of the application may be in flight; one more ends with
	 * RESOURCE_EXHAUSTED
	 * @param infrastructureStreams the streams of infrastructure services, which other
	 * servers may share; one too many ends with RESOURCE_EXHAUSTED
	 * @param inboundMemory what inbound messages hold, which other servers may share
	 * @param refusals counts those that are refused
	 * @param recorders finds what records the calls, each time a server starts
	 * @param guards keep the calls from harming others
	 */
	public InFlightCalls(ServerTimer timer, int limit, InfrastructureStreams infrastructureStreams,
			InboundMemory inboundMemory, Refusals refusals, Supplier<CallRecorder.@Nullable Factory> recorders,
			CallGuards guards) {
		Assert.isTrue(limit > 0, "'limit' must be positive");
		this.timer = timer;
		this.limit = limit;
		this.infrastructureStreams = infrastructureStreams;
		this.inboundMemory = inboundMemory;
		this.refusals = refusals;
		this.recorders = recorders;
		this.guards = guards;
		this.life = new Life(this, null);
	}

	/**
	 * Sees every connection of the server.
	 * @return the filter to add to the server's builder
	 */
	public ServerTransportFilter transportFilter() {
		return this.guards.lost().transportFilter(this);
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
	 * Stands between the calls and their executors. A call that has been closed before it
	 * got a handler needs no thread any more, and one that its executor rejects ends with
	 * a status: RESOURCE_EXHAUSTED if the executor is full, UNAVAILABLE if it is closed.
	 * @param executors where calls run
	 * @return where calls run, guarded
	 */
	public ServerCallExecutorSupplier guard(ServerCallExecutorSupplier executors) {
		return new ServerCallExecutorSupplier() {

			@Override
			@SuppressWarnings("NullAway")
			public <Q, R> @Nullable Executor getExecutor(ServerCall<Q, R> call, Metadata metadata) {
				Executor executor = executors.getExecutor(call, metadata);
				InFlightCall inFlight = InFlightCall.KEY.get();
				return (inFlight != null && executor != null) ? inFlight.on(call, executor) : executor;
			}

		};
	}

	/**
	 * How many calls of the application are in flight.
	 * @return the number of calls
	 */
	public int count() {
		return this.life.application.size();
	}

	/**
	 * How many streams of infrastructure services are open, such as watches of health.
	 * @return the number of streams
	 */
	public int infrastructureStreams() {
		AtomicInteger count = new AtomicInteger();
		this.life.infrastructure.forEach((call) -> count.incrementAndGet());
		return count.get();
	}

	/**
	 * How many calls of the application have been closed from outside of their handlers,
	 * because the server was shutting down, since there is this registry.
	 * @return the number of calls
	 */
	public long forced() {
		return this.forced.sum();
	}

	/**
	 * How many handlers of the application still run long after their calls were
	 * cancelled.
	 * @return the number of handlers
	 */
	public int abandoned() {
		return this.guards.abandoned().count(this);
	}

	String server() {
		return this.refusals.getServer();
	}

	boolean isEmpty() {
		return this.life.application.size() == 0 && this.life.infrastructure.size() == 0;
	}

	void forEach(Consumer<InFlightCall> action) {
		this.life.application.forEach(action);
		this.life.infrastructure.forEach(action);
	}

	void forEachOfApplication(Consumer<InFlightCall> action) {
		this.life.application.forEach(action);
	}

	/**
	 * The calls of the application in flight, by method.
	 * @return counts and ages by full method name, sorted
	 */
	public Map<String, MethodInFlight> byMethod() {
		Map<String, MethodInFlight> methods = new TreeMap<>();
		long now = this.timer.nanoTime();
		this.life.application.forEach((call) -> {
			MethodInFlight one = new MethodInFlight(1, Duration.ofNanos(Math.max(0, now - call.startNanos())));
			methods.merge(call.method().name(), one, MethodInFlight::plus);
		});
		return methods;
	}

	/**
	 * A server is about to be bound: learn its methods, accept calls.
	 * @param services what the server serves
	 */
	public void open(GrpcServices services) {
		this.guards.outbound().register(this.holders);
		CallRecorder.Factory recorders = this.recorders.get();
		Life life = new Life(this, recorders);
		services.application()
			.forEach((service) -> service.definition()
				.getMethods()
				.forEach((method) -> life.add(method, true, recorders)));
		services.infrastructure()
			.forEach((service) -> service.getMethods().forEach((method) -> life.add(method, false, null)));
		this.life = life;
	}

	/**
	 * Note from now on when a call of the application arrives, or no longer.
	 * @param note whether to note it
	 */
	public void noteArrivals(boolean note) {
		Life life = this.life;
		life.lastArrival = this.timer.nanoTime();
		life.notesArrivals = note;
	}

	/**
	 * How long no call of the application has arrived, at most since arrivals are noted.
	 * @return the time
	 */
	public Duration quiet() {
		return Duration.ofNanos(this.timer.nanoTime() - this.life.lastArrival);
	}

	/**
	 * The server drains: from now on handlers get the drain signal, streams of
	 * infrastructure services are completed, those that are open and those that still
	 * arrive, and the end of the last call of the application is reported.
	 * @param onIdle called whenever the last call has ended, on the thread that ended it
	 */
	public void drain(Runnable onIdle) {
		Life life = this.life;
		life.notesArrivals = true;
		life.onIdle = onIdle;
		life.infrastructure.forEach((call) -> call.close(Status.OK));
		life.application.forEach((call) -> {
			try {
				call.signalDrain();
			}
			catch (Throwable ex) {
				// The others are told all the same.
				call.failed(ex);
			}
		});
	}

	/**
	 * Close streaming calls of the application, those in flight and those that still
	 * arrive.
	 * @param status the status that the clients get
	 * @return how many calls were in flight
	 */
	public int closeStreaming(Status status) {
		this.life.streamRefusal = status;
		return close(status, (call) -> call.method().streaming()).size();
	}

	/**
	 * Close all calls of the application, those in flight and those that still arrive.
	 * @param status the status that the clients get
	 * @return the calls that were in flight and not closed yet
	 */
	public List<ForcedCall> close(Status status) {
		this.life.streamRefusal = status;
		this.life.refusal = status;
		return close(status, (call) -> true);
	}

	private List<ForcedCall> close(Status status, Predicate<InFlightCall> filter) {
		List<ForcedCall> calls = new ArrayList<>();
		this.life.application.forEach((call) -> {
			if (filter.test(call) && call.close(status)) {
				calls.add(call.forced());
			}
		});
		this.forced.add(calls.size());
		return calls;
	}

	/**
	 * How many calls of the application have ended since the server drains.
	 * @return the number of calls
	 */
	public long endedWhileDraining() {
		return this.life.ended.sum();
	}

	private ServerStreamTracer trace(String name) {
		TrackedMethod method = this.life.methods.get(name);
		// A customizer may have added it, or a fallback registry knows it.
		return (method != null) ? method.tracer() : this.life.unknown.call();
	}

	/**
	 * Track a call of the application on a server that was not bound.
	 * @param name the full name of its method
	 * @param streaming whether it can stay open for ever
	 * @return the call, which has not begun
	 */
	InFlightCall track(String name, boolean streaming) {
		return new TrackedMethod(this.life, name, true, streaming, null, null).call();
	}

	/**
	 * Calls of one method in flight.
	 *
	 * @param calls how many
	 * @param oldest the age of the oldest
	 */
	public record MethodInFlight(int calls, Duration oldest) {

		private MethodInFlight plus(MethodInFlight other) {
			return new MethodInFlight(this.calls + other.calls,
					(this.oldest.compareTo(other.oldest) > 0) ? this.oldest : other.oldest);
		}

	}

	/**
	 * From one start of the server to its stop.
	 */
	static final class Life {

		private final InFlightCalls all;

		/**
		 * Filled before anybody else sees it.
		 */
		private final Map<String, TrackedMethod> methods = new HashMap<>();

		/**
		 * Stands for a method until somebody answers for it.
		 */
		private final TrackedMethod unknown;

		private final Map<String, TrackedMethod> resolved = new ConcurrentHashMap<>();

		private final CallRecorder.@Nullable Factory recorders;

		private final CallSlots application;

		private final CallSlots infrastructure;

		private final LongAdder ended = new LongAdder();

		/**
		 * The calls that have ended and still wait for a thread.
		 */
		private final AtomicInteger withdrawn = new AtomicInteger();

		/**
		 * Set before all that follows; the one of them that an ordinary call reads.
		 */
		private volatile boolean notesArrivals;

		private volatile long lastArrival;

		private volatile @Nullable Runnable onIdle;

		private volatile @Nullable Status streamRefusal;

		private volatile @Nullable Status refusal;

		Life(InFlightCalls all, CallRecorder.@Nullable Factory recorders) {
			this.all = all;
			this.recorders = recorders;
			this.unknown = new TrackedMethod(this, "", true, true, null, null);
			this.application = new CallSlots(all.limit);
			this.infrastructure = new CallSlots(Integer.MAX_VALUE);
		}

		private void add(ServerMethodDefinition<?, ?> definition, boolean application,
				CallRecorder.@Nullable Factory recorders) {
			MethodDescriptor<?, ?> method = definition.getMethodDescriptor();
			CallScope scope = (definition.getServerCallHandler() instanceof CallScope around) ? around : null;
			String name = method.getFullMethodName();
			boolean streaming = method.getType() != MethodType.UNARY;
			this.methods.put(name, new TrackedMethod(this, name, application, streaming, scope,
					(recorders != null) ? recorders.recorderOf(method) : null));
		}

		/**
		 * A service that is neither a bean nor of this library has answered for a method.
		 */
		TrackedMethod resolve(MethodDescriptor<?, ?> method) {
			String name = method.getFullMethodName();
			TrackedMethod known = this.resolved.get(name);
			if (known != null) {
				return known;
			}
			boolean room = this.resolved.size() < MAX_RESOLVED_METHODS;
			CallRecorder recorder = (room && this.recorders != null) ? this.recorders.recorderOf(method) : null;
			TrackedMethod resolved = new TrackedMethod(this, name, true, method.getType() != MethodType.UNARY, null,
					recorder);
			if (room) {
				this.resolved.put(name, resolved);
			}
			return resolved;
		}

		long nanoTime() {
			return this.all.timer.nanoTime();
		}

		InboundMemory inboundMemory() {
			return this.all.inboundMemory;
		}

		/**
		 * The executor of a call does not take it, and it has been closed.
		 */
		void rejected(InFlightCall call, Status status) {
			report(RefusalReason.EXECUTOR, call.method(), status);
		}

		private void refuse(InFlightCall call, RefusalReason reason, String description) {
			Status status = Status.RESOURCE_EXHAUSTED.withDescription(description);
			call.close(status);
			report(reason, call.method(), status);
		}

		void report(RefusalReason reason, TrackedMethod method, Status status) {
			this.all.refusals.report(reason, () -> "refused a call to %s: %s%s".formatted(method.name(),
					status.getDescription(), (status.getCause() != null) ? ": " + status.getCause() : ""));
		}

		/**
		 * Nobody has answered for the method of a call. The status has its name.
		 */
		void refusedUnknown(Status status) {
			this.all.refusals.report(RefusalReason.UNKNOWN_METHOD, () -> "refused a call: " + status.getDescription());
		}

		ServerTimer timer() {
			return this.all.timer;
		}

		/**
		 * A call has been ended because of what it holds.
		 */
		void ended(RefusalReason reason, TrackedMethod method, Status status) {
			this.all.refusals.report(reason,
					() -> "ended a call to %s: %s".formatted(method.name(), status.getDescription()));
		}

		/**
		 * Whether another call may end while it waits for a thread. What is left of it
		 * stays in the queue, so more than so many keep their place until a thread comes.
		 */
		boolean mayWithdraw() {
			return this.withdrawn.get() < MAX_WITHDRAWN;
		}

		void withdrawn() {
			this.withdrawn.incrementAndGet();
		}

		void withdrawnReached() {
			this.withdrawn.decrementAndGet();
		}

		int withdrawnWaiting() {
			return this.withdrawn.get();
		}

		CallGuards guards() {
			return this.all.guards;
		}

		/**
		 * A call has been cancelled while one of its callbacks runs.
		 */
		void cancelled() {
			this.all.guards.abandoned().cancelled(this.all);
		}

		/**
		 * The stream of a call has been closed, and its handler is not done yet.
		 */
		void endsLater() {
			this.all.guards.lost().lookLater(this.all);
		}

		boolean isDraining() {
			return this.onIdle != null;
		}

		/**
		 * A call is going to get a handler.
		 */
		void begun(InFlightCall call) {
			if (call.method().application()) {
				if (!this.application.add(call)) {
					refuse(call, RefusalReason.CONCURRENT_CALLS,
							"Concurrent call limit exceeded (%d)".formatted(this.all.limit));
				}
			}
			else {
				boolean open = this.all.infrastructureStreams.open();
				this.infrastructure.add(call);
				if (!open) {
					refuse(call, RefusalReason.INFRASTRUCTURE_STREAMS,
							"Concurrent stream limit of health and reflection exceeded (%d)"
								.formatted(this.all.infrastructureStreams.limit()));
				}
			}
			if (this.notesArrivals) {
				arrived(call);
			}
		}

		private void arrived(InFlightCall call) {
			if (call.method().application()) {
				this.lastArrival = call.startNanos();
			}
			// Read after adding: a drain that starts now sees the call, or is seen here.
			Status status = refusal(call.method());
			if (status != null) {
				call.close(status);
			}
		}

		private @Nullable Status refusal(TrackedMethod method) {
			if (!method.application()) {
				return isDraining() ? Status.OK : null;
			}
			return method.streaming() ? this.streamRefusal : this.refusal;
		}

		/**
		 * A call has left its slot.
		 */
		void ended(InFlightCall call) {
			if (!call.method().application()) {
				this.all.infrastructureStreams.ended();
				return;
			}
			Runnable onIdle = this.onIdle;
			if (onIdle != null) {
				this.ended.increment();
				// A call may have outlived its server, which may have been started again.
				if (this.all.life == this && this.application.size() == 0) {
					onIdle.run();
				}
			}
		}

	}

}
