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
package io.github.lastcall.grpc.server;

import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;

/**
 * Counts the calls that ended because a message was too large. grpc-java tells that in
 * words only. One tracer for all calls: it has no state, and looks at calls that failed.
 */
public final class OversizedMessages extends ServerStreamTracer.Factory {

	private final ServerStreamTracer tracer = new ServerStreamTracer() {

		@Override
		public void streamClosed(Status status) {
			if (!status.isOk()) {
				closed(status);
			}
		}

	};

	private final Refusals refusals;

	/**
	 * Create a new factory.
	 * @param refusals where to count
	 */
	public OversizedMessages(Refusals refusals) {
		this.refusals = refusals;
	}

	@Override
	public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
		return this.tracer;
	}

	private void closed(Status status) {
		String description = status.getDescription();
		if (status.getCode() == Status.Code.RESOURCE_EXHAUSTED && description != null
				&& description.contains("message exceeds maximum size")) {
			this.refusals.count(RefusalReason.MESSAGE_SIZE);
		}
	}

}
