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

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;

import io.grpc.Status;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.core.Ordered;

/**
 * What exceptions of {@code java.util.concurrent} mean if the application does not map
 * them.
 *
 * @hidden
 */
public final class JavaErrors implements GrpcExceptionMapper, Ordered, AopInfrastructureBean {

	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE;
	}

	@Override
	public @Nullable GrpcError map(Throwable exception, GrpcFailedCall call) {
		if (exception instanceof TimeoutException) {
			return timeout(call);
		}
		return (exception instanceof RejectedExecutionException)
				? GrpcError.of(Status.RESOURCE_EXHAUSTED.withDescription("Too many tasks")) : null;
	}

	/**
	 * Something took too long: for the client, if its deadline has passed.
	 */
	static GrpcError timeout(GrpcFailedCall call) {
		return GrpcError.of((call.isDeadlineExpired() ? Status.DEADLINE_EXCEEDED : Status.UNAVAILABLE)
			.withDescription("A task of the server timed out"));
	}

}
