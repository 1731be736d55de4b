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
import org.springframework.dao.ConcurrencyFailureException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.dao.TransientDataAccessException;

/**
 * What Spring's exceptions of data access mean if the application does not map them.
 *
 * @hidden
 */
public final class DataAccessErrors implements GrpcExceptionMapper, Ordered, AopInfrastructureBean {

	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE;
	}

	@Override
	public @Nullable GrpcError map(Throwable exception, GrpcFailedCall call) {
		if (exception instanceof QueryTimeoutException) {
			return JavaErrors.timeout(call);
		}
		if (exception instanceof ConcurrencyFailureException) {
			return GrpcError.of(Status.ABORTED.withDescription("Concurrent access to the same data"));
		}
		if (exception instanceof DataAccessResourceFailureException
				|| exception instanceof TransientDataAccessException) {
			return GrpcError.of(Status.UNAVAILABLE.withDescription("The data is not available"));
		}
		return null;
	}

}
