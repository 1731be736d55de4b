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

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.function.Consumer;

import io.github.lastcall.grpc.limits.OutboundBuffers;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.Status;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Server call that both its handler and the server may close. The first one wins, and
 * what the handler sends afterwards is dropped.
 * <p>
 * grpc-java's call must not be closed while something is being sent on it. The server
 * therefore closes the call itself if nothing is being sent, and leaves it to the sending
 * thread otherwise. Neither waits for the other.
 * <p>
 * Also closes calls that fail. {@code resolved} tells that it has been decided what the
 * client receives, {@code failing} that a callback has thrown an exception that the call
 * is being closed with, and {@code innermost} is the call that the handler has if
 * interceptors have made another one of the tracked one.
 *
 * @param <Q> the type of the requests
 * @param <R> the type of the responses
 */
final class TrackedServerCall<Q, R> extends SimpleForwardingServerCall<Q, R> {

	private static final Log logger = LogFactory.getLog(TrackedServerCall.class);

	private static final int FREE = 0;

	private static final int SENDING = 1;

	private static final int SENDING_THEN_CLOSE = 2;

	@SuppressWarnings("rawtypes")
	private static final AtomicIntegerFieldUpdater<TrackedServerCall> GATE = AtomicIntegerFieldUpdater
		.newUpdater(TrackedServerCall.class, "gate");

	private final InFlightCall call;

	private volatile int gate = FREE;

	/**
	 * Whether the handler has requested a message, or none is requested ahead.
	 */
	private volatile boolean requested;

	TrackedServerCall(ServerCall<Q, R> delegate, InFlightCall call) {
		super(delegate);
		this.call = call;
		CallbackExecutor callbacks = call.callbacks();
		this.requested = callbacks == null || !callbacks.isRequestedAhead();
	}

	boolean isRequested() {
		return this.requested;
	}

	/**
	 * Requests messages, but for those that have been requested ahead.
	 */
	@Override
	public void request(int messages) {
		if (this.requested || messages < 1) {
			super.request(messages);
			return;
		}
		this.requested = true;
		if (messages > CallbackExecutor.REQUESTED_AHEAD) {
			super.request(messages - CallbackExecutor.REQUESTED_AHEAD);
		}
		TrackedListener<?> listener = this.call.listener();
		if (listener != null && (!listener.isCurrentThread() || listener.isHoldingBack())) {
			// After a callback that has not seen this.
			this.call.serializing().execute(listener::passHeldBack);
		}
	}

	@Override
	public void sendHeaders(Metadata headers) {
		this.call.hooks().sendingHeaders(headers);
		boolean entered = enter();
		try {
			if (this.call.closeStatus().byServer() == null) {
				super.sendHeaders(headers);
			}
		}
		finally {
			leave(entered);
		}
	}

	/**
	 * Sends a message. If the call has ended, the message is dropped, and a handler that
	 * sends a stream from a callback is ended with an exception, because a loop that
	 * sends learns of the end in no other way.
	 */
	@Override
	public void sendMessage(R message) {
		OutboundMessages outbound = this.call.outbound();
		if (outbound == null) {
			send(message, 0);
			return;
		}
		if (outbound.queued() >= OutboundBuffers.ALWAYS) {
			// Outside of the gate: the drain need not wait for a client.
			outbound.makeRoom(blockable());
		}
		long begun = outbound.beginMessage(message);
		try {
			send(message, begun);
		}
		finally {
			if (begun > 0) {
				outbound.endMessage(begun);
			}
		}
	}

	/**
	 * Returns the executor of the current thread if the handler can wait for its client:
	 * nothing that the client sends may wait behind it.
	 */
	private @Nullable Executor blockable() {
		CallbackExecutor callbacks = this.call.callbacks();
		if (callbacks == null || getMethodDescriptor().getType() != MethodType.SERVER_STREAMING
				|| !isCallbackThread()) {
			return null;
		}
		return callbacks.blockable();
	}

	private boolean isCallbackThread() {
		TrackedListener<?> listener = this.call.listener();
		return listener != null && listener.isCurrentThread();
	}

	private void send(R message, long begun) {
		String ended = this.call.whyEnded();
		if (ended != null && isCallbackThread() && !getMethodDescriptor().getType().serverSendsOneMessage()) {
			throw new CallEndedException(this.call, ended);
		}
		boolean entered = enter();
		try {
			if (begun != OutboundMessages.REFUSED && this.call.closeStatus().byServer() == null) {
				super.sendMessage(message);
			}
		}
		finally {
			leave(entered);
		}
	}

	@Override
	public void close(Status status, Metadata trailers) {
		CallHooks.Failures failures = status.isOk() ? null : this.call.method().failures();
		if (failures == null) {
			closeByHandler(status, trailers);
		}
		else if (this.call.closeStatus().byServer() == null) {
			closeFailed(failures, status, trailers);
		}
	}

	private void closeFailed(CallHooks.Failures failures, Status status, Metadata trailers) {
		if (this.call.resolved) {
			CallHooks.Failure failure = failures.passedOn(failedCall(), status, trailers);
			close(failure);
			failure.log().run();
		}
		else {
			closeResolved(failures, this::close, status, trailers);
		}
	}

	private void closeByHandler(Status status, Metadata trailers) {
		if (this.call.closeStatus().closeByHandler(status)) {
			this.call.hooks().closing(trailers);
			super.close(status, trailers);
		}
	}

	private void close(CallHooks.Failure failure) {
		if (this.call.failing) {
			if (!this.call.closeStatus().isClosed()) {
				this.call.hooks().closing(failure.trailers());
				this.call.close(failure.status(), failure.trailers());
			}
		}
		else {
			closeByHandler(failure.status(), failure.trailers());
		}
	}

	/**
	 * Closes the call with what a status of the handler becomes.
	 */
	private void closeResolved(CallHooks.Failures failures, Consumer<CallHooks.Failure> close, Status status,
			Metadata trailers) {
		Object scope = this.call.hooks().beforeCallback();
		try {
			CallHooks.Failure failure = failures.closed(failedCall(), status, trailers);
			close.accept(failure);
			failure.log().run();
		}
		finally {
			this.call.hooks().afterCallback(scope);
		}
	}

	/**
	 * Closes a call because a callback has thrown an exception. Without anything that
	 * decides about failures, the client is not told more than that there was one.
	 */
	static void fail(InFlightCall call, Throwable ex) {
		CallHooks.Failures failures = call.method().failures();
		TrackedServerCall<?, ?> tracked = call.tracked();
		if (failures != null && tracked != null) {
			tracked.fail(failures, ex);
			return;
		}
		try {
			logger.error("The handler of " + call.method().name() + " failed", ex);
		}
		finally {
			call.close(Status.UNKNOWN.withDescription("Application error processing RPC").withCause(ex));
		}
	}

	/**
	 * Closes the call through the call that the handler has, so that interceptors see it.
	 * Called in the scope of the call. An exception of a call that has ended is logged
	 * only.
	 */
	private void fail(CallHooks.Failures failures, Throwable ex) {
		CallHooks.Failure failure = failures.thrown(failedCall(), ex);
		if (!this.call.closeStatus().isClosed() && !this.call.holders().isReleasedByStream()) {
			this.call.failing = true;
			this.call.resolved = true;
			ServerCall<?, ?> innermost = this.call.innermost;
			try {
				((innermost != null) ? innermost : this).close(failure.status(), failure.trailers());
			}
			catch (Throwable closing) {
				if (closing != ex) {
					ex.addSuppressed(closing);
				}
			}
			// Does nothing unless an interceptor has not passed it on.
			close(failure);
		}
		failure.log().run();
	}

	private CallHooks.FailedCall failedCall() {
		TrackedListener<?> listener = this.call.listener();
		Assert.state(listener != null, "No listener");
		return listener.failedCall(delegate());
	}

	/**
	 * Closes the call on behalf of the server, which has set the status.
	 */
	void closeByServer() {
		while (!GATE.compareAndSet(this, SENDING, SENDING_THEN_CLOSE)) {
			if (enter()) {
				this.gate = SENDING_THEN_CLOSE;
				leave(true);
				return;
			}
			if (this.gate == SENDING_THEN_CLOSE) {
				return;
			}
		}
	}

	/**
	 * Enters the gate. A handler must not send from two threads at once. One that does,
	 * or that sends while it sends (a transport in the same process), goes on as without
	 * a gate.
	 */
	private boolean enter() {
		return GATE.compareAndSet(this, FREE, SENDING);
	}

	private void leave(boolean entered) {
		if (!entered || GATE.compareAndSet(this, SENDING, FREE)) {
			return;
		}
		// The gate stays closed from here on.
		Status status = this.call.closeStatus().byServer();
		if (status != null) {
			super.close(status, this.call.closeStatus().trailersByServer());
			TrackedListener<?> listener = this.call.listener();
			if (!status.isOk() && listener != null) {
				listener.cancelContext(status);
			}
		}
	}

	@Override
	public boolean isReady() {
		return this.call.closeStatus().byServer() == null && super.isReady();
	}

	@Override
	public boolean isCancelled() {
		return super.isCancelled() || this.call.closeStatus().isCancelledByServer();
	}

	/**
	 * Returns the call for the handler, if interceptors have made another call of the
	 * tracked one: they see the statuses that the client receives.
	 */
	static <Q, R> ServerCall<Q, R> innermost(ServerCall<Q, R> call) {
		InFlightCall inFlight = (call instanceof TrackedServerCall) ? null : InFlightCall.KEY.get();
		TrackedServerCall<?, ?> tracked = (inFlight != null) ? inFlight.tracked() : null;
		if (inFlight == null || tracked == null) {
			return call;
		}
		inFlight.innermost = call;
		return new InnermostCall<>(call, tracked);
	}

	private static final class InnermostCall<Q, R> extends SimpleForwardingServerCall<Q, R> {

		private final TrackedServerCall<?, ?> tracked;

		InnermostCall(ServerCall<Q, R> delegate, TrackedServerCall<?, ?> tracked) {
			super(delegate);
			this.tracked = tracked;
		}

		@Override
		public void close(Status status, Metadata trailers) {
			InFlightCall call = this.tracked.call;
			CallHooks.Failures failures = status.isOk() ? null : call.method().failures();
			if (failures == null) {
				super.close(status, trailers);
			}
			else if (!call.resolved && call.closeStatus().byServer() == null) {
				this.tracked.closeResolved(failures, (failure) -> {
					call.resolved = true;
					super.close(failure.status(), failure.trailers());
				}, status, trailers);
			}
		}

	}

}
