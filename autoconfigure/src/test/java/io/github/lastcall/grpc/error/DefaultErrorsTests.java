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

import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.github.lastcall.grpc.call.CallHooks;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.grpc.testing.RouteGuideConfiguration;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.dao.CannotAcquireLockException;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.dao.OptimisticLockingFailureException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.dao.TransientDataAccessResourceException;
import org.springframework.http.HttpStatusCode;
import org.springframework.web.ErrorResponse;
import org.springframework.web.server.ResponseStatusException;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What exceptions mean that the application does not map.
 */
class DefaultErrorsTests {

	private final GrpcFailedCall call = call(Context.ROOT);

	@ParameterizedTest
	@CsvSource({ "400, INVALID_ARGUMENT", "401, UNAUTHENTICATED", "403, PERMISSION_DENIED", "404, NOT_FOUND",
			"409, ABORTED", "412, FAILED_PRECONDITION", "413, RESOURCE_EXHAUSTED", "418, INVALID_ARGUMENT",
			"429, RESOURCE_EXHAUSTED", "499, CANCELLED", "500, INTERNAL", "501, UNIMPLEMENTED", "502, INTERNAL",
			"503, UNAVAILABLE", "504, DEADLINE_EXCEEDED" })
	void anHttpStatusHasItsNearestStatus(int http, Status.Code expected) {
		GrpcError error = new WebErrors()
			.map(new ResponseStatusException(HttpStatusCode.valueOf(http), "Nothing is here"), this.call);
		assertThat(error).isNotNull();
		assertThat(error.code()).isEqualTo(expected);
		assertThat(error.toStatus().getDescription()).isEqualTo("Nothing is here");
	}

	@Test
	void anHttpStatusThatIsNoErrorIsNotMapped() {
		assertThat(new WebErrors().map(new ResponseStatusException(HttpStatusCode.valueOf(302)), this.call)).isNull();
	}

	@Test
	void exceptionsOfDataAccessTellWhetherToTryAgain() {
		assertThat(data(new OptimisticLockingFailureException("stale"))).contains(Status.Code.ABORTED);
		assertThat(data(new CannotAcquireLockException("locked"))).contains(Status.Code.ABORTED);
		assertThat(data(new DataAccessResourceFailureException("refused"))).contains(Status.Code.UNAVAILABLE);
		assertThat(data(new TransientDataAccessResourceException("full"))).contains(Status.Code.UNAVAILABLE);
		assertThat(data(new QueryTimeoutException("slow"))).contains(Status.Code.UNAVAILABLE);
		assertThat(data(new DuplicateKeyException("twice"))).isEmpty();
	}

	@Test
	void aRejectedTaskIsAnExhaustedResource() {
		assertThat(java(new RejectedExecutionException(), this.call)).contains(Status.Code.RESOURCE_EXHAUSTED);
		assertThat(java(new IllegalStateException(), this.call)).isEmpty();
	}

	@Test
	void aTimeoutIsThatOfTheClientOnceItsDeadlineHasPassed() {
		assertThat(java(new TimeoutException(), this.call)).contains(Status.Code.UNAVAILABLE);
		ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
		try (Context.CancellableContext expired = Context.ROOT.withDeadline(Deadline.after(-1, TimeUnit.SECONDS),
				timer)) {
			assertThat(java(new TimeoutException(), call(expired))).contains(Status.Code.DEADLINE_EXCEEDED);
		}
		finally {
			timer.shutdownNow();
		}
	}

	@Test
	void mappingsNeedTheirLibraries() {
		GrpcServerContextRunner.create()
			.withUserConfiguration(RouteGuideConfiguration.class)
			.run((context) -> assertThat(context).hasSingleBean(DataAccessErrors.class).hasSingleBean(WebErrors.class));
		GrpcServerContextRunner.create()
			.withUserConfiguration(RouteGuideConfiguration.class)
			.withClassLoader(new FilteredClassLoader(DataAccessException.class, ErrorResponse.class))
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(JavaErrors.class)
				.doesNotHaveBean(DataAccessErrors.class)
				.doesNotHaveBean(WebErrors.class));
	}

	private Optional<Status.Code> data(Throwable exception) {
		return Optional.ofNullable(new DataAccessErrors().map(exception, this.call)).map(GrpcError::code);
	}

	private static Optional<Status.Code> java(Throwable exception, GrpcFailedCall call) {
		return Optional.ofNullable(new JavaErrors().map(exception, call)).map(GrpcError::code);
	}

	private static GrpcFailedCall call(Context context) {
		return new GrpcFailedCall(new CallHooks.FailedCall(new NoCall(), new Metadata(), null, context));
	}

	private static final class NoCall extends ServerCall<Object, Object> {

		@Override
		public void request(int messages) {
		}

		@Override
		public void sendHeaders(Metadata headers) {
		}

		@Override
		public void sendMessage(@Nullable Object message) {
		}

		@Override
		public void close(Status status, Metadata trailers) {
		}

		@Override
		public boolean isCancelled() {
			return false;
		}

		@Override
		@SuppressWarnings({ "rawtypes", "unchecked" })
		public MethodDescriptor<Object, Object> getMethodDescriptor() {
			return (MethodDescriptor) OneMethodService.method("a.B");
		}

	}

}
