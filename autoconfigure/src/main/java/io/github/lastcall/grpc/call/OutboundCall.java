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
import java.util.concurrent.atomic.AtomicLongFieldUpdater;

import com.google.protobuf.MessageLite;
import io.github.lastcall.grpc.limits.CurrentConnection;
import io.github.lastcall.grpc.limits.OutboundBuffers;
import io.github.lastcall.grpc.limits.OutboundConnection;
import io.github.lastcall.grpc.limits.RefusalReason;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * A call whose messages are counted from the moment that they are queued until flow
 * control lets them go to the socket. Most handlers never ask whether their client reads.
 * <p>
 * {@link #queued} is written by whoever sends and by the event loop, each by an atomic
 * addition: it is exact whenever neither is in the midst of a message. The event loop may
 * be first, with the beginning of a large message, and then it is negative for a while.
 */
abstract class OutboundCall extends MeasuredCall implements OutboundConnection.Sender {

	private static final AtomicLongFieldUpdater<OutboundCall> QUEUED = AtomicLongFieldUpdater
		.newUpdater(OutboundCall.class, "queued");

	private static final AtomicLongFieldUpdater<OutboundCall> DROPPED = AtomicLongFieldUpdater
		.newUpdater(OutboundCall.class, "dropped");

	private static final int MESSAGE_HEADER = 5;

	/**
	 * A message of this size is always sent.
	 */
	private static final int SMALL = 4 * 1024;

	/**
	 * What {@link #beginMessage(Object)} returns for a message that must not be sent.
	 */
	static final long REFUSED = -1;

	/**
	 * For a call that holds nothing any more, whatever is still added or taken away.
	 */
	private static final long CLOSED = Long.MIN_VALUE / 2;

	private @Nullable OutboundConnection connection;

	private int stream;

	private volatile long queued;

	/**
	 * What was queued when the call was ended, until that is free.
	 */
	private volatile long dropped;

	private volatile @Nullable OutboundWait waiting;

	OutboundCall(TrackedMethod method) {
		super(method);
	}

	/**
	 * The headers of the call are being read on this thread.
	 */
	void open() {
		OutboundConnection connection = CurrentConnection.ofThread().get();
		if (connection != null) {
			this.stream = connection.opened(this);
			if (this.stream != 0) {
				this.connection = connection;
			}
		}
	}

	private OutboundBuffers buffers() {
		return this.method.life().guards().outbound();
	}

	/**
	 * A message is about to be serialized. Ends the call if that needs more memory than
	 * there is.
	 * @return what {@link #endMessage(long)} takes, or REFUSED
	 */
	long beginMessage(Object message) {
		int size = (this.connection != null && message instanceof MessageLite known) ? known.getSerializedSize() : 0;
		if (size <= SMALL) {
			return 0;
		}
		if (buffers().begin(size)) {
			return size;
		}
		endOutbound(RefusalReason.OUTBOUND_BUFFER,
				"Memory limit for outbound messages exceeded by a message of %d bytes".formatted(size));
		return REFUSED;
	}

	/**
	 * A message has been serialized, and counts as queued unless the call has ended.
	 */
	void endMessage(long bytes) {
		OutboundConnection connection = this.connection;
		if (isReleased(this.queued) && connection != null) {
			// It will be dropped there.
			connection.afterSent(() -> buffers().end(bytes));
		}
		else {
			buffers().end(bytes);
		}
	}

	@Override
	public void outboundMessageSent(int seqNo, long wireSize, long uncompressedSize) {
		if (this.connection != null) {
			long cost = cost(MESSAGE_HEADER + wireSize);
			long before = QUEUED.getAndAdd(this, cost);
			buffers().change(before, before + cost);
		}
	}

	@Override
	public void written(int bytes) {
		long refund = refund(bytes);
		long before = QUEUED.getAndAdd(this, -refund);
		buffers().change(before, before - refund);
		OutboundWait waiting = this.waiting;
		if (waiting != null) {
			waiting.progress(before - refund);
		}
	}

	/**
	 * How much memory a message takes. The only one of a call is not worth more than its
	 * bytes.
	 */
	long cost(long bytes) {
		return bytes;
	}

	/**
	 * How much memory has become free, as far as that can be known of bytes.
	 */
	long refund(int bytes) {
		return bytes;
	}

	/**
	 * How much the call holds.
	 */
	public final long queued() {
		return this.queued;
	}

	/**
	 * The call holds nothing any more.
	 */
	void releaseOutbound() {
		buffers().change(QUEUED.getAndSet(this, CLOSED), CLOSED);
		wakeSender();
	}

	/**
	 * The same, while its stream still has what is queued.
	 * @return whether it could hold something until now
	 */
	private boolean dropOutbound() {
		long before = QUEUED.getAndSet(this, CLOSED);
		if (isReleased(before)) {
			return false;
		}
		this.dropped = buffers().drop(before);
		if (isStreamDone()) {
			streamFreed();
		}
		wakeSender();
		return true;
	}

	/**
	 * The stream has been closed, and its event loop frees what was queued.
	 */
	final void streamFreed() {
		if (this.dropped != 0) {
			buffers().end(DROPPED.getAndSet(this, 0));
		}
	}

	private static boolean isReleased(long queued) {
		return queued < CLOSED / 2;
	}

	/**
	 * The call has ended: its handler must not wait any more.
	 */
	void wakeSender() {
		OutboundWait waiting = this.waiting;
		if (waiting != null) {
			waiting.wake();
		}
	}

	/**
	 * Whether it is worth a closer look if another message may be sent.
	 */
	boolean isCongested() {
		return this.queued >= OutboundBuffers.ALWAYS;
	}

	/**
	 * Wait for the client to read if the handler can, or end the call if it holds too
	 * much.
	 * @param serverStreaming whether a handler of this kind can wait: nothing that its
	 * client sends waits behind it
	 * @param executor the executor of the current thread if that runs a callback of the
	 * call and may block, {@code null} otherwise
	 */
	void makeRoom(boolean serverStreaming, @Nullable Executor executor) {
		OutboundBuffers buffers = buffers();
		if (serverStreaming && executor != null && !buffers.patience().isZero()) {
			long share = buffers.share();
			if (this.queued < share) {
				return;
			}
			if (buffers.waitingThreads().enter(executor)) {
				try {
					await(buffers, share);
				}
				finally {
					buffers.waitingThreads().leave(executor);
				}
				return;
			}
		}
		if (this.queued >= buffers.perCall()) {
			endOutbound(RefusalReason.OUTBOUND_MESSAGES,
					"Outbound message limit exceeded (%d bytes): the client reads too slowly"
						.formatted(buffers.perCall()));
		}
	}

	private void await(OutboundBuffers buffers, long share) {
		OutboundWait wait = new OutboundWait(this.method.life().timer(), share / 2);
		this.waiting = wait;
		OutboundWait.Outcome outcome = wait.await(this, buffers.patience());
		this.waiting = null;
		switch (outcome) {
			case NO_PROGRESS -> endOutbound(RefusalReason.OUTBOUND_WAIT,
					"The client read nothing for %d ms".formatted(buffers.patience().toMillis()));
			case INTERRUPTED -> endOutbound(null, "The handler was interrupted while waiting for the client to read");
			case ROOM -> {
			}
		}
	}

	/**
	 * End the call and drop what it has queued.
	 * @param reason why it is refused, {@code null} if it is not
	 * @param description what the client is told, if it gets so far
	 */
	public final void endOutbound(@Nullable RefusalReason reason, String description) {
		OutboundConnection connection = this.connection;
		if (connection == null || !dropOutbound()) {
			return;
		}
		Status status = ((reason != null) ? Status.RESOURCE_EXHAUSTED : Status.CANCELLED).withDescription(description);
		close(status);
		connection.reset(this.stream, status);
		if (reason != null) {
			this.method.life().ended(reason, this.method, status);
		}
	}

	abstract boolean close(Status status);

	/**
	 * Whether the stream has been closed.
	 */
	abstract boolean isStreamDone();

	abstract @Nullable String whyEnded();

}
