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

/**
 * A call of a method that streams. How far it has got is worth a count.
 */
final class InFlightStream extends InFlightCall {

	/**
	 * What a message takes besides its bytes while it waits, as measured: 224 bytes of
	 * heap.
	 */
	private static final int MESSAGE_OVERHEAD = 256;

	private int received;

	private int sent;

	/* What the bytes and messages are that have been queued. Written by the sender. */

	private long queuedBytes;

	private long queuedMessages;

	/* Of those, what has been written. Confined to the event loop. */

	private long writtenBytes;

	private long writtenMessages;

	InFlightStream(TrackedMethod method) {
		super(method);
	}

	@Override
	public void inboundMessage(int seqNo) {
		this.received = seqNo + 1;
		super.inboundMessage(seqNo);
	}

	@Override
	public void outboundMessage(int seqNo) {
		this.sent = seqNo + 1;
		super.outboundMessage(seqNo);
	}

	@Override
	long cost(long bytes) {
		this.queuedBytes += bytes;
		this.queuedMessages++;
		return bytes + MESSAGE_OVERHEAD;
	}

	/**
	 * Which messages the bytes belong to is not known: as many as they would be if all
	 * were of the same size. When all bytes have been written, all messages have.
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

	@Override
	String progress() {
		return !method().streaming() ? "" : ", %d messages received, %d sent".formatted(this.received, this.sent);
	}

}
