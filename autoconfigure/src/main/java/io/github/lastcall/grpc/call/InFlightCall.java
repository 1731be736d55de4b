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

import io.github.lastcall.grpc.limits.RefusalReason;
import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * Life of a call, from its first frame until its stream is closed <em>and</em> the last
 * callback of its handler has returned. Meters, observations and the drain are told by
 * it. The call may use beans as long as it is in flight.
 * <p>
 * An ordinary call takes no lock here: event loops and handler threads must not wait for
 * each other.
 */
final class InFlightCall extends InboundTracer {

	static final Context.Key<InFlightCall> KEY = Context.key("io.github.lastcall.grpc.call");

	private final long startNanos;

	private final CallHolders holders = new CallHolders();

	private final CloseStatus closeStatus = new CloseStatus();

	private @Nullable OutboundMessages outbound;

	/**
	 * Runs the callbacks, {@code null} if the server runs all calls on event loops.
	 */
	private @Nullable CallbackExecutor callbacks;

	private volatile CallHooks hooks = CallHooks.NONE;

	/**
	 * The call as created by grpc-java, {@code null} until it begins. From the start of
	 * the handler on a {@link TrackedServerCall}.
	 */
	private volatile @Nullable ServerCall<?, ?> serverCall;

	/**
	 * Passes the callbacks to the handler, {@code null} until that is started.
	 */
	private volatile @Nullable TrackedListener<?> listener;

	private volatile @Nullable DrainActions drainActions;

	private int received;

	private int sent;

	/* Managed by LostCallbacks. */

	boolean noticed;

	boolean endedWithoutCallback;

	/* Managed by TrackedServerCall. */

	volatile boolean resolved;

	volatile boolean failing;

	volatile @Nullable ServerCall<?, ?> innermost;

	InFlightCall(TrackedMethod method) {
		super(method);
		this.startNanos = method.run().timer().nanoTime();
	}

	/**
	 * Starts the accounting of outbound messages. Called while the headers are read.
	 */
	void open() {
		this.outbound = OutboundMessages.open(this);
	}

	private ServerRun run() {
		return method().run();
	}

	CallHolders holders() {
		return this.holders;
	}

	CloseStatus closeStatus() {
		return this.closeStatus;
	}

	CallHooks hooks() {
		return this.hooks;
	}

	void replaceHooks(CallHooks hooks) {
		this.hooks = hooks;
	}

	@Nullable OutboundMessages outbound() {
		return this.outbound;
	}

	@Nullable CallbackExecutor callbacks() {
		return this.callbacks;
	}

	@Nullable TrackedListener<?> listener() {
		return this.listener;
	}

	@Nullable TrackedServerCall<?, ?> tracked() {
		return (this.serverCall instanceof TrackedServerCall<?, ?> tracked) ? tracked : null;
	}

	long startNanos() {
		return this.startNanos;
	}

	<T> @Nullable T attribute(Attributes.Key<T> key) {
		ServerCall<?, ?> serverCall = this.serverCall;
		return (serverCall != null) ? serverCall.getAttributes().get(key) : null;
	}

	ForcedCall forced() {
		String progress = method().streaming() ? ", %d messages received, %d sent".formatted(this.received, this.sent)
				: "";
		return new ForcedCall(method().name(), this.startNanos, attribute(Grpc.TRANSPORT_ATTR_REMOTE_ADDR), progress);
	}

	/* The stream. */

	@Override
	public Context filterContext(Context context) {
		return context.withValue(KEY, this);
	}

	/**
	 * Called when a method is found. It is unknown until then if it belongs to a service
	 * added by a customizer, or to a fallback registry.
	 */
	@Override
	public void serverCallStarted(ServerCallInfo<?, ?> call) {
		if (method().isUnknown()) {
			resolve(run().methods().resolve(call.getMethodDescriptor()));
		}
	}

	@Override
	public void inboundMessage(int number) {
		this.received = number + 1;
		CallRecorder recorder = method().recorder();
		if (recorder != null) {
			recorder.messageReceived();
		}
	}

	@Override
	public void outboundMessage(int number) {
		this.sent = number + 1;
		CallRecorder recorder = method().recorder();
		if (recorder != null) {
			recorder.messageSent();
		}
	}

	@Override
	public void outboundMessageSent(int number, long wireSize, long uncompressedSize) {
		if (this.outbound != null) {
			this.outbound.queued(wireSize);
		}
	}

	@Override
	void refuseMessage(RefusalReason reason, Status status) {
		// grpc-java takes an exception during decompression for an error of the handler.
		close(status);
		super.refuseMessage(reason, status);
	}

	@Override
	public void streamClosed(Status status) {
		if (this.holders.isReleasedByStream()) {
			return;
		}
		try {
			if (method().isUnknown() && status.getCode() == Status.Code.UNIMPLEMENTED) {
				run().refusedUnknown(status);
			}
			this.closeStatus.streamClosed(status);
			CallRecorder recorder = method().recorder();
			if (recorder != null) {
				recorder.ended(this.closeStatus.outcome(), run().timer().nanoTime() - this.startNanos);
			}
		}
		finally {
			releaseStream();
			if (this.holders.isHeldByHandlerOnly()) {
				run().endsLater();
				if (!status.isOk()) {
					cancelled();
				}
			}
		}
	}

	private void releaseStream() {
		OutboundMessages outbound = this.outbound;
		if (outbound != null) {
			outbound.close();
		}
		if (this.holders.releaseStream()) {
			over();
		}
		if (outbound != null) {
			outbound.released();
		}
	}

	/**
	 * Called when the client has ended the call and the handler does not know yet.
	 */
	private void cancelled() {
		TrackedListener<?> listener = this.listener;
		if (listener == null && this.callbacks != null) {
			this.callbacks.withdraw();
		}
		else if (listener != null && listener.thread() != null) {
			run().cancelled();
		}
	}

	/**
	 * Clears a call that has been withdrawn, because it stays in the queue of its
	 * executor.
	 */
	void clear() {
		this.serverCall = null;
		this.listener = null;
	}

	/* The handler. */

	/**
	 * Begins the call, which is certain to get a handler only now: grpc-java and every
	 * tracer may fail first, and then the end of the stream may be missing too.
	 */
	void begin(ServerCall<?, ?> serverCall, Metadata headers) {
		this.serverCall = serverCall;
		this.holders.acquire();
		this.hooks = run().hooks(method(), serverCall, headers);
		run().begun(this);
	}

	/**
	 * Begins the call and runs its callbacks on an executor.
	 * @return the executor for grpc-java
	 */
	Executor begin(ServerCall<?, ?> serverCall, Metadata headers, Executor executor) {
		CallbackExecutor callbacks = new CallbackExecutor(this, executor);
		this.callbacks = callbacks;
		boolean begun = false;
		try {
			begin(serverCall, headers);
			callbacks.begin(serverCall);
			begun = true;
			return callbacks;
		}
		finally {
			if (!begun) {
				handlerDone();
			}
		}
	}

	<Q, R> ServerCall.Listener<Q> start(ServerCall<Q, R> serverCall, Metadata headers,
			ServerCallHandler<Q, R> handler) {
		boolean started = false;
		try {
			if (this.callbacks == null) {
				begin(serverCall, headers);
			}
			else {
				this.callbacks.checkStart();
			}
			TrackedServerCall<Q, R> tracked = new TrackedServerCall<>(serverCall, this);
			TrackedListener<Q> listener = new TrackedListener<>(this, headers);
			this.serverCall = tracked;
			this.listener = listener;
			// Read after writing: a concurrent close sees it, or is seen here.
			if (!this.closeStatus.isClosed()) {
				started = listener.start(tracked, handler);
				if (started) {
					return listener;
				}
			}
			else if (!this.closeStatus.isWithdrawn()) {
				tracked.closeByServer();
			}
		}
		catch (Throwable ex) {
			failed(ex);
		}
		finally {
			if (!started) {
				handlerDone();
			}
		}
		return new ServerCall.Listener<>() {
		};
	}

	/**
	 * Closes the call because a callback has thrown an exception. Does nothing if that is
	 * how a handler ends whose call has ended.
	 */
	void failed(Throwable ex) {
		if (!(ex instanceof CallEndedException ended && ended.isOf(this))) {
			TrackedServerCall.fail(this, ex);
		}
	}

	/**
	 * Releases the call on behalf of its handler, which gets no further callback.
	 */
	void handlerDone() {
		if (this.holders.releaseHandler()) {
			over();
		}
	}

	private void over() {
		releaseMessages();
		this.hooks.ended(this.closeStatus.outcome());
		run().ended(this);
	}

	/**
	 * Returns the executor that runs tasks between the callbacks of the call, never
	 * beside one.
	 */
	Executor serializing() {
		CallbackExecutor callbacks = this.callbacks;
		Executor eventLoop = (callbacks == null || callbacks.isDirect()) ? attribute(Connections.EVENT_LOOP) : null;
		if (eventLoop != null) {
			return eventLoop;
		}
		return (callbacks != null) ? callbacks.serializing() : Runnable::run;
	}

	/* Closing. */

	/**
	 * Closes the call on behalf of the server, so that the client receives a status. The
	 * handler sees a cancellation unless the status is OK. Does nothing if the call has
	 * been closed already; a call whose handler has not been started does not start it.
	 * @param status the status that the client receives
	 * @return whether the call was open
	 */
	boolean close(Status status) {
		return close(status, new Metadata());
	}

	boolean close(Status status, Metadata trailers) {
		if (!this.closeStatus.closeByServer(status, trailers)) {
			return false;
		}
		if (this.outbound != null) {
			this.outbound.wakeSender();
		}
		TrackedServerCall<?, ?> tracked = tracked();
		if (tracked != null) {
			tracked.closeByServer();
		}
		return true;
	}

	/**
	 * Returns why the client does not receive what the handler sends.
	 * @return the reason, {@code null} if the client does receive it or the handler has
	 * closed the call
	 */
	@Nullable String whyEnded() {
		Status status = this.closeStatus.byServer();
		if (status != null) {
			return status.isOk() ? null : "The server closed the call: " + status.getDescription();
		}
		return (this.holders.isReleasedByStream() && !this.closeStatus.isClosed())
				? "The call has ended: it was cancelled, its client disconnected or its deadline expired" : null;
	}

	/* The drain signal. */

	/**
	 * Adds an action to run when the server drains, or runs it if the server does.
	 */
	void onDrain(Runnable action) {
		drainActions().add(action);
		// Read after adding: a drain that starts now sees the action, or is seen here.
		if (run().isDraining()) {
			signalDrain();
		}
	}

	private synchronized DrainActions drainActions() {
		DrainActions actions = this.drainActions;
		if (actions == null) {
			actions = new DrainActions();
			this.drainActions = actions;
		}
		return actions;
	}

	/**
	 * Runs the drain actions, unless the call has none or has ended.
	 */
	void signalDrain() {
		DrainActions actions = this.drainActions;
		TrackedListener<?> listener = this.listener;
		if (actions != null && listener != null) {
			actions.run(serializing(), (action) -> {
				if (!this.closeStatus.isClosed() && !this.holders.isReleasedByAny()) {
					listener.runDrainAction(action);
				}
			});
		}
	}

}
