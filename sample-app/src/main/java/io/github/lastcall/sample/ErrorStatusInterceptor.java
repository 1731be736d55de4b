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

package io.github.lastcall.sample;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.stereotype.Component;

/**
 * Ends a call with the status that fits what its handler threw: {@code INVALID_ARGUMENT}
 * for the client's mistakes, {@code UNAVAILABLE} while the database is, so that clients
 * know what to try again. Anything else is a bug and stays {@code UNKNOWN}, gRPC's own
 * answer.
 */
@Component
final class ErrorStatusInterceptor implements ServerInterceptor {

	private static final Log logger = LogFactory.getLog(ErrorStatusInterceptor.class);

	@Override
	public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
			ServerCallHandler<Q, R> next) {
		return new ErrorStatusListener<>(call, next.startCall(call, headers));
	}

	private static final class ErrorStatusListener<Q> extends SimpleForwardingServerCallListener<Q> {

		private final ServerCall<Q, ?> call;

		private boolean failed;

		ErrorStatusListener(ServerCall<Q, ?> call, ServerCall.Listener<Q> handler) {
			super(handler);
			this.call = call;
		}

		@Override
		public void onMessage(Q message) {
			handle(() -> super.onMessage(message));
		}

		@Override
		public void onHalfClose() {
			handle(super::onHalfClose);
		}

		@Override
		public void onReady() {
			handle(super::onReady);
		}

		private void handle(Runnable event) {
			// What was on its way when the call failed still arrives.
			if (this.failed) {
				return;
			}
			try {
				event.run();
			}
			catch (DataAccessResourceFailureException | TransientDataAccessException ex) {
				logger.warn("The database failed during " + this.call.getMethodDescriptor().getFullMethodName(), ex);
				fail(Status.UNAVAILABLE.withDescription("The database is not available"));
			}
		}

		private void fail(Status status) {
			this.failed = true;
			this.call.close(status, new Metadata());
		}

	}

}
