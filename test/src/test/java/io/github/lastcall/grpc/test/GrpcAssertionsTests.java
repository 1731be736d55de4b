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

package io.github.lastcall.grpc.test;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;

import com.google.common.util.concurrent.Futures;
import com.google.rpc.ErrorInfo;
import io.github.lastcall.grpc.error.GrpcError;
import io.github.lastcall.sample.routeguide.Feature;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

import static io.github.lastcall.grpc.test.GrpcAssertions.assertThatCall;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * What assertions accept, and what they say if they fail.
 */
class GrpcAssertionsTests {

	private static final StatusRuntimeException NOT_FOUND = GrpcError.of(Status.Code.NOT_FOUND)
		.description("No such feature")
		.reason("NO_FEATURE")
		.violation("latitude", "must be on Earth")
		.violation("longitude", "must be on Earth")
		.retryAfter(Duration.ofMillis(1500))
		.trailer(Metadata.Key.of("maps", Metadata.ASCII_STRING_MARSHALLER), "old")
		.asException();

	private static final Callable<Feature> SUCCESS = () -> Feature.newBuilder().setName("Oslo").build();

	@Test
	void aStatusAndItsDetails() {
		assertThatCall(GrpcAssertionsTests::fail).failsWith(Status.Code.NOT_FOUND)
			.hasDescription("No such feature")
			.hasDescriptionContaining("such")
			.hasReason("NO_FEATURE")
			.hasViolation("latitude")
			.hasOnlyViolations("longitude", "latitude")
			.hasRetryDelay(Duration.ofMillis(1500))
			.hasTrailer("maps", "old")
			.hasDetail(ErrorInfo.newBuilder().setReason("NO_FEATURE").build());
	}

	@Test
	void aSuccess() {
		assertThatCall(SUCCESS).succeeds();
	}

	@Test
	void futuresAndStreamsAreRead() {
		assertThatCall(() -> Futures.immediateFailedFuture(NOT_FOUND)).failsWith(Status.Code.NOT_FOUND);
		assertThatCall(() -> List.of(1, 2).iterator()).succeeds();
		StreamRecorder<Feature> recorder = StreamRecorder.create();
		recorder.onError(NOT_FOUND);
		assertThatCall(recorder).failsWith(Status.Code.NOT_FOUND).hasReason("NO_FEATURE");
	}

	@Test
	void aCallThatFailsInsteadOfSucceeding() {
		error(() -> assertThatCall(GrpcAssertionsTests::fail).succeeds())
			.hasMessageContainingAll("Expected the call to succeed, but it failed with NOT_FOUND: No such feature",
					"google.rpc.ErrorInfo", "NO_FEATURE", "google.rpc.BadRequest", "must be on Earth")
			.hasCause(NOT_FOUND);
	}

	@Test
	void aCallThatSucceedsInsteadOfFailing() {
		error(() -> assertThatCall(SUCCESS).failsWith(Status.Code.NOT_FOUND))
			.hasMessage("Expected the call to fail with NOT_FOUND, but it succeeded with <name: \"Oslo\">.");
	}

	@Test
	void anotherStatus() {
		error(() -> assertThatCall(GrpcAssertionsTests::fail).failsWith(Status.Code.UNKNOWN))
			.hasMessageStartingWith("Expected the call to fail with UNKNOWN, but it failed with NOT_FOUND: No such");
	}

	@Test
	void anExceptionThatIsNoStatus() {
		error(() -> assertThatCall(() -> {
			throw new IllegalStateException("in the test");
		}).failsWith(Status.Code.UNKNOWN)).hasMessage(
				"Expected the call to fail with UNKNOWN, but it failed with java.lang.IllegalStateException: in the test.");
	}

	@Test
	void otherDetails() {
		GrpcFailureAssert failure = assertThatCall(GrpcAssertionsTests::fail).failsWith(Status.Code.NOT_FOUND);
		error(() -> failure.hasReason("OTHER")).hasMessageStartingWith(
				"Expected the call to fail with the reason OTHER, but it failed with NOT_FOUND: No such feature");
		error(() -> failure.hasViolation("name")).hasMessageContaining("a violation of the field name");
		error(() -> failure.hasOnlyViolations("latitude")).hasMessageContaining("and of no other field");
		error(() -> failure.hasDescription("No such")).hasMessageContaining("the description \"No such\"");
		error(() -> failure.hasDescriptionContaining("?")).hasMessageContaining("a description with \"?\"");
		error(() -> failure.hasRetryDelay(Duration.ZERO)).hasMessageContaining("the retry delay PT0S");
		error(() -> failure.hasTrailer("maps", "new")).hasMessageContaining("the trailer maps=new");
		error(() -> failure.hasDetail(ErrorInfo.getDefaultInstance())).hasMessageContaining("the detail");
	}

	private static Feature fail() {
		throw NOT_FOUND;
	}

	private static AbstractThrowableAssert<?, AssertionError> error(ThrowingCallable assertion) {
		return assertThat(catchThrowableOfType(AssertionError.class, assertion));
	}

}
