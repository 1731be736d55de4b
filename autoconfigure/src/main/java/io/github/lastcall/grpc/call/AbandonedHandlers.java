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

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

import io.github.lastcall.grpc.executor.ServerTimer;
import io.github.lastcall.grpc.executor.ThreadStack;
import io.github.lastcall.grpc.limits.LogLimiter;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Finds the handlers of one server that still run long after their calls have been
 * cancelled. Each holds a thread although no client waits for it.
 * <p>
 * All calls are sampled from the first cancellation during a callback until no such
 * handler is left. Each call counts the samples that have found its handler running, so
 * no clock is read.
 *
 * @hidden
 */
public final class AbandonedHandlers {

	/**
	 * Instance that does nothing.
	 */
	public static final AbandonedHandlers IGNORED = new AbandonedHandlers();

	private static final Log logger = LogFactory.getLog(AbandonedHandlers.class);

	/**
	 * Number of samples after which a handler has run for the whole limit.
	 */
	private static final int SAMPLES = 4;

	/**
	 * Minimum time between two log lines.
	 */
	private static final Duration QUIET = Duration.ofMinutes(1);

	private final Duration limit;

	private final boolean interrupt;

	private final @Nullable ServerTimer timer;

	private final AtomicBoolean looking = new AtomicBoolean();

	private final LogLimiter warnings;

	private AbandonedHandlers() {
		this.limit = Duration.ZERO;
		this.interrupt = false;
		this.timer = null;
		this.warnings = new LogLimiter(System::nanoTime);
	}

	/**
	 * Creates new {@link AbandonedHandlers}.
	 * @param limit how long a handler may run after its call has been cancelled
	 * @param interrupt whether to interrupt those that run longer
	 * @param timer schedules the samples, on a thread that does not run handlers
	 */
	public AbandonedHandlers(Duration limit, boolean interrupt, ServerTimer timer) {
		Assert.isTrue(!limit.isZero() && !limit.isNegative(), "'limit' must be positive");
		this.limit = limit;
		this.interrupt = interrupt;
		this.timer = timer;
		this.warnings = new LogLimiter(1, QUIET, timer::nanoTime);
	}

	boolean isInterrupting() {
		return this.interrupt;
	}

	/**
	 * Starts sampling, because a call has been cancelled during one of its callbacks.
	 */
	void cancelled(InFlightCalls calls) {
		if (this.timer != null && !this.looking.get() && this.looking.compareAndSet(false, true)) {
			lookLater(this.timer, calls);
		}
	}

	private void lookLater(ServerTimer timer, InFlightCalls calls) {
		timer.schedule(() -> look(timer, calls), this.limit.dividedBy(SAMPLES));
	}

	private void look(ServerTimer timer, InFlightCalls calls) {
		// Calls that are cancelled from now on are seen below, or start sampling again.
		this.looking.set(false);
		List<InFlightCall> found = new ArrayList<>();
		boolean[] candidates = { false };
		boolean[] more = { false };
		calls.forEachOfApplication((call) -> {
			TrackedListener<?> listener = call.listener();
			if (listener == null) {
				return;
			}
			int samples = listener.sampleAbandoned();
			candidates[0] |= samples > 0;
			more[0] |= samples == SAMPLES;
			if (samples >= SAMPLES) {
				found.add(call);
			}
			if (samples == SAMPLES && this.interrupt && !isOnEventLoop(call)) {
				listener.interrupt();
			}
		});
		if (more[0]) {
			warn(calls, found);
		}
		if (candidates[0] && this.looking.compareAndSet(false, true)) {
			lookLater(timer, calls);
		}
	}

	private static boolean isOnEventLoop(InFlightCall call) {
		CallbackExecutor callbacks = call.callbacks();
		return callbacks == null || callbacks.isDirect();
	}

	/**
	 * Returns the number of abandoned handlers.
	 */
	int count(InFlightCalls calls) {
		int[] count = { 0 };
		calls.forEachOfApplication((call) -> {
			TrackedListener<?> listener = call.listener();
			if (listener != null && listener.abandonedSamples() >= SAMPLES) {
				count[0]++;
			}
		});
		return count[0];
	}

	private void warn(InFlightCalls calls, List<InFlightCall> found) {
		for (InFlightCall call : found) {
			TrackedListener<?> listener = call.listener();
			Thread thread = (listener != null) ? listener.thread() : null;
			if (thread != null) {
				if (!this.warnings.tryAcquire()) {
					return;
				}
				logger.warn(
						"gRPC server '%s': %d handlers are still running more than %d s after their calls were cancelled and hold %d threads; stack of a handler of %s (grpc.server.executor.cancelled-warning)%s"
							.formatted(calls.server(), found.size(), this.limit.toSeconds(), found.size(),
									call.method().name(), this.interrupt ? ", now interrupted" : ""),
						new ThreadStack(thread, thread.getStackTrace()));
				return;
			}
		}
	}

}
