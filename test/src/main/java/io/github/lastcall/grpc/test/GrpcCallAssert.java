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

import io.grpc.Status;
import org.assertj.core.api.AbstractAssert;

/**
 * Assertions about how a call ended.
 *
 * @see GrpcAssertions#assertThatCall(java.util.concurrent.Callable)
 */
public final class GrpcCallAssert extends AbstractAssert<GrpcCallAssert, Object> {

	private final CallOutcome outcome;

	GrpcCallAssert(CallOutcome outcome) {
		super(outcome, GrpcCallAssert.class);
		this.outcome = outcome;
	}

	/**
	 * Verifies that the call ended with OK.
	 * @return this assertion
	 */
	public GrpcCallAssert succeeds() {
		Throwable failure = this.outcome.failure();
		if (failure != null) {
			throw failureWithCause("Expected the call to succeed, but it failed with %s.", failure);
		}
		return this;
	}

	/**
	 * Verifies that the call ended with a status.
	 * @param code the expected code, not OK
	 * @return assertions about the status and its details
	 */
	public GrpcFailureAssert failsWith(Status.Code code) {
		Throwable failure = this.outcome.failure();
		if (failure == null) {
			throw failure("Expected the call to fail with %s, but it succeeded with %s.", code, this.outcome);
		}
		if (!Failures.isStatus(failure) || Status.fromThrowable(failure).getCode() != code) {
			throw failureWithCause("Expected the call to fail with " + code + ", but it failed with %s.", failure);
		}
		return new GrpcFailureAssert(failure);
	}

	private AssertionError failureWithCause(String text, Throwable failure) {
		AssertionError error = failure(text, Failures.isStatus(failure)
				? Failures.text(Status.fromThrowable(failure), failure) : failure.toString());
		error.initCause(failure);
		return error;
	}

}
