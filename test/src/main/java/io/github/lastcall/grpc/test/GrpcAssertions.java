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

import java.util.concurrent.Callable;

/**
 * Entry points for AssertJ assertions about calls.
 */
public final class GrpcAssertions {

	private GrpcAssertions() {
	}

	/**
	 * Makes a call and returns assertions about how it ended:
	 *
	 * <pre class="code">
	 * assertThatCall(() -&gt; routeGuide.getFeature(point)).failsWith(Status.Code.NOT_FOUND)
	 * 	.hasReason("NO_FEATURE");
	 * </pre>
	 *
	 * The call may return a message, or what a stub returns for a stream or a call that
	 * goes on: an {@link java.util.Iterator}, a {@link java.util.concurrent.Future}, a
	 * {@link io.grpc.stub.BlockingClientCall} or a {@link StreamRecorder}, which are read
	 * until their end.
	 * @param call makes the call
	 * @return the assertions
	 */
	public static GrpcCallAssert assertThatCall(Callable<?> call) {
		return new GrpcCallAssert(CallOutcome.of(call));
	}

	/**
	 * Waits for the end of a recorded call and returns assertions about it.
	 * @param recorder the recorder that was passed to an asynchronous stub
	 * @return the assertions
	 */
	public static GrpcCallAssert assertThatCall(StreamRecorder<?> recorder) {
		return assertThatCall(() -> recorder);
	}

}
