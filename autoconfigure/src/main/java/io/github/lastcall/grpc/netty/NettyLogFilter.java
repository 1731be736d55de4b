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
package io.github.lastcall.grpc.netty;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.logging.Filter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;

import io.github.lastcall.grpc.limits.LogLimiter;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.limits.RefusedMessageException;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Error;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Exception;
import org.jspecify.annotations.Nullable;

/**
 * Limits grpc-java's log while clients misbehave. grpc-java logs a stack trace for each
 * invalid frame, call or connection, so any client could fill the disk. The filter turns
 * such a record into one line, limits the number of lines, and omits those of refusals,
 * which {@link Refusals} reports.
 *
 * <p>
 * Only loggers that report client behavior are filtered, by a filter of {@code
 * java.util.logging} (which grpc-java uses), so levels and appenders remain those of the
 * application. Exceptions of handlers pass; two of the loggers report them besides
 * unparseable messages. A logger at {@code DEBUG} or finer is not limited, and a logger
 * that already has a filter keeps it.
 *
 * <p>
 * The loggers belong to the process, so all contexts share the filter and one limit,
 * until the last of them is closed.
 */
final class NettyLogFilter implements Filter {

	private static final String PACKAGE = NettyServerBuilder.class.getPackageName();

	/**
	 * Loggers of exceptions on an executor and on the event loop.
	 */
	private static final Set<String> HANDLERS = Set.of("io.grpc.internal.SerializingExecutor",
			"io.grpc.internal.SerializeReentrantCallsDirectExecutor");

	/**
	 * Loggers of grpc-java that a server's transport uses: those of its package and those
	 * of classes that it calls.
	 */
	private static final Set<String> TRANSPORT = Set.of(PACKAGE + ".NettyServerTransport.connections",
			PACKAGE + ".NettyServerHandler", PACKAGE + ".NettyServerStream", PACKAGE + ".ProtocolNegotiators",
			PACKAGE + ".WriteBufferingAndExceptionHandler", PACKAGE + ".GrpcSslContexts", PACKAGE + ".TcpMetrics",
			PACKAGE + ".Utils", "io.grpc.ChannelLogger", "io.grpc.internal.AbstractStream", "io.grpc.internal.GrpcUtil",
			"io.grpc.internal.InternalServer", "io.grpc.internal.LogExceptionRunnable", "io.grpc.internal.ServerImpl",
			"io.grpc.internal.TransportFrameUtil");

	/**
	 * Strong references: those of the log manager are weak, so a logger could be lost
	 * with its filter.
	 */
	private final List<Logger> loggers = Stream.concat(HANDLERS.stream(), TRANSPORT.stream())
		.map(Logger::getLogger)
		.toList();

	/**
	 * Filters of all contexts that use this one, which may outlive its own context.
	 */
	private final Set<NettyLogFilter> users = new HashSet<>();

	private final LogLimiter limiter;

	NettyLogFilter(LongSupplier nanoTime) {
		this.limiter = new LogLimiter(nanoTime);
	}

	void install() {
		synchronized (NettyLogFilter.class) {
			for (Logger logger : this.loggers) {
				if (logger.getFilter() == null) {
					set(logger, this);
				}
				if (logger.getFilter() instanceof NettyLogFilter installed) {
					installed.users.add(this);
				}
			}
		}
	}

	void uninstall() {
		synchronized (NettyLogFilter.class) {
			for (Logger logger : this.loggers) {
				if (logger.getFilter() instanceof NettyLogFilter installed) {
					installed.users.remove(this);
					if (installed.users.isEmpty()) {
						set(logger, null);
					}
				}
			}
		}
	}

	@SuppressWarnings("NullAway") // No filter is null for java.util.logging.
	private static void set(Logger logger, @Nullable Filter filter) {
		try {
			logger.setFilter(filter);
		}
		catch (UnsupportedOperationException ex) {
			// Another log manager, which does not support filters.
		}
	}

	@Override
	public boolean isLoggable(LogRecord record) {
		if (this.loggers.stream()
			.anyMatch((logger) -> logger.getName().equals(record.getLoggerName()) && logger.isLoggable(Level.FINE))) {
			return true;
		}
		Throwable thrown = record.getThrown();
		if (thrown instanceof RefusedMessageException) {
			return false;
		}
		if (HANDLERS.contains(String.valueOf(record.getLoggerName()))) {
			if (!isUnparseable(thrown)) {
				return true;
			}
		}
		else if (isRefused(thrown)) {
			return false;
		}
		if (!this.limiter.tryAcquire()) {
			return false;
		}
		shorten(record);
		return true;
	}

	/**
	 * Returns whether a frame, or a message because of its size, was refused.
	 */
	private static boolean isRefused(@Nullable Throwable thrown) {
		return (thrown instanceof Http2Exception frame && frame.error() != Http2Error.INTERNAL_ERROR)
				|| (thrown instanceof StatusRuntimeException message
						&& message.getStatus().getCode() == Status.Code.RESOURCE_EXHAUSTED);
	}

	private static boolean isUnparseable(@Nullable Throwable thrown) {
		if (!(thrown instanceof StatusRuntimeException exception)) {
			return false;
		}
		String description = String.valueOf(exception.getStatus().getDescription());
		return description.equals("Invalid protobuf byte sequence")
				|| description.contains("message exceeds maximum size");
	}

	private void shorten(LogRecord record) {
		StringBuilder message = new StringBuilder(String.valueOf(record.getMessage()));
		Throwable thrown = record.getThrown();
		if (thrown != null) {
			message.append(": ").append(thrown);
			record.setThrown(null);
		}
		message.append(this.limiter.suffix());
		record.setMessage(message.toString().replaceAll("\\R", " "));
	}

}
