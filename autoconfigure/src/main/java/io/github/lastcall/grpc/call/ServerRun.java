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

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

import io.github.lastcall.grpc.executor.ServerTimer;
import io.github.lastcall.grpc.limits.InboundMemory;
import io.github.lastcall.grpc.limits.InfrastructureStreams;
import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.limits.RefusalStatus;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * Calls in flight and state of the drain, during one run of the server from its start to
 * its stop. A call may outlive the run it belongs to.
 */
final class ServerRun {

	/**
	 * Maximum number of ended calls in the queue of an executor. More keep their place
	 * until they get a thread.
	 */
	private static final int MAX_WITHDRAWN = 10_000;

	private final InFlightCalls server;

	private final TrackedMethods methods;

	private final CallHooks.@Nullable Factory hooks;

	private final CallSet application;

	private final CallSet infrastructure = new CallSet(Integer.MAX_VALUE);

	private final LongAdder endedWhileDraining = new LongAdder();

	/**
	 * Number of ended calls in the queue of an executor.
	 */
	private final AtomicInteger withdrawn = new AtomicInteger();

	/**
	 * Whether any of the following fields may be set. Set before them, and the only one
	 * that an ordinary call reads when it begins.
	 */
	private volatile boolean notesArrivals;

	private volatile long lastArrival;

	private volatile @Nullable Runnable onIdle;

	private volatile boolean simulated;

	private volatile @Nullable Status streamRefusal;

	private volatile @Nullable Status refusal;

	ServerRun(InFlightCalls server, int limit, CallRecorder.@Nullable Factory recorders,
			CallHooks.@Nullable Factory hooks) {
		this.server = server;
		this.methods = new TrackedMethods(this, recorders);
		this.hooks = hooks;
		this.application = new CallSet(limit);
	}

	TrackedMethods methods() {
		return this.methods;
	}

	CallSet application() {
		return this.application;
	}

	CallSet infrastructure() {
		return this.infrastructure;
	}

	ServerTimer timer() {
		return this.server.timer();
	}

	CallGuards guards() {
		return this.server.guards();
	}

	InboundMemory inboundMemory() {
		return this.server.inboundMemory();
	}

	/* The life of a call. */

	CallHooks hooks(TrackedMethod method, ServerCall<?, ?> call, Metadata headers) {
		return (this.hooks != null && method.application()) ? this.hooks.callStarted(call, headers) : CallHooks.NONE;
	}

	/**
	 * Adds a call that is going to get a handler, and closes it if it exceeds a limit or
	 * the server drains.
	 */
	void begun(InFlightCall call) {
		if (call.method().application()) {
			if (!this.application.add(call)) {
				refuse(call, RefusalReason.CONCURRENT_CALLS, RefusalStatus.concurrentCalls(this.application.limit()));
			}
		}
		else {
			InfrastructureStreams streams = this.server.infrastructureStreamLimit();
			boolean open = streams.open();
			this.infrastructure.add(call);
			if (!open) {
				refuse(call, RefusalReason.INFRASTRUCTURE_STREAMS,
						RefusalStatus.infrastructureStreams(streams.limit()));
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
	 * Called when a handler still runs after its call has been cancelled.
	 */
	void cancelled() {
		guards().abandoned().cancelled(this.server);
	}

	/**
	 * Called when the stream of a call has been closed and its handler has not been told.
	 */
	void endsLater() {
		guards().lost().lookLater(this.server);
	}

	/**
	 * Removes a call that is over.
	 */
	void ended(InFlightCall call) {
		if (!call.method().application()) {
			this.infrastructure.remove(call);
			this.server.infrastructureStreamLimit().ended();
			return;
		}
		this.application.remove(call);
		Runnable onIdle = this.onIdle;
		if (onIdle != null) {
			this.endedWhileDraining.increment();
			if (this.server.isCurrent(this) && this.application.size() == 0) {
				onIdle.run();
			}
		}
	}

	/* Calls that end in the queue of their executor. */

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

	/**
	 * Counts a call that has ended before it got a thread.
	 */
	void expired() {
		this.server.countExpired();
	}

	/* Refusals. */

	private void refuse(InFlightCall call, RefusalReason reason, Status status) {
		call.close(status);
		refused(reason, call.method(), status);
	}

	/**
	 * Reports that a call has been refused.
	 */
	void refused(RefusalReason reason, TrackedMethod method, Status status) {
		this.server.report(reason, () -> "refused a call to %s: %s%s".formatted(method.name(), status.getDescription(),
				(status.getCause() != null) ? ": " + status.getCause() : ""));
	}

	/**
	 * Reports that a call of an unknown method has been refused. The status has its name.
	 */
	void refusedUnknown(Status status) {
		this.server.report(RefusalReason.UNKNOWN_METHOD, () -> "refused a call: " + status.getDescription());
	}

	/**
	 * Reports that a call has been ended because of what it holds.
	 */
	void ended(RefusalReason reason, TrackedMethod method, Status status) {
		this.server.report(reason, () -> "ended a call to %s: %s".formatted(method.name(), status.getDescription()));
	}

	/* The drain. */

	void noteArrivals(boolean note) {
		this.lastArrival = timer().nanoTime();
		this.notesArrivals = note;
	}

	/**
	 * Returns when the last call of the application has arrived, or arrivals have been
	 * noted for the first time.
	 */
	long lastArrival() {
		return this.lastArrival;
	}

	boolean isDraining() {
		return this.onIdle != null || this.simulated;
	}

	void drain(Runnable onIdle) {
		this.notesArrivals = true;
		this.onIdle = onIdle;
		this.infrastructure.forEach((call) -> call.close(Status.OK));
		signalDrain();
	}

	/**
	 * Sends the drain signal, and nothing else.
	 */
	void simulateDrain() {
		this.simulated = true;
		signalDrain();
	}

	/**
	 * Ends a simulated drain: calls that begin from now on get no signal.
	 */
	void endSimulatedDrain() {
		this.simulated = false;
	}

	private void signalDrain() {
		this.application.forEach((call) -> {
			try {
				call.signalDrain();
			}
			catch (Throwable ex) {
				// The other calls must still get the signal.
				call.failed(ex);
			}
		});
	}

	/**
	 * Refuses all further calls of the application, or streaming ones only.
	 */
	void refuseCalls(Status status, boolean streamingOnly) {
		this.streamRefusal = status;
		if (!streamingOnly) {
			this.refusal = status;
		}
	}

	long endedWhileDraining() {
		return this.endedWhileDraining.sum();
	}

}
