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

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.micrometer.core.instrument.binder.grpc.GrpcServerObservationContext;

/**
 * Notes what conventions can ask for: the headers and trailers of the response, to which
 * grpc-java adds its own before the observation ends. A call that the drain closes has no
 * trailers here.
 *
 * @param <Q> the type of the requests
 * @param <R> the type of the responses
 */
final class ObservedServerCall<Q, R> extends SimpleForwardingServerCall<Q, R> {

	private final GrpcServerObservationContext context;

	ObservedServerCall(ServerCall<Q, R> delegate, GrpcServerObservationContext context) {
		super(delegate);
		this.context = context;
	}

	@Override
	public void sendHeaders(Metadata headers) {
		this.context.setHeaders(headers);
		super.sendHeaders(headers);
	}

	@Override
	public void close(Status status, Metadata trailers) {
		this.context.setTrailers(trailers);
		super.close(status, trailers);
	}

}
