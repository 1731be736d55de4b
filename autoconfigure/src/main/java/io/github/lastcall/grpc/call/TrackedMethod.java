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

package io.github.lastcall.grpc.call;

import io.github.lastcall.grpc.executor.CallScope;
import io.github.lastcall.grpc.executor.CallTask;
import io.github.lastcall.grpc.limits.AdmissionControl;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import org.jspecify.annotations.Nullable;

/**
 * Method whose calls are tracked, during one run of the server.
 *
 * @param run the run of the server
 * @param task the method as the thread pool knows it
 * @param application whether it belongs to the application
 * @param streaming whether a call of it can stay open for ever
 * @param oneRequest whether the client sends one request, which the handler processes
 * when it is complete
 * @param scope the scope of the callbacks of its calls, {@code null} for none
 * @param recorder the recorder of its calls, {@code null} for none
 * @param admission sheds its calls when they wait too long for a thread
 */
record TrackedMethod(ServerRun run, CallTask.Method task, boolean application, boolean streaming, boolean oneRequest,
		@Nullable CallScope scope, @Nullable CallRecorder recorder, AdmissionControl admission) {

	TrackedMethod(ServerRun run, String name, boolean application, boolean streaming, boolean oneRequest,
			@Nullable CallScope scope, @Nullable CallRecorder recorder, AdmissionControl admission) {
		this(run, new CallTask.Method(name), application, streaming, oneRequest, scope, recorder, admission);
	}

	/**
	 * Returns the full name of the method, empty if it is not known yet.
	 */
	String name() {
		return this.task.name();
	}

	boolean isUnknown() {
		return name().isEmpty();
	}

	/**
	 * Returns what decides about failures, {@code null} for infrastructure services.
	 */
	CallHooks.@Nullable Failures failures() {
		return this.application ? this.run.guards().failures() : null;
	}

	/**
	 * Creates the trailers of a call that is refused before its handler starts: when to
	 * retry it.
	 */
	Metadata retryTrailers() {
		return this.run.guards().retryPushback().trailers(this.admission.retryAfter(this.run.timer().nanoTime()));
	}

	/**
	 * Creates the tracer of a call whose headers are being read. A unary call of an
	 * infrastructure service ends at once, so it need not be tracked.
	 */
	ServerStreamTracer tracer() {
		if (!this.application && !this.streaming) {
			return new InboundTracer(this);
		}
		InFlightCall call = new InFlightCall(this);
		call.open();
		return call;
	}

}
