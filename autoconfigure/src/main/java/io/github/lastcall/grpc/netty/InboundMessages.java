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
package io.github.lastcall.grpc.netty;

import java.util.Arrays;

import io.github.lastcall.grpc.limits.InboundMemory;
import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.limits.RefusedMessageException;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.jspecify.annotations.Nullable;

/**
 * Refuses the messages that are too much for the memory, and counts the calls that ended
 * because a message was too large.
 *
 * <p>
 * A limit for each message is not enough. grpc-java gives back what it has read to flow
 * control before the message is complete, so that a client may have as many messages of
 * the largest size in the making as it may have calls; a hundred of 4 MiB are more than a
 * small heap. And a piece of a message, however small, keeps all of the buffer that it
 * was read into, so buffers are counted and not bytes. When all of them keep more than
 * the limit, a call whose message grows by another piece ends with RESOURCE_EXHAUSTED,
 * while small messages of one piece are served.
 *
 * <p>
 * The tracers are called on the event loop of their connection.
 */
public final class InboundMessages extends ServerStreamTracer.Factory {

	/**
	 * How large a piece may be that is taken when messages hold more memory than they
	 * may. As many as calls may be open fit into what is left.
	 */
	static final int ALWAYS_TAKEN = 4 * 1024;

	static final String REFUSED = "Memory limit for inbound messages exceeded";

	private static final Status MEMORY_EXCEEDED = Status.RESOURCE_EXHAUSTED.withDescription(REFUSED);

	private final InboundMemory memory;

	private final Refusals refusals;

	/**
	 * Create a new factory of tracers.
	 * @param memory what inbound messages hold, on all servers
	 * @param refusals where to report calls that ended
	 */
	public InboundMessages(InboundMemory memory, Refusals refusals) {
		this.memory = memory;
		this.refusals = refusals;
	}

	@Override
	public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
		return new Call(fullMethodName);
	}

	private final class Call extends ServerStreamTracer {

		private final String method;

		/**
		 * Whether there is a piece of the message that is being received.
		 */
		private boolean begun;

		Call(String method) {
			this.method = method;
		}

		/**
		 * Does not call the super method, which creates an object for each call.
		 */
		@Override
		public void serverCallStarted(ServerCallInfo<?, ?> call) {
		}

		@Override
		public void inboundWireSize(long bytes) {
			if ((this.begun || bytes > ALWAYS_TAKEN) && InboundMessages.this.memory.isExceeded()) {
				report(RefusalReason.INBOUND_BUFFER, REFUSED);
				// Ends the call in the way in which a message that is too large does.
				throw new RefusedMessageException(MEMORY_EXCEEDED);
			}
			this.begun = true;
		}

		@Override
		public void inboundMessageRead(int number, long wireSize, long uncompressedSize) {
			this.begun = false;
		}

		@Override
		public void streamClosed(Status status) {
			if (status.isOk()) {
				return;
			}
			if (isTooLarge(status)) {
				if (isOfDeframer()) {
					report(RefusalReason.MESSAGE_SIZE, status.getDescription());
				}
			}
			else if (status.getCause() instanceof StatusRuntimeException cause && isTooLarge(cause.getStatus())
					&& isOfDeframer(cause)) {
				report(RefusalReason.MESSAGE_SIZE, cause.getStatus().getDescription());
			}
		}

		private void report(RefusalReason reason, @Nullable String explanation) {
			InboundMessages.this.refusals.report(reason,
					() -> "refused a call to %s: %s".formatted(this.method, explanation));
		}

		/**
		 * grpc-java tells it in words only.
		 */
		private static boolean isTooLarge(Status status) {
			String description = status.getDescription();
			return status.getCode() == Status.Code.RESOURCE_EXHAUSTED && description != null
					&& description.contains("message exceeds maximum size");
		}

		/**
		 * Whether the call ends because its message could not be read. A handler may end
		 * it with the same words, which it has from a server that it called itself.
		 */
		private static boolean isOfDeframer() {
			return StackWalker.getInstance()
				.walk((frames) -> frames.anyMatch((frame) -> frame.getMethodName().equals("deframeFailed")));
		}

		/**
		 * Whether this was thrown where a message is decompressed. The errors of the
		 * calls that a handler makes are thrown somewhere else.
		 */
		private static boolean isOfDeframer(StatusRuntimeException ex) {
			return Arrays.stream(ex.getStackTrace())
				.filter((frame) -> !frame.getClassName().equals(Status.class.getName()))
				.findFirst()
				.filter((frame) -> frame.getClassName().startsWith("io.grpc.internal.MessageDeframer"))
				.isPresent();
		}

	}

}
