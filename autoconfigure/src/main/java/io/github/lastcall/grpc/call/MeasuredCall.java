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

/**
 * A call whose messages are measured. Those to infrastructure services must be small: a
 * service may keep one, or answer with it, for as long as the stream is open.
 */
class MeasuredCall extends CallTracer {

	private static final int MAX_INFRASTRUCTURE_MESSAGE = 64 * 1024;

	private static final Status INFRASTRUCTURE_MESSAGE_TOO_LARGE = Status.RESOURCE_EXHAUSTED
		.withDescription("Message to an infrastructure service exceeds the maximum size of %d bytes"
			.formatted(MAX_INFRASTRUCTURE_MESSAGE));

	/**
	 * One that is not known yet for a service that a customizer has added.
	 */
	TrackedMethod method;

	/**
	 * The size of the message to an infrastructure service that is being received or
	 * decompressed, as far as it is known. Confined to the event loop.
	 */
	private long size;

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
		// One that is not compressed is reported once more, as a whole.
		this.size = -Math.max(0, uncompressedSize);
	}

	@Override
	public void inboundUncompressedSize(long bytes) {
		if (!this.method.application()) {
			grow(bytes);
		}
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
