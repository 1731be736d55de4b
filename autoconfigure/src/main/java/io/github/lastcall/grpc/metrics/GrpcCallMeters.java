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

package io.github.lastcall.grpc.metrics;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

import io.github.lastcall.grpc.call.CallRecorder;
import io.github.lastcall.grpc.executor.FirstFailure;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.noop.NoopTimer;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;

/**
 * Meters of the application's calls, with the names and tags of Micrometer's own
 * observation of gRPC servers: the timer {@code grpc.server} and the counters
 * {@code grpc.server.received} and {@code grpc.server.sent}. The counters have no status
 * tag, as in Micrometer. Only methods that are served have meters, so clients cannot
 * create more of them.
 */
public final class GrpcCallMeters implements AopInfrastructureBean, CallRecorder.Factory {

	private static final String CALLS = "grpc.server";

	private static final String DESCRIPTION = "Calls of the application, from the first frame to the last";

	private static final String WAITS = "grpc.server.queue.time";

	private static final String WAITS_DESCRIPTION = "Time that calls waited for a thread, if it was 1 ms or more";

	private static final Duration[] WAITS_BUCKETS = Stream.of(1, 5, 10, 50, 100, 200, 500, 1000, 5000)
		.map(Duration::ofMillis)
		.toArray(Duration[]::new);

	/**
	 * Maximum number of classes of exceptions with a timer of their own, for each method.
	 */
	private static final int MAX_FAILURES = 50;

	private static final String UNKNOWN = "UNKNOWN";

	private static final Log logger = LogFactory.getLog(GrpcCallMeters.class);

	private final MeterRegistry registry;

	private final FirstFailure failure = new FirstFailure(logger,
			"Could not register a meter, so that calls are not recorded completely");

	private final Timer waits;

	/**
	 * By full method name. Kept when the server is started again, so that it continues
	 * counting.
	 */
	private final Map<String, MethodMeters> methods = new ConcurrentHashMap<>();

	/**
	 * Creates new {@link GrpcCallMeters}.
	 * @param registry the registry of the meters
	 */
	public GrpcCallMeters(MeterRegistry registry) {
		this.registry = registry;
		this.waits = timer(WAITS, WAITS_DESCRIPTION, Tags.empty(), WAITS_BUCKETS);
	}

	private Timer timer(String name, String description, Tags tags, Duration... buckets) {
		try {
			return Timer.builder(name)
				.description(description)
				.tags(tags)
				.serviceLevelObjectives((buckets.length > 0) ? buckets : null)
				.register(this.registry);
		}
		catch (Throwable ex) {
			this.failure.report(ex);
			return new NoopTimer(new Meter.Id(name, tags, null, description, Meter.Type.TIMER));
		}
	}

	@Override
	public CallRecorder recorderOf(MethodDescriptor<?, ?> method) {
		return this.methods.computeIfAbsent(method.getFullMethodName(),
				(name) -> new MethodMeters(Tags.of("rpc.service", orUnknown(method.getServiceName()), "rpc.method",
						orUnknown(method.getBareMethodName()), "rpc.type", method.getType().name())));
	}

	private static String orUnknown(@Nullable String name) {
		return (name != null) ? name : UNKNOWN;
	}

	/**
	 * Meters of one method. A timer is registered when the first call ends with its
	 * status.
	 */
	private final class MethodMeters implements CallRecorder {

		private static final int CODES = Status.Code.values().length;

		private final Tags tags;

		private final AtomicReferenceArray<@Nullable Timer> timers = new AtomicReferenceArray<>(CODES);

		/**
		 * Timers of calls that have failed with an exception, by its class.
		 */
		private final Map<List<Object>, Timer> failures = new ConcurrentHashMap<>();

		private final LongAdder received;

		private final LongAdder sent;

		MethodMeters(Tags tags) {
			this.tags = tags;
			this.received = counter("grpc.server.received", "Messages received from clients");
			this.sent = counter("grpc.server.sent", "Messages sent to clients");
		}

		private LongAdder counter(String name, String description) {
			LongAdder count = new LongAdder();
			try {
				FunctionCounter.builder(name, count, LongAdder::doubleValue)
					.description(description)
					.baseUnit("messages")
					.tags(this.tags)
					.register(GrpcCallMeters.this.registry);
			}
			catch (Throwable ex) {
				GrpcCallMeters.this.failure.report(ex);
			}
			return count;
		}

		@Override
		public void messageReceived() {
			this.received.increment();
		}

		@Override
		public void messageSent() {
			this.sent.increment();
		}

		@Override
		public void waited(long nanos) {
			try {
				GrpcCallMeters.this.waits.record(nanos, TimeUnit.NANOSECONDS);
			}
			catch (Throwable ex) {
				GrpcCallMeters.this.failure.report(ex);
			}
		}

		@Override
		public void ended(Status status, long nanos) {
			Throwable exception = status.getCause();
			// The cause of a cancellation is the connection, and not the handler.
			Timer timer = (exception == null || status.getCode() == Status.Code.CANCELLED) ? timer(status.getCode())
					: timer(status.getCode(), exception);
			try {
				timer.record(nanos, TimeUnit.NANOSECONDS);
			}
			catch (Throwable ex) {
				GrpcCallMeters.this.failure.report(ex);
			}
		}

		private Timer timer(Status.Code status) {
			Timer timer = this.timers.get(status.ordinal());
			if (timer == null) {
				timer = create(status, "none");
				this.timers.set(status.ordinal(), timer);
			}
			return timer;
		}

		private Timer timer(Status.Code status, Throwable exception) {
			List<Object> kind = List.of(status, exception.getClass());
			Timer timer = this.failures.get(kind);
			if (timer == null) {
				boolean room = this.failures.size() < MAX_FAILURES;
				timer = create(status, room ? exception.getClass().getSimpleName() : "other");
				if (room) {
					this.failures.put(kind, timer);
				}
			}
			return timer;
		}

		private Timer create(Status.Code status, String error) {
			return GrpcCallMeters.this.timer(CALLS, DESCRIPTION,
					this.tags.and("grpc.status_code", status.name(), "error", error));
		}

	}

}
