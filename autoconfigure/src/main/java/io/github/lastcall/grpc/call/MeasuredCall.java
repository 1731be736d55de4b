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

import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.limits.RefusedMessageException;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * A call whose messages are measured. Those to infrastructure services must be small: a
 * service may keep one, or answer with it, for as long as the stream is open.
 * <p>
 * A message that has been read off its buffers goes on to count: what is decompressed as
 * it grows, twice because the parser collects pieces before it puts them together; and a
 * whole message while a callback has it, that of a unary call to its end.
 */
class MeasuredCall extends CallTracer {

	private static final int MAX_INFRASTRUCTURE_MESSAGE = 64 * 1024;

	private static final Status INFRASTRUCTURE_MESSAGE_TOO_LARGE = Status.RESOURCE_EXHAUSTED
		.withDescription("Message to an infrastructure service exceeds the maximum size of %d bytes"
			.formatted(MAX_INFRASTRUCTURE_MESSAGE));

	/**
	 * How much of a message is decompressed even if messages hold more memory than they
	 * may.
	 */
	private static final int ALWAYS_TAKEN = 64 * 1024;

	private static final Status MEMORY_EXCEEDED = Status.RESOURCE_EXHAUSTED
		.withDescription("Memory limit for inbound messages exceeded");

	/**
	 * One that is not known yet for a service that a customizer has added.
	 */
	TrackedMethod method;

	/**
	 * The size of the message to an infrastructure service that is being received or
	 * decompressed, as far as it is known. Confined to the event loop.
	 */
	private long size;

	/**
	 * The size of the last message that has come without compression. Written on the
	 * event loop, before the message is handed over.
	 */
	private int wholeSize;

	/**
	 * The event loop that is about to tell the size of a message without compression.
	 */
	private @Nullable Thread reader;

	/**
	 * What counts for this call: written between its callbacks, and by its end.
	 */
	private long held;

	MeasuredCall(TrackedMethod method) {
		this.method = method;
	}

	@Override
	public void inboundWireSize(long bytes) {
		if (!this.method.application()) {
			grow(bytes);
		}
	}

	@Override
	public void inboundMessageRead(int number, long wireSize, long uncompressedSize) {
		if (uncompressedSize >= 0) {
			this.reader = Thread.currentThread();
			this.wholeSize = (int) uncompressedSize;
		}
		else {
			this.wholeSize = 0;
		}
		this.size = 0;
	}

	/**
	 * Called on the event loop for a whole message that is not compressed, and while one
	 * that is compressed is parsed, wherever its callback runs, for each piece.
	 */
	@Override
	public void inboundUncompressedSize(long bytes) {
		if (this.reader == Thread.currentThread()) {
			this.reader = null;
		}
		else if (this.method.application()) {
			hold(2 * bytes);
			if (this.held > ALWAYS_TAKEN && this.method.life().inboundMemory().isExceeded()) {
				refuseMessage(RefusalReason.INBOUND_BUFFER, MEMORY_EXCEEDED);
			}
		}
		else {
			grow(bytes);
		}
	}

	private void hold(long bytes) {
		if (bytes != 0) {
			this.held += bytes;
			this.method.life().inboundMemory().add(bytes);
		}
	}

	/**
	 * A callback is about to get a message, which is in one piece now.
	 */
	final void messageParsed() {
		if (!this.method.application()) {
			// The service has had what it may keep.
			releaseMessages();
		}
		hold(this.wholeSize - this.held / 2);
	}

	/**
	 * A callback has returned that got a message. The request of a unary call is what its
	 * handler goes on to work with.
	 */
	final void messageHandled() {
		if (this.method.application() && this.method.streaming()) {
			releaseMessages();
		}
	}

	/**
	 * Nothing counts any more.
	 */
	final void releaseMessages() {
		hold(-this.held);
	}

	private void grow(long bytes) {
		this.size += bytes;
		if (this.size > MAX_INFRASTRUCTURE_MESSAGE) {
			refuseMessage(RefusalReason.INFRASTRUCTURE_MESSAGE_SIZE, INFRASTRUCTURE_MESSAGE_TOO_LARGE);
		}
	}

	/**
	 * End the call because of the message that is being received or decompressed.
	 * @param reason why
	 * @param status the status that the client gets
	 */
	void refuseMessage(RefusalReason reason, Status status) {
		this.method.life().report(reason, this.method, status);
		throw new RefusedMessageException(status);
	}

}
