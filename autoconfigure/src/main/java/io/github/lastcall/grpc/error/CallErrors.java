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

import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

import com.google.rpc.LocalizedMessage;
import com.google.rpc.RequestInfo;
import io.github.lastcall.grpc.call.CallHooks;
import io.github.lastcall.grpc.call.CallHooks.FailedCall;
import io.github.lastcall.grpc.call.CallHooks.Failure;
import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.Metadata;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.context.MessageSource;

/**
 * Decides what the clients of failed calls receive: a thrown status means itself, another
 * exception what it is mapped to. What is not mapped is UNKNOWN.
 *
 * @hidden
 */
public final class CallErrors implements AopInfrastructureBean, CallHooks.Failures {

	/**
	 * Description of exceptions that are not mapped, the same as grpc-java's.
	 */
	private static final String UNMAPPED = "Application error processing RPC";

	/**
	 * Maximum number of causes that are looked at. They may form a cycle.
	 */
	private static final int MAX_CAUSES = 20;

	private final ThrownStatus statuses;

	private final boolean includeMessage;

	private final ErrorLog log;

	private final Function<GrpcServices, List<GrpcExceptionMapper>> finder;

	private final MessageSource messages;

	private final Supplier<@Nullable String> requestId;

	private volatile List<GrpcExceptionMapper> mappers = List.of();

	/**
	 * Creates new {@link CallErrors}.
	 * @param includeMessage whether clients receive the messages of exceptions that are
	 * not mapped
	 * @param passDownstreamTrailers whether clients receive all trailers of a status that
	 * a call to another server ended with
	 * @param nanoTime the clock, as {@link System#nanoTime()}
	 * @param finder finds what maps the exceptions of services, in its order
	 * @param messages the messages of the application
	 * @param requestId supplies the trace id of the current span, if there is one
	 */
	public CallErrors(boolean includeMessage, boolean passDownstreamTrailers, LongSupplier nanoTime,
			Function<GrpcServices, List<GrpcExceptionMapper>> finder, MessageSource messages,
			Supplier<@Nullable String> requestId) {
		this.statuses = new ThrownStatus(passDownstreamTrailers);
		this.includeMessage = includeMessage;
		this.log = new ErrorLog(nanoTime);
		this.finder = finder;
		this.messages = messages;
		this.requestId = requestId;
	}

	/**
	 * Finds what maps the exceptions of services that are about to be served.
	 * @param services the services
	 */
	public void register(GrpcServices services) {
		this.mappers = List.copyOf(this.finder.apply(services));
	}

	@Override
	public Failure thrown(FailedCall call, Throwable exception) {
		return thrown(call, exception, new Metadata());
	}

	@Override
	public Failure closed(FailedCall call, Status status, Metadata trailers) {
		Throwable exception = status.getCause();
		// All that Status.fromThrowable() knows of an exception without a status.
		if (exception != null && status.getCode() == Status.Code.UNKNOWN && status.getDescription() == null) {
			return thrown(call, exception, trailers);
		}
		return mapped(call, GrpcError.of(status, trailers));
	}

	private Failure thrown(FailedCall call, Throwable exception, Metadata trailers) {
		GrpcError error = null;
		try {
			error = map(new GrpcFailedCall(call), exception);
		}
		catch (Throwable failure) {
			if (failure != exception) {
				exception.addSuppressed(failure);
			}
		}
		return (error != null) ? mapped(call, error.trailers(trailers)) : unmapped(call, exception, trailers);
	}

	@Override
	public Failure passedOn(FailedCall call, Status status, Metadata trailers) {
		BoundedError bounded = BoundedError.of(status, trailers);
		return new Failure(bounded.status(), bounded.trailers(), () -> logDropped(call, bounded));
	}

	private @Nullable GrpcError map(GrpcFailedCall call, Throwable exception) {
		Throwable next = exception;
		for (int i = 0; next != null && i < MAX_CAUSES; i++) {
			GrpcError status = this.statuses.of(next);
			for (GrpcExceptionMapper mapper : this.mappers) {
				GrpcError error = (status == null || mapper instanceof HandlerMethods) ? mapper.map(next, call) : null;
				if (error != null) {
					return withCause(error, next);
				}
			}
			if (status != null) {
				return withCause(status, next);
			}
			next = next.getCause();
		}
		return null;
	}

	private static GrpcError withCause(GrpcError error, Throwable exception) {
		return (error.toStatus().getCause() != null) ? error : error.cause(exception);
	}

	private Failure unmapped(FailedCall call, Throwable exception, Metadata trailers) {
		GrpcError error = GrpcError.of(Status.UNKNOWN.withCause(exception), trailers)
			.description(this.includeMessage ? exception.toString() : UNMAPPED);
		return failure(call, withRequestId(error), () -> this.log.unmapped(name(call), exception));
	}

	private Failure mapped(FailedCall call, GrpcError error) {
		Status status = error.toStatus();
		boolean detailed = error.toMessage().getDetailsCount() > 0;
		return failure(call, detailed ? withRequestId(error) : error,
				() -> this.log.mapped(name(call), status, status.getCause()));
	}

	/**
	 * Adds the trace id, so that what a client reports leads to a line of the log.
	 */
	private GrpcError withRequestId(GrpcError error) {
		String id = this.requestId.get();
		return (id == null || error.has(RequestInfo.getDefaultInstance())) ? error
				: error.detail(RequestInfo.newBuilder().setRequestId(id).build());
	}

	private Failure failure(FailedCall call, GrpcError error, Runnable log) {
		GrpcError complete = error.localize((text) -> resolve(call, text));
		BoundedError bounded = BoundedError.of(error.toStatus(), complete.toTrailers());
		return new Failure(bounded.status(), bounded.trailers(), () -> {
			log.run();
			logDropped(call, bounded);
		});
	}

	private @Nullable LocalizedMessage resolve(FailedCall call, LocalizedText text) {
		Locale locale = new GrpcFailedCall(call).locale();
		RuntimeException failure = null;
		try {
			LocalizedMessage message = text.resolve(this.messages, locale);
			if (message != null) {
				return message;
			}
		}
		catch (RuntimeException ex) {
			// A pattern that does not fit its arguments.
			failure = ex;
		}
		this.log.unresolved(name(call), text.code(), locale, failure);
		return null;
	}

	private void logDropped(FailedCall call, BoundedError bounded) {
		if (!bounded.dropped().isEmpty()) {
			this.log.dropped(name(call), bounded.dropped());
		}
	}

	private static String name(FailedCall call) {
		return call.call().getMethodDescriptor().getFullMethodName();
	}

}
