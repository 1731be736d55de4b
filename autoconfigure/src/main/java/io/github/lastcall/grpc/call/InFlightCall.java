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

import java.net.SocketAddress;
import java.util.concurrent.Executor;

import io.github.lastcall.grpc.executor.CallScope;
import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.executor.ServerThreadPool;
import io.github.lastcall.grpc.limits.OutboundBuffers;
import io.github.lastcall.grpc.limits.RefusalReason;
import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * One call, from the moment its stream exists (so before an executor has a thread for it)
 * until the stream is closed <em>and</em> the last callback of its handler has returned:
 * as long as it is in flight it may use beans.
 * <p>
 * Nothing on the way of an ordinary call takes a lock: the event loop must not wait for
 * the thread of a handler, nor the other way round.
 */
class InFlightCall extends ClosableCall implements OutboundBuffers.Holder {

	static final Context.Key<InFlightCall> KEY = Context.key("io.github.lastcall.grpc.call");

	private static final Log logger = LogFactory.getLog(InFlightCall.class);

	private final long startNanos;

	private Context context = Context.ROOT;

	/**
	 * As grpc-java has made it, and tracked from the moment its handler begins.
	 */
	private volatile @Nullable ServerCall<?, ?> serverCall;

	/**
	 * Whether there is an executor that has been asked for. There is none on a server
	 * whose calls all run on event loops.
	 */
	private boolean supplied;

	/**
	 * Belongs to {@link AbandonedHandlers}.
	 */
	private byte abandonedSamples;

	/**
	 * Belongs to the callbacks.
	 */
	private @Nullable TrackedListener<?> listener;

	/* What follows belongs to LostCallbacks. */

	private boolean noticed;

	boolean endedWithoutCallback;

	InFlightCall(TrackedMethod method) {
		super(method);
		this.startNanos = method.life().nanoTime();
	}

	TrackedMethod method() {
		return this.method;
	}

	@Override
	public long startNanos() {
		return this.startNanos;
	}

	private @Nullable SocketAddress peer() {
		return attribute(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
	}

	/**
	 * What is told of the call when it had to be closed.
	 */
	ForcedCall forced() {
		return new ForcedCall(this.method.name(), this.startNanos, peer(), progress());
	}

	<T> @Nullable T attribute(Attributes.Key<T> key) {
		ServerCall<?, ?> serverCall = this.serverCall;
		return (serverCall != null) ? serverCall.getAttributes().get(key) : null;
	}

	/**
	 * What to say of a call that had to be closed: where its messages have got to.
	 * @return text to append, empty for a call that has but one message each way
	 */
	String progress() {
		return "";
	}

	@Override
	public Context filterContext(Context context) {
		return context.withValue(KEY, this);
	}

	/**
	 * A service that a customizer has added, or a fallback registry, has answered for the
	 * method.
	 */
	@Override
	public final void serverCallStarted(ServerCallInfo<?, ?> call) {
		if (this.method.isUnknown()) {
			this.method = this.method.life().resolve(call.getMethodDescriptor());
		}
	}

	/**
	 * The call is going to get a handler. Not known any earlier: until all tracers and
	 * grpc-java itself have looked at the call, each of them can still fail, and then
	 * there is neither a handler nor always an end of the stream.
	 */
	void begin() {
		// Others see it with the slot that the call gets. A stream may have been closed
		// already.
		hold();
		this.method.life().begun(this);
	}

	@Override
	void refuseMessage(RefusalReason reason, Status status) {
		// What is thrown while a message is decompressed is an error of the handler to
		// grpc-java.
		close(status);
		super.refuseMessage(reason, status);
	}

	@Override
	public void inboundMessage(int seqNo) {
		CallRecorder recorder = this.method.recorder();
		if (recorder != null) {
			recorder.messageReceived();
		}
	}

	@Override
	public void outboundMessage(int seqNo) {
		CallRecorder recorder = this.method.recorder();
		if (recorder != null) {
			recorder.messageSent();
		}
	}

	@Override
	public void streamClosed(Status status) {
		if (isStreamDone()) {
			return;
		}
		try {
			if (this.method.isUnknown() && status.getCode() == Status.Code.UNIMPLEMENTED) {
				this.method.life().refusedUnknown(status);
			}
			CallRecorder recorder = this.method.recorder();
			if (recorder != null) {
				recorder.ended(outcome(status).getCode(), this.method.life().nanoTime() - this.startNanos);
			}
		}
		finally {
			releaseOutbound();
			streamDone();
			if (isHeldByHandler()) {
				this.method.life().endsLater();
				if (!status.isOk()) {
					cancelled();
				}
			}
		}
	}

	private void cancelled() {
		if (this.serverCall instanceof TrackedServerCall<?, ?>) {
			if (handlerThread() != null) {
				this.method.life().cancelled();
			}
		}
		else if (isWaiting() && this.method.life().mayWithdraw() && takeCallbacks()) {
			withdraw();
		}
	}

	/**
	 * End the call here, without a handler, instead of where it waits for a thread: it
	 * gives its place back at once.
	 */
	private void withdraw() {
		if (this.serverCall instanceof TrackedServerCall<?, ?>) {
			// It had begun meanwhile, and these are later callbacks.
			handBackCallbacks();
			return;
		}
		this.method.life().withdrawn();
		closeWithdrawn();
		runOn(ServerExecutor.DIRECT);
		try {
			runCallbacks();
		}
		finally {
			// It stays in the queue of its executor.
			this.serverCall = null;
			this.context = Context.ROOT;
		}
	}

	/**
	 * Whoever has come for the callbacks has found none.
	 */
	@Override
	void nothingWaits() {
		if (isWithdrawn()) {
			this.method.life().withdrawnReached();
		}
	}

	@Override
	void ended() {
		releaseMessages();
		this.method.life().ended(this);
	}

	/**
	 * Let the call begin, and its callbacks run on an executor unless the call has been
	 * closed already.
	 * @param serverCall the call as grpc-java has made it
	 * @param executor the executor
	 * @return the guarded executor
	 */
	Executor on(ServerCall<?, ?> serverCall, Executor executor) {
		this.serverCall = serverCall;
		this.supplied = true;
		boolean begun = false;
		try {
			begin();
			if (executor instanceof ServerThreadPool pool && pool.isFull(this.method.life().withdrawnWaiting())
					&& close(FULL)) {
				refused(FULL);
			}
			runOn(isClosed() ? ServerExecutor.DIRECT : executor);
			begun = true;
			return this;
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
			// Nobody has asked for an executor: a server on event loops.
			if (!hasSlot()) {
				begin();
			}
			TrackedServerCall<Q, R> tracked = new TrackedServerCall<>(serverCall, this);
			this.context = Context.current();
			this.serverCall = tracked;
			// Read after writing: who closes the call now sees it, or is seen here.
			if (!isClosed()) {
				TrackedListener<Q> listener = new TrackedListener<>(this, tracked,
						startCall(tracked, headers, handler));
				this.listener = listener;
				started = true;
				return listener;
			}
			if (!isWithdrawn()) {
				tracked.closeFromOutside();
			}
		}
		catch (RuntimeException ex) {
			failedToBegin(ex);
			rethrow(ex);
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

	private static <Q, R> ServerCall.Listener<Q> startCall(TrackedServerCall<Q, R> call, Metadata headers,
			ServerCallHandler<Q, R> handler) {
		Thread outer = call.enterCallback();
		try {
			return handler.startCall(call, headers);
		}
		finally {
			call.leaveCallback(outer);
		}
	}

	/**
	 * A callback has thrown something, which grpc-java is to report, unless it is how a
	 * handler ends whose call has.
	 */
	void rethrow(RuntimeException ex) {
		if (!(ex instanceof CallEndedException ended && ended.isOf(this))) {
			throw ex;
		}
	}

	/**
	 * A callback has returned to grpc-java. On an event loop that is the end of a run; an
	 * executor has its own.
	 */
	void callbackReturned() {
		if (!this.supplied) {
			this.method.life().guards().threadStates().clear();
		}
	}

	/**
	 * Why nobody gets what the handler sends.
	 * @return the reason, {@code null} if somebody does, or the handler itself has closed
	 * the call
	 */
	@Override
	@Nullable String whyEnded() {
		Status status = closedFromOutside();
		if (status != null) {
			return status.isOk() ? null : "The server closed the call: " + status.getDescription();
		}
		return (!isClosed() && isStreamDone())
				? "The call has ended: it was cancelled, its client disconnected or its deadline expired" : null;
	}

	/* Handlers that run on. */

	@Nullable Thread handlerThread() {
		return (this.serverCall instanceof TrackedServerCall<?, ?> tracked) ? tracked.callbackThread() : null;
	}

	boolean mayBeInterrupted() {
		return this.method.life().guards().abandoned().isInterrupting();
	}

	/**
	 * Interrupt the handler, unless its thread is an event loop.
	 */
	void interruptHandler() {
		if (!isDirect() && this.serverCall instanceof TrackedServerCall<?, ?> tracked) {
			tracked.interruptCallback();
		}
	}

	/**
	 * Look whether a callback runs although the stream has been closed.
	 * @return for how many samples one has
	 */
	int sampleAbandoned() {
		boolean abandoned = isHeldByHandler() && handlerThread() != null;
		this.abandonedSamples = (byte) (abandoned ? Math.min(this.abandonedSamples + 1, Byte.MAX_VALUE) : 0);
		return this.abandonedSamples;
	}

	int abandonedSamples() {
		return (handlerThread() != null) ? this.abandonedSamples : 0;
	}

	/**
	 * Close the call from outside of its handler, through the call, so that the client
	 * gets a status. The handler sees a cancellation unless the status is OK. Does
	 * nothing if the call has been closed already; a call whose handler has not begun is
	 * closed instead of handled.
	 * @param status the status that the client gets
	 * @return whether the call was not closed yet
	 */
	@Override
	boolean close(Status status) {
		if (!closeFromOutside(status)) {
			return false;
		}
		wakeSender();
		if (this.serverCall instanceof TrackedServerCall<?, ?> tracked) {
			tracked.closeFromOutside();
		}
		return true;
	}

	/**
	 * The call has been closed from outside. The handler may be busy; whoever waits for
	 * its context is told at once.
	 */
	void cancelContext(Status status) {
		if (this.context instanceof Context.CancellableContext cancellable) {
			cancellable.cancel(status.asException());
		}
	}

	/* Callbacks that do not come. */

	boolean isNoticedAgain() {
		boolean again = this.noticed;
		this.noticed = true;
		return again;
	}

	/**
	 * Tell the handler that its call has ended, as nobody else does. To be called where
	 * the callbacks run.
	 */
	void endWithoutCallback() {
		close(Status.CANCELLED);
		cancelContext(Status.CANCELLED);
		TrackedListener<?> listener = this.listener;
		if (listener != null) {
			this.context.run(listener::onCancel);
		}
		else {
			handlerDone();
		}
	}

	@Override
	void refused(Status status) {
		this.method.life().rejected(this, status);
	}

	@Override
	@Nullable Executor eventLoop() {
		return attribute(Connections.EVENT_LOOP);
	}

	/* The drain signal. */

	@Override
	boolean isDraining() {
		return this.method.life().isDraining();
	}

	@Override
	boolean isOver() {
		return isEnding() || isClosed();
	}

	/**
	 * Run what has no caller that could be told of a failure: as with grpc-java, the
	 * client learns nothing but that there was one.
	 */
	@Override
	void run(Runnable task) {
		TrackedServerCall<?, ?> tracked = (this.serverCall instanceof TrackedServerCall<?, ?> begun) ? begun : null;
		Thread outer = (tracked != null) ? tracked.enterCallback() : null;
		Context previous = this.context.attach();
		try {
			CallScope.around(CallScope.around(task, CallScope.KEY.get()), this.method.scope()).run();
		}
		catch (RuntimeException | Error ex) {
			if (!(ex instanceof CallEndedException)) {
				failed(ex);
			}
		}
		finally {
			this.context.detach(previous);
			if (tracked != null) {
				tracked.leaveCallback(outer);
			}
		}
	}

	@Override
	void failed(Throwable ex) {
		try {
			logger.error("The handler of " + this.method.name() + " failed", ex);
		}
		finally {
			close(Status.UNKNOWN.withDescription("Application error processing RPC").withCause(ex));
		}
	}

}
