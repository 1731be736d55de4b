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
import io.github.lastcall.grpc.limits.RefusalStatus;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.limits.RefusedMessageException;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.jspecify.annotations.Nullable;

/**
 * Refuses messages while the memory limit is exceeded, and reports calls that ended
 * because a message was too large.
 *
 * <p>
 * A limit for each message is not enough. grpc-java returns bytes to flow control before
 * the message is complete, so a client can have one incomplete message of the maximum
 * size for each of its calls; a hundred of 4 MiB exceed a small heap. A piece of a
 * message, however small, retains the whole buffer that it was read into, so buffers are
 * counted and not bytes. While they exceed the limit, a call whose message grows by
 * another piece ends with RESOURCE_EXHAUSTED; small messages of one piece are served.
 *
 * <p>
 * The tracers are called on the event loop of their connection.
 */
public final class InboundMessages extends ServerStreamTracer.Factory {

	/**
	 * Maximum size of a piece that is accepted while the memory limit is exceeded. One
	 * such piece for each permitted call fits into the remaining memory.
	 */
	static final int ALWAYS_TAKEN = 4 * 1024;

	private final InboundMemory memory;

	private final Refusals refusals;

	/**
	 * Creates a new factory of tracers.
	 * @param memory memory held by the inbound messages of all servers
	 * @param refusals reports calls that ended
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
		 * Whether a piece of the current message has been received.
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
				report(RefusalReason.INBOUND_BUFFER, RefusalStatus.INBOUND_MEMORY.getDescription());
				// Ends the call as a message that is too large does.
				throw new RefusedMessageException(RefusalStatus.INBOUND_MEMORY);
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
		 * grpc-java reports this only in the description.
		 */
		private static boolean isTooLarge(Status status) {
			String description = status.getDescription();
			return status.getCode() == Status.Code.RESOURCE_EXHAUSTED && description != null
					&& description.contains("message exceeds maximum size");
		}

		/**
		 * Returns whether the call ends because its message could not be read. A handler
		 * may end it with the same description, received from a server that it called.
		 */
		private static boolean isOfDeframer() {
			return StackWalker.getInstance()
				.walk((frames) -> frames.anyMatch((frame) -> frame.getMethodName().equals("deframeFailed")));
		}

		/**
		 * Returns whether the exception was thrown by the decompression of a message, not
		 * by a call that the handler makes.
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
