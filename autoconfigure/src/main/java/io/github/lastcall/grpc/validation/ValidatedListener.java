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

package io.github.lastcall.grpc.validation;

import java.util.List;

import io.github.lastcall.grpc.error.GrpcError;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.ServerCall;
import io.grpc.Status;

/**
 * Validates the messages of one call. The first invalid one fails the call, so that its
 * handler is told of a cancellation, and of nothing else.
 *
 * @param <Q> the type of the requests
 */
final class ValidatedListener<Q> extends SimpleForwardingServerCallListener<Q> {

	private static final String REASON = "INVALID_REQUEST";

	private final MethodValidation method;

	private final RequestValidation validation;

	private int messages;

	ValidatedListener(ServerCall.Listener<Q> delegate, MethodValidation method, RequestValidation validation) {
		super(delegate);
		this.method = method;
		this.validation = validation;
	}

	@Override
	public void onMessage(Q message) {
		List<GrpcViolation> violations = this.method.validate(message);
		if (!violations.isEmpty()) {
			this.validation.violated(this.method, violations);
			if (this.method.enforced()) {
				throw error(violations).asException();
			}
		}
		this.messages++;
		super.onMessage(message);
	}

	private GrpcError error(List<GrpcViolation> violations) {
		GrpcError error = GrpcError.of(Status.Code.INVALID_ARGUMENT)
			.description(description(violations))
			.violations(violations.stream().map(GrpcViolation::toProto).toList());
		if (!this.method.method().getType().clientSendsOneMessage()) {
			error = error.reason(REASON)
				.domain(String.valueOf(this.method.method().getServiceName()))
				.metadata("message", String.valueOf(this.messages));
		}
		return error;
	}

	private static String description(List<GrpcViolation> violations) {
		String first = violations.get(0).toString();
		return (violations.size() == 1) ? first : "%s (and %d more)".formatted(first, violations.size() - 1);
	}

}
