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

import io.grpc.Context;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * One call, from the moment its stream exists (so before an executor has a thread for it)
 * until the stream is closed <em>and</em> the last callback of its handler has returned:
 * as long as it is in flight it may use beans.
 */
final class InFlightCall extends ServerStreamTracer {

	static final Context.Key<InFlightCall> KEY = Context.key("io.github.lastcall.grpc.shutdown.call");

	private final InFlightCalls calls;

	private final String method;

	private final boolean application;

	private final long startNanos;

	private @Nullable SocketAddress peer;

	private int messagesReceived;

	private int messagesSent;

	/* What follows is written under this object's monitor only. */

	private boolean handlerPending;

	private boolean streamClosed;

	private volatile @Nullable Status closedFromOutside;

	private @Nullable TrackedServerCall<?, ?> serverCall;

	private Context.@Nullable CancellableContext context;

	InFlightCall(InFlightCalls calls, String method, boolean application, long startNanos) {
		this.calls = calls;
		this.method = method;
		this.application = application;
		this.startNanos = startNanos;
	}

	String method() {
		return this.method;
	}

	boolean isApplication() {
		return this.application;
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
			ended = !this.handlerPending;
		}
		if (ended) {
			this.calls.remove(this);
		}
	}

	private void handlerDone() {
		boolean ended;
		synchronized (this) {
			this.handlerPending = false;
			ended = this.streamClosed;
		}
		if (ended) {
			this.calls.remove(this);
		}
	}

	/**
	 * Close the call from outside of its handler, through the call, so that the client
	 * gets a status. The handler sees a cancellation unless the status is OK. Does
	 * nothing if the call has been closed already; a call whose handler has not begun is
	 * closed instead of handled.
	 * @param status the status that the client gets
	 */
	void close(Status status) {
		Context.CancellableContext context;
		synchronized (this) {
			TrackedServerCall<?, ?> serverCall = this.serverCall;
			if (this.closedFromOutside != null || (serverCall != null && serverCall.closed)) {
				return;
			}
			this.closedFromOutside = status;
			if (serverCall == null) {
				return;
			}
			serverCall.closeNow(status);
			context = this.context;
		}
		if (context != null && !status.isOk()) {
			// The handler may be busy; whoever waits for its context is told at once.
			context.cancel(status.asException());
		}
	}

	<Q, R> ServerCall.Listener<Q> start(ServerCall<Q, R> serverCall, Metadata headers,
			ServerCallHandler<Q, R> handler) {
		TrackedServerCall<Q, R> tracked = new TrackedServerCall<>(serverCall, this);
		Status closed;
		synchronized (this) {
			this.serverCall = tracked;
			this.context = (Context.current() instanceof Context.CancellableContext cancellable) ? cancellable : null;
			closed = this.closedFromOutside;
			if (closed != null) {
				tracked.closeNow(closed);
			}
		}
		if (closed != null) {
			handlerDone();
			return new ServerCall.Listener<>() {
			};
		}
		boolean started = false;
		try {
			ServerCall.Listener<Q> listener = new TrackedListener<>(handler.startCall(tracked, headers), this);
			started = true;
			return listener;
		}
		finally {
			if (!started) {
				handlerDone();
			}
		}
	}

	private boolean isCancelledFromOutside() {
		Status status = this.closedFromOutside;
		return status != null && !status.isOk();
	}

	/**
	 * A call that two sides may close: the handler and the drain. The first wins, what
	 * the handler sends afterwards is dropped.
	 */
	private static final class TrackedServerCall<Q, R> extends SimpleForwardingServerCall<Q, R> {

		private final InFlightCall call;

		private boolean closed;

		TrackedServerCall(ServerCall<Q, R> delegate, InFlightCall call) {
			super(delegate);
			this.call = call;
		}

		void closeNow(Status status) {
			super.close(status, new Metadata());
		}

		@Override
		public void sendHeaders(Metadata headers) {
			synchronized (this.call) {
				if (this.call.closedFromOutside == null) {
					super.sendHeaders(headers);
				}
			}
		}

		@Override
		public void sendMessage(R message) {
			synchronized (this.call) {
				if (this.call.closedFromOutside == null) {
					super.sendMessage(message);
				}
			}
		}

		@Override
		public void close(Status status, Metadata trailers) {
			synchronized (this.call) {
				if (this.call.closedFromOutside == null) {
					this.closed = true;
					super.close(status, trailers);
				}
			}
		}

		@Override
		public boolean isReady() {
			return this.call.closedFromOutside == null && super.isReady();
		}

		@Override
		public boolean isCancelled() {
			return super.isCancelled() || this.call.isCancelledFromOutside();
		}

	}

	private static final class TrackedListener<Q> extends SimpleForwardingServerCallListener<Q> {

		private final InFlightCall call;

		TrackedListener(ServerCall.Listener<Q> delegate, InFlightCall call) {
			super(delegate);
			this.call = call;
		}

		@Override
		public void onComplete() {
			try {
				if (this.call.isCancelledFromOutside()) {
					super.onCancel();
				}
				else {
					super.onComplete();
				}
			}
			finally {
				this.call.handlerDone();
			}
		}

		@Override
		public void onCancel() {
			try {
				super.onCancel();
			}
			finally {
				this.call.handlerDone();
			}
		}

	}

}
