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

import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;

import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * One call, from the moment its stream exists (so before an executor has a thread for it)
 * until the stream is closed <em>and</em> the last callback of its handler has returned:
 * as long as it is in flight it may use beans.
 */
final class InFlightCall extends ServerStreamTracer {

	static final Context.Key<InFlightCall> KEY = Context.key("io.github.lastcall.grpc.shutdown.call");

	private static final Log logger = LogFactory.getLog(InFlightCall.class);

	private final InFlightCalls calls;

	private final TrackedMethod method;

	private final long startNanos;

	private final CallbackSerializer callbacks = new CallbackSerializer();

	private @Nullable SocketAddress peer;

	private int messagesReceived;

	private int messagesSent;

	/* What follows is written under this object's monitor only. */

	private boolean handlerPending;

	private boolean streamClosed;

	private volatile @Nullable Status closedFromOutside;

	private @Nullable TrackedServerCall<?, ?> serverCall;

	private Context context = Context.ROOT;

	private @Nullable List<Runnable> drainActions;

	InFlightCall(InFlightCalls calls, TrackedMethod method, long startNanos) {
		this.calls = calls;
		this.method = method;
		this.startNanos = startNanos;
	}

	TrackedMethod method() {
		return this.method;
	}

	long startNanos() {
		return this.startNanos;
	}

	@Nullable SocketAddress peer() {
		return this.peer;
	}

	int messagesReceived() {
		return this.messagesReceived;
	}

	int messagesSent() {
		return this.messagesSent;
	}

	/**
	 * Called when the call is going to get a handler. Streams that are refused before (an
	 * unknown compression) never get here.
	 */
	@Override
	public Context filterContext(Context context) {
		synchronized (this) {
			this.handlerPending = true;
		}
		return context.withValue(KEY, this);
	}

	@Override
	public void serverCallStarted(ServerCallInfo<?, ?> callInfo) {
		this.peer = callInfo.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
	}

	@Override
	public void inboundMessage(int seqNo) {
		this.messagesReceived = seqNo + 1;
	}

	@Override
	public void outboundMessage(int seqNo) {
		this.messagesSent = seqNo + 1;
	}

	@Override
	public void streamClosed(Status status) {
		boolean ended;
		synchronized (this) {
			this.streamClosed = true;
			this.drainActions = null;
			ended = !this.handlerPending;
		}
		if (ended) {
			this.calls.remove(this);
		}
	}

	void handlerDone() {
		boolean ended;
		synchronized (this) {
			this.handlerPending = false;
			this.drainActions = null;
			ended = this.streamClosed;
		}
		if (ended) {
			this.calls.remove(this);
		}
	}

	<Q, R> ServerCall.Listener<Q> start(ServerCall<Q, R> serverCall, Metadata headers,
			ServerCallHandler<Q, R> handler) {
		TrackedServerCall<Q, R> tracked = new TrackedServerCall<>(serverCall, this);
		Status closed;
		synchronized (this) {
			this.serverCall = tracked;
			this.context = Context.current();
			closed = this.closedFromOutside;
			if (closed != null) {
				tracked.closeFromOutside(closed);
			}
		}
		if (closed != null) {
			handlerDone();
			return new ServerCall.Listener<>() {
			};
		}
		boolean started = false;
		// Nobody else knows the call yet but those who see it in flight, and they only
		// leave tasks.
		boolean entered = this.callbacks.enter();
		try {
			ServerCall.Listener<Q> listener = new TrackedListener<>(this, this.callbacks,
					handler.startCall(tracked, headers));
			started = true;
			return listener;
		}
		finally {
			if (entered) {
				this.callbacks.exit();
			}
			if (!started) {
				handlerDone();
			}
		}
	}

	/**
	 * Close the call from outside of its handler, through the call, so that the client
	 * gets a status. The handler sees a cancellation unless the status is OK. Does
	 * nothing if the call has been closed already; a call whose handler has not begun is
	 * closed instead of handled.
	 * @param status the status that the client gets
	 * @return whether the call was not closed yet
	 */
	boolean close(Status status) {
		Context context;
		synchronized (this) {
			TrackedServerCall<?, ?> serverCall = this.serverCall;
			if (this.closedFromOutside != null || (serverCall != null && serverCall.isClosed())) {
				return false;
			}
			this.closedFromOutside = status;
			if (serverCall == null) {
				return true;
			}
			serverCall.closeFromOutside(status);
			context = this.context;
		}
		if (!status.isOk() && context instanceof Context.CancellableContext cancellable) {
			// The handler may be busy; whoever waits for its context is told at once.
			cancellable.cancel(status.asException());
		}
		return true;
	}

	boolean isClosedFromOutside() {
		return this.closedFromOutside != null;
	}

	boolean isCancelledFromOutside() {
		Status status = this.closedFromOutside;
		return status != null && !status.isOk();
	}

	/* The drain signal. */

	boolean isDraining() {
		return this.calls.isDraining();
	}

	/**
	 * Remember what to do when the server drains, or do it if it does.
	 */
	void onDrain(Runnable action) {
		synchronized (this) {
			if (isOver()) {
				return;
			}
			List<Runnable> actions = this.drainActions;
			if (actions == null) {
				actions = new ArrayList<>(1);
				this.drainActions = actions;
			}
			actions.add(action);
		}
		// Read after adding: a drain that starts now sees the action, or is seen here.
		if (isDraining()) {
			signalDrain();
		}
	}

	/**
	 * Run what is to be done when the server drains, once, between the callbacks of the
	 * call.
	 */
	void signalDrain() {
		List<Runnable> actions;
		synchronized (this) {
			actions = this.drainActions;
			this.drainActions = null;
		}
		if (actions == null) {
			return;
		}
		for (Runnable action : actions) {
			Runnable task = () -> {
				if (!isOverNow()) {
					runBetweenCallbacks(action);
				}
			};
			if (this.callbacks.enterOrLeave(task)) {
				executor().execute(() -> {
					try {
						task.run();
					}
					finally {
						this.callbacks.exit();
					}
				});
			}
		}
	}

	private Executor executor() {
		return this.calls.executor();
	}

	private synchronized boolean isOverNow() {
		return isOver();
	}

	private boolean isOver() {
		TrackedServerCall<?, ?> serverCall = this.serverCall;
		return this.streamClosed || this.closedFromOutside != null || (serverCall != null && serverCall.isClosed());
	}

	/**
	 * Run what has no caller that could be told of a failure: as with grpc-java, the
	 * client learns nothing but that there was one.
	 */
	void runBetweenCallbacks(Runnable task) {
		Context previous = this.context.attach();
		try {
			task.run();
		}
		catch (RuntimeException | Error ex) {
			logger.error("The handler of " + this.method.name() + " failed", ex);
			close(Status.UNKNOWN.withDescription("Application error processing RPC"));
		}
		finally {
			this.context.detach(previous);
		}
	}

}
