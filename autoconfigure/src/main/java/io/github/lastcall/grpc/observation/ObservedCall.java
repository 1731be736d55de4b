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

package io.github.lastcall.grpc.observation;

import io.github.lastcall.grpc.call.CallHooks;
import io.grpc.Metadata;
import io.grpc.Status;
import io.micrometer.core.instrument.binder.grpc.GrpcServerObservationContext;
import io.micrometer.observation.Observation;
import org.jspecify.annotations.Nullable;

/**
 * Hooks that make an observation the current one in each callback of a call, and end it
 * with the call. Sets what conventions can read: the headers and trailers of the
 * response, to which grpc-java adds its own before the observation ends. There are no
 * trailers if the server has closed the call.
 */
final class ObservedCall implements CallHooks {

	private final GrpcCallObservations observations;

	private final GrpcServerObservationContext context;

	private final Observation observation;

	ObservedCall(GrpcCallObservations observations, GrpcServerObservationContext context, Observation observation) {
		this.observations = observations;
		this.context = context;
		this.observation = observation;
	}

	@Override
	public Object beforeCallback() {
		return this.observations.openScope(this.observation);
	}

	@Override
	public void afterCallback(@Nullable Object scope) {
		if (scope != null) {
			this.observations.closeScope((Observation.Scope) scope);
		}
	}

	@Override
	public void sendingHeaders(Metadata headers) {
		this.context.setHeaders(headers);
	}

	@Override
	public void closing(Metadata trailers) {
		this.context.setTrailers(trailers);
	}

	@Override
	public void cancelled() {
		this.context.setCancelled(true);
	}

	@Override
	public void ended(Status status) {
		this.context.setStatusCode(status.getCode());
		Throwable exception = status.getCause();
		// As in the timer: the cause of a cancellation is the connection.
		if (exception != null && status.getCode() != Status.Code.CANCELLED) {
			this.observations.tagError(this.context, exception);
		}
		this.observations.stop(this.observation, isServerError(status.getCode()) ? error(status) : null);
	}

	private static Throwable error(Status status) {
		Throwable cause = status.getCause();
		return (cause != null) ? cause : status.asRuntimeException();
	}

	/**
	 * Returns whether a status is an error of the server, as defined by OpenTelemetry's
	 * semantic conventions for gRPC.
	 */
	private static boolean isServerError(Status.Code code) {
		return switch (code) {
			case UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS -> true;
			default -> false;
		};
	}

}
