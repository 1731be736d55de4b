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
import io.github.lastcall.grpc.limits.RefusalStatus;
import io.github.lastcall.grpc.limits.RefusedMessageException;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * Tracer that accounts for the inbound messages of a call. Messages to infrastructure
 * services must be small, because a service may keep one, or send it back, as long as the
 * stream is open.
 * <p>
 * A message counts as held after it has been read from its buffers: while it is
 * decompressed, twice, because the parser collects pieces before it joins them; and while
 * a callback has it, for a unary call until the end of the call.
 */
class InboundTracer extends ServerStreamTracer {

	private static final int MAX_INFRASTRUCTURE_MESSAGE = 64 * 1024;

	/**
	 * Number of bytes of a message that are decompressed even if the memory limit is
	 * exceeded.
	 */
	private static final int ALWAYS_TAKEN = 64 * 1024;

	private TrackedMethod method;

	/**
	 * Known size of the message to an infrastructure service that is being received or
	 * decompressed. Confined to the event loop.
	 */
	private long size;

	/**
	 * Size of the last message if it was not compressed. Written on the event loop before
	 * the message is handed over.
	 */
	private int wholeSize;

	/**
	 * Event loop that is about to report the size of an uncompressed message.
	 */
	private @Nullable Thread reader;

	/**
	 * Number of bytes counted for this call. Written between its callbacks, and at its
	 * end.
	 */
	private long held;

	InboundTracer(TrackedMethod method) {
		this.method = method;
	}

	/**
	 * Returns the method, which is unknown at first for a service added by a customizer.
	 */
	final TrackedMethod method() {
		return this.method;
	}

	final void resolve(TrackedMethod method) {
		this.method = method;
	}

	/**
	 * Does not call the super method, which creates an object for each call.
	 */
	@Override
	public void serverCallStarted(ServerCallInfo<?, ?> call) {
	}

	@Override
	public final void inboundWireSize(long bytes) {
		if (!this.method.application()) {
			grow(bytes);
		}
	}

	@Override
	public final void inboundMessageRead(int number, long wireSize, long uncompressedSize) {
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
	 * Called once on the event loop for an uncompressed message, and for each piece of a
	 * compressed message while it is parsed, on the thread of its callback.
	 */
	@Override
	public final void inboundUncompressedSize(long bytes) {
		if (this.reader == Thread.currentThread()) {
			this.reader = null;
		}
		else if (this.method.application()) {
			hold(2 * bytes);
			if (this.held > ALWAYS_TAKEN && this.method.run().inboundMemory().isExceeded()) {
				refuseMessage(RefusalReason.INBOUND_BUFFER, RefusalStatus.INBOUND_MEMORY);
			}
		}
		else {
			grow(bytes);
		}
	}

	private void hold(long bytes) {
		if (bytes != 0) {
			this.held += bytes;
			this.method.run().inboundMemory().add(bytes);
		}
	}

	/**
	 * Called before a callback gets a message, which is in one piece now.
	 */
	final void messageParsed() {
		if (!this.method.application()) {
			// The service has received its previous message.
			releaseMessages();
		}
		hold(this.wholeSize - this.held / 2);
	}

	/**
	 * Called when a callback that got a message has returned. The handler of a unary call
	 * goes on to work with its request.
	 */
	final void messageHandled() {
		if (this.method.application() && this.method.streaming()) {
			releaseMessages();
		}
	}

	/**
	 * Stops counting the messages of this call.
	 */
	final void releaseMessages() {
		hold(-this.held);
	}

	private void grow(long bytes) {
		this.size += bytes;
		if (this.size > MAX_INFRASTRUCTURE_MESSAGE) {
			refuseMessage(RefusalReason.INFRASTRUCTURE_MESSAGE_SIZE,
					RefusalStatus.infrastructureMessageSize(MAX_INFRASTRUCTURE_MESSAGE));
		}
	}

	/**
	 * Ends the call because of the message that is being received or decompressed.
	 * @param reason the reason to report
	 * @param status the status that the client receives
	 */
	void refuseMessage(RefusalReason reason, Status status) {
		this.method.run().refused(reason, this.method, status);
		throw new RefusedMessageException(status);
	}

}
