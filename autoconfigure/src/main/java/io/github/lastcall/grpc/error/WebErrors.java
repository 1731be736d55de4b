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

package io.github.lastcall.grpc.error;

import io.grpc.Status;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.core.Ordered;
import org.springframework.web.ErrorResponse;

/**
 * What exceptions with an HTTP status, such as Spring's {@code ResponseStatusException},
 * mean if the application does not map them.
 *
 * @hidden
 */
public final class WebErrors implements GrpcExceptionMapper, Ordered, AopInfrastructureBean {

	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE;
	}

	@Override
	public @Nullable GrpcError map(Throwable exception, GrpcFailedCall call) {
		if (!(exception instanceof ErrorResponse response) || !response.getStatusCode().isError()) {
			return null;
		}
		return GrpcError.of(status(response.getStatusCode().value()).withDescription(response.getBody().getDetail()));
	}

	private static Status status(int http) {
		return switch (http) {
			case 401 -> Status.UNAUTHENTICATED;
			case 403 -> Status.PERMISSION_DENIED;
			case 404 -> Status.NOT_FOUND;
			case 409 -> Status.ABORTED;
			case 412 -> Status.FAILED_PRECONDITION;
			case 413, 429 -> Status.RESOURCE_EXHAUSTED;
			case 499 -> Status.CANCELLED;
			case 501 -> Status.UNIMPLEMENTED;
			case 503 -> Status.UNAVAILABLE;
			case 504 -> Status.DEADLINE_EXCEEDED;
			default -> (http < 500) ? Status.INVALID_ARGUMENT : Status.INTERNAL;
		};
	}

}
