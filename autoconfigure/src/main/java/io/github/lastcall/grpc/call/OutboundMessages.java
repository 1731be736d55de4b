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
import io.github.lastcall.grpc.limits.OutboundWait;
import io.github.lastcall.grpc.limits.RefusalReason;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * Accounting of the outbound messages of a call, from the moment they are queued until
 * flow control passes them to the socket. Most handlers do not check whether their client
 * reads.
 * <p>
 * {@link #queued} is changed by the sending thread and by the event loop, each with one
 * atomic addition, so it is exact while neither is in the middle of a message. It is
 * negative for a moment if the event loop writes the first bytes of a large message
 * before the message is counted.
 */
class OutboundMessages implements OutboundConnection.Sender, OutboundBuffers.Holder {

	private static final AtomicLongFieldUpdater<OutboundMessages> QUEUED = AtomicLongFieldUpdater
		.newUpdater(OutboundMessages.class, "queued");

	private static final AtomicLongFieldUpdater<OutboundMessages> DROPPED = AtomicLongFieldUpdater
		.newUpdater(OutboundMessages.class, "dropped");

	private static final int MESSAGE_HEADER = 5;

	/**
	 * Size up to which a message is always sent.
	 */
	private static final int SMALL = 4 * 1024;

	/**
	 * Result of {@link #beginMessage(Object)} for a message that must not be sent.
	 */
	static final long REFUSED = -1;

	/**
	 * Value of {@link #queued} after the end of the call. Whatever is added or subtracted
	 * later, it stays below half of this.
	 */
	private static final long CLOSED = Long.MIN_VALUE / 2;

	private final InFlightCall call;

	private final OutboundConnection connection;

	private int stream;

	private volatile long queued;

	/**
	 * What was queued when the call was ended, until that is released.
	 */
	private volatile long dropped;

	private volatile @Nullable OutboundWait waiting;

	OutboundMessages(InFlightCall call, OutboundConnection connection) {
		this.call = call;
		this.connection = connection;
	}

	/**
	 * Starts the accounting for a call whose headers are being read on this thread.
	 * @return the accounting, {@code null} if the transport does not support it
	 */
	static @Nullable OutboundMessages open(InFlightCall call) {
		OutboundConnection connection = CurrentConnection.ofThread().get();
		if (connection == null) {
			return null;
		}
		OutboundMessages messages = call.method().streaming() ? new OfStream(call, connection)
				: new OutboundMessages(call, connection);
		messages.stream = connection.opened(messages);
		return (messages.stream != 0) ? messages : null;
	}

	private OutboundBuffers buffers() {
		return this.call.method().run().guards().outbound();
	}

	/**
	 * Reserves memory for a message that is about to be serialized, and ends the call if
	 * there is not enough.
	 * @return the argument for {@link #endMessage(long)}, or REFUSED
	 */
	long beginMessage(Object message) {
		int size = (message instanceof MessageLite known) ? known.getSerializedSize() : 0;
		if (size <= SMALL) {
			return 0;
		}
		if (buffers().begin(size)) {
			return size;
		}
		endCall(RefusalReason.OUTBOUND_BUFFER,
				"Memory limit for outbound messages exceeded by a message of %d bytes".formatted(size));
		return REFUSED;
	}

	/**
	 * Releases the memory reserved for a message that has been serialized, and is counted
	 * as queued now unless the call has ended.
	 */
	void endMessage(long bytes) {
		if (isReleased(this.queued)) {
			// The event loop is going to drop it.
			this.connection.afterSent(() -> buffers().end(bytes));
		}
		else {
			buffers().end(bytes);
		}
	}

	/**
	 * Counts a message as queued.
	 */
	final void queued(long wireSize) {
		long cost = cost(MESSAGE_HEADER + wireSize);
		long before = QUEUED.getAndAdd(this, cost);
		buffers().change(before, before + cost);
	}

	@Override
	public final void written(int bytes) {
		long refund = refund(bytes);
		long before = QUEUED.getAndAdd(this, -refund);
		buffers().change(before, before - refund);
		OutboundWait waiting = this.waiting;
		if (waiting != null) {
			waiting.progress(before - refund);
		}
	}

	/**
	 * Returns how much memory a message of the given size takes.
	 */
	long cost(long bytes) {
		return bytes;
	}

	/**
	 * Returns how much memory is released when bytes have been written.
	 */
	long refund(int bytes) {
		return bytes;
	}

	@Override
	public final long queued() {
		return this.queued;
	}

	@Override
	public final long startNanos() {
		return this.call.startNanos();
	}

	/**
	 * Stops the accounting because the stream has been closed.
	 */
	void close() {
		buffers().change(QUEUED.getAndSet(this, CLOSED), CLOSED);
		wakeSender();
	}

	@Override
	public final void endCall(@Nullable RefusalReason reason, String description) {
		long before = QUEUED.getAndSet(this, CLOSED);
		if (isReleased(before)) {
			return;
		}
		this.dropped = buffers().drop(before);
		if (this.call.holders().isReleasedByStream()) {
			released();
		}
		wakeSender();
		Status status = ((reason != null) ? Status.RESOURCE_EXHAUSTED : Status.CANCELLED).withDescription(description);
		this.call.close(status);
		this.connection.reset(this.stream, status);
		if (reason != null) {
			this.call.method().run().ended(reason, this.call.method(), status);
		}
	}

	/**
	 * Notes that the stream has been closed, and that its event loop releases what was
	 * queued.
	 */
	void released() {
		if (this.dropped != 0) {
			buffers().end(DROPPED.getAndSet(this, 0));
		}
	}

	private static boolean isReleased(long queued) {
		return queued < CLOSED / 2;
	}

	/**
	 * Wakes the handler if it waits for the client, because the call has ended.
	 */
	void wakeSender() {
		OutboundWait waiting = this.waiting;
		if (waiting != null) {
			waiting.wake();
		}
	}

	/**
	 * Waits for the client to read, or ends the call, if it holds too much to send
	 * another message.
	 * @param executor the executor of the current thread if the handler can wait,
	 * {@code null} otherwise
	 */
	void makeRoom(@Nullable Executor executor) {
		OutboundBuffers buffers = buffers();
		if (executor != null && !buffers.patience().isZero()) {
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
			endCall(RefusalReason.OUTBOUND_MESSAGES,
					"Outbound message limit exceeded (%d bytes): the client reads too slowly"
						.formatted(buffers.perCall()));
		}
	}

	private void await(OutboundBuffers buffers, long share) {
		OutboundWait wait = new OutboundWait(this.call.method().run().timer(), share / 2);
		this.waiting = wait;
		OutboundWait.Outcome outcome = wait.await(this, () -> this.call.whyEnded() != null, buffers.patience());
		this.waiting = null;
		switch (outcome) {
			case NO_PROGRESS -> endCall(RefusalReason.OUTBOUND_WAIT,
					"The client read nothing for %d ms".formatted(buffers.patience().toMillis()));
			case INTERRUPTED -> endCall(null, "The handler was interrupted while waiting for the client to read");
			case ROOM -> {
			}
		}
	}

	/**
	 * Accounting for a streaming call, which also counts the overhead of each message.
	 */
	private static final class OfStream extends OutboundMessages {

		/**
		 * Heap used by a queued message besides its bytes: 224 bytes as measured.
		 */
		private static final int MESSAGE_OVERHEAD = 256;

		/* Bytes and messages that have been queued. Written by the sender. */

		private long queuedBytes;

		private long queuedMessages;

		/* Bytes and messages that have been written. Confined to the event loop. */

		private long writtenBytes;

		private long writtenMessages;

		OfStream(InFlightCall call, OutboundConnection connection) {
			super(call, connection);
		}

		@Override
		long cost(long bytes) {
			this.queuedBytes += bytes;
			this.queuedMessages++;
			return bytes + MESSAGE_OVERHEAD;
		}

		/**
		 * Which messages the bytes belong to is unknown, so all are taken to be of the
		 * same size. When all bytes have been written, all messages have.
		 */
		@Override
		long refund(int bytes) {
			this.writtenBytes += bytes;
			long queuedBytes = this.queuedBytes;
			long messages = this.queuedMessages;
			if (this.writtenBytes < queuedBytes) {
				messages = (long) ((double) this.writtenBytes / queuedBytes * messages);
			}
			long more = Math.max(messages - this.writtenMessages, 0);
			this.writtenMessages += more;
			return bytes + more * MESSAGE_OVERHEAD;
		}

	}

}
