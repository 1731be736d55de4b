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

import java.util.Set;

import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import org.jspecify.annotations.Nullable;

/**
 * Status of a thrown {@link StatusException} or {@link StatusRuntimeException}.
 * <p>
 * A status that a client stub has created, because a call to another server ended with
 * it, is recognized by its stack trace. Trailers of that server are not meant for the
 * clients of this one.
 */
final class ThrownStatus {

	private final boolean passDownstreamTrailers;

	ThrownStatus(boolean passDownstreamTrailers) {
		this.passDownstreamTrailers = passDownstreamTrailers;
	}

	/**
	 * Returns the status of an exception with its trailers.
	 * @return the status, {@code null} if the exception has none
	 */
	@Nullable GrpcError of(Throwable exception) {
		if (exception instanceof StatusException thrown) {
			return of(thrown.getStatus(), thrown.getTrailers(), thrown);
		}
		if (exception instanceof StatusRuntimeException thrown) {
			return of(thrown.getStatus(), thrown.getTrailers(), thrown);
		}
		return null;
	}

	/**
	 * Returns the status that an exception has been made for.
	 */
	static GrpcError withAllTrailers(Throwable exception) {
		Metadata trailers = Status.trailersFromThrowable(exception);
		return GrpcError.of(Status.fromThrowable(exception), (trailers != null) ? trailers : new Metadata());
	}

	private @Nullable GrpcError of(Status status, @Nullable Metadata trailers, Throwable thrown) {
		if (status.isOk()) {
			return null;
		}
		if (trailers == null || trailers.keys().isEmpty()) {
			return GrpcError.of(status);
		}
		boolean all = this.passDownstreamTrailers || trailers.keys().equals(Set.of(GrpcError.DETAILS.name()))
				|| !isDownstream(thrown);
		return GrpcError.of(status, all ? trailers : details(trailers));
	}

	private static Metadata details(Metadata trailers) {
		Metadata details = GrpcError.copy(trailers);
		for (String name : trailers.keys()) {
			if (!name.equals(GrpcError.DETAILS.name())) {
				details.discardAll(BoundedError.key(name));
			}
		}
		return details;
	}

	private static boolean isDownstream(Throwable thrown) {
		for (StackTraceElement frame : thrown.getStackTrace()) {
			String type = frame.getClassName();
			if (!type.equals(Status.class.getName())) {
				return type.startsWith("io.grpc.stub.ClientCalls") || type.startsWith("io.grpc.stub.BlockingClientCall")
						|| type.startsWith("io.grpc.kotlin.ClientCalls");
			}
		}
		return false;
	}

}
