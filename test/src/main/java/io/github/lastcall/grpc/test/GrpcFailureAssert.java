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

import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import org.assertj.core.api.AbstractThrowableAssert;

/**
 * Assertions about the status of a call that failed, and its details.
 *
 * @see GrpcCallAssert#failsWith(Status.Code)
 */
public final class GrpcFailureAssert extends AbstractThrowableAssert<GrpcFailureAssert, Throwable> {

	GrpcFailureAssert(Throwable failure) {
		super(failure, GrpcFailureAssert.class);
	}

	/**
	 * Verifies the description of the status.
	 * @param description the expected description
	 * @return this assertion
	 */
	public GrpcFailureAssert hasDescription(String description) {
		String actual = Status.fromThrowable(this.actual).getDescription();
		return verify(description.equals(actual), "the description \"%s\"", description);
	}

	/**
	 * Verifies that the description of the status contains a text.
	 * @param text the expected part of the description
	 * @return this assertion
	 */
	public GrpcFailureAssert hasDescriptionContaining(String text) {
		String actual = Status.fromThrowable(this.actual).getDescription();
		return verify(actual != null && actual.contains(text), "a description with \"%s\"", text);
	}

	/**
	 * Verifies that the status has an {@link ErrorInfo} with a reason.
	 * @param reason the expected reason
	 * @return this assertion
	 */
	public GrpcFailureAssert hasReason(String reason) {
		return verify(details(ErrorInfo.class).stream().anyMatch((info) -> info.getReason().equals(reason)),
				"the reason %s", reason);
	}

	/**
	 * Verifies that the status has a {@link BadRequest} with a violation of a field, and
	 * maybe others.
	 * @param field the expected path of the field, such as {@code lo.latitude}
	 * @return this assertion
	 */
	public GrpcFailureAssert hasViolation(String field) {
		return verify(violations().contains(field), "a violation of the field %s", field);
	}

	/**
	 * Verifies that the status has a {@link BadRequest} with violations of these fields
	 * and no others, in any order.
	 * @param fields the expected paths of the fields
	 * @return this assertion
	 */
	public GrpcFailureAssert hasOnlyViolations(String... fields) {
		return verify(violations().stream().sorted().toList().equals(List.of(fields).stream().sorted().toList()),
				"violations of %s and of no other field", String.join(", ", fields));
	}

	/**
	 * Verifies that the status has a {@link RetryInfo} with a delay.
	 * @param delay the expected delay
	 * @return this assertion
	 */
	public GrpcFailureAssert hasRetryDelay(Duration delay) {
		return verify(
				details(RetryInfo.class).stream()
					.map(RetryInfo::getRetryDelay)
					.anyMatch((one) -> Duration.ofSeconds(one.getSeconds(), one.getNanos()).equals(delay)),
				"the retry delay %s", delay);
	}

	/**
	 * Verifies that the status has a detail.
	 * @param detail the expected detail
	 * @return this assertion
	 */
	public GrpcFailureAssert hasDetail(Message detail) {
		return verify(details(detail.getClass()).contains(detail), "the detail %s", detail);
	}

	/**
	 * Verifies that the call ended with a trailer.
	 * @param name the name of the trailer, which does not end with {@code -bin}
	 * @param value the expected value
	 * @return this assertion
	 */
	public GrpcFailureAssert hasTrailer(String name, String value) {
		Metadata trailers = Status.trailersFromThrowable(this.actual);
		return verify(
				trailers != null && value.equals(trailers.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER))),
				"the trailer %s", name + "=" + value);
	}

	private List<String> violations() {
		return details(BadRequest.class).stream()
			.flatMap((request) -> request.getFieldViolationsList().stream())
			.map(BadRequest.FieldViolation::getField)
			.toList();
	}

	private <T extends Message> List<T> details(Class<T> type) {
		return Failures.details(this.actual, type);
	}

	private GrpcFailureAssert verify(boolean condition, String expected, Object value) {
		if (!condition) {
			AssertionError error = failure("Expected the call to fail with " + expected + ", but it failed with %s.",
					value, Failures.text(Status.fromThrowable(this.actual), this.actual));
			error.initCause(this.actual);
			throw error;
		}
		return this;
	}

}
