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
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.lastcall.grpc.executor.ServerTimer;
import io.grpc.Attributes;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Ends the calls of one server whose last callback has been lost: because their executor
 * has dropped a task, or because an {@link Error} (out of memory, a tracer of the
 * application that throws) came between their stream and their handler. They would stay
 * in flight for ever.
 * <p>
 * A lost callback cannot be told from a late one. While there are calls without a stream,
 * or calls whose connection is gone, this class looks at regular intervals and ends the
 * calls that it finds twice. Their handlers are told on a thread of its own, never beside
 * another callback.
 *
 * @hidden
 */
public final class LostCallbacks {

	/**
	 * Instance that does nothing.
	 */
	public static final LostCallbacks IGNORED = new LostCallbacks(null);

	static final Duration INTERVAL = Duration.ofSeconds(2);

	/**
	 * Whether the connection of a call is gone.
	 */
	private static final Attributes.Key<AtomicBoolean> GONE = Attributes.Key
		.create("io.github.lastcall.grpc.call.gone");

	private static final Log logger = LogFactory.getLog(LostCallbacks.class);

	private final @Nullable ServerTimer timer;

	private final AtomicBoolean looking = new AtomicBoolean();

	private final AtomicInteger ended = new AtomicInteger();

	/**
	 * Creates new {@link LostCallbacks}.
	 * @param timer schedules the looks, {@code null} to never look
	 */
	public LostCallbacks(@Nullable ServerTimer timer) {
		this.timer = timer;
	}

	/**
	 * Returns a filter that notes when a connection is gone.
	 */
	ServerTransportFilter transportFilter(InFlightCalls calls) {
		return new ServerTransportFilter() {

			@Override
			public Attributes transportReady(Attributes attributes) {
				return attributes.toBuilder().set(GONE, new AtomicBoolean()).build();
			}

			@Override
			public void transportTerminated(@Nullable Attributes attributes) {
				AtomicBoolean gone = (attributes != null) ? attributes.get(GONE) : null;
				if (gone != null) {
					gone.set(true);
					if (!calls.isEmpty()) {
						lookLater(calls);
					}
				}
			}

		};
	}

	/**
	 * Schedules a look at the calls, because one waits for its last callback or for the
	 * end of its stream.
	 */
	void lookLater(InFlightCalls calls) {
		if (this.timer != null && !this.looking.get() && this.looking.compareAndSet(false, true)) {
			try {
				this.timer.schedule(() -> look(calls), INTERVAL);
			}
			catch (Throwable ex) {
				// The timer could not start its thread. The next call tries again.
				this.looking.set(false);
			}
		}
	}

	private void look(InFlightCalls calls) {
		// Calls that wait from now on schedule another look, or are seen here.
		this.looking.set(false);
		int ended = this.ended.getAndSet(0);
		if (ended > 0) {
			logger.warn(
					"gRPC server '%s' ended %d calls whose last callback was lost: the executor dropped it, or an Error prevented its submission"
						.formatted(calls.server(), ended));
		}
		List<InFlightCall> lost = new ArrayList<>();
		boolean[] more = { ended > 0 };
		calls.forEach((call) -> {
			if (call.holders().isHeldByBoth() && isGone(call)) {
				more[0] = true;
				if (isFoundAgain(call)) {
					call.streamClosed(Status.CANCELLED.withDescription("Connection lost"));
				}
			}
			else if (call.holders().isHeldByHandlerOnly()) {
				more[0] = true;
				if (isFoundAgain(call) && mayBeLost(call)) {
					lost.add(call);
				}
			}
		});
		if (!lost.isEmpty()) {
			end(calls.server(), lost);
		}
		if (more[0]) {
			lookLater(calls);
		}
	}

	private static boolean isGone(InFlightCall call) {
		AtomicBoolean gone = call.attribute(GONE);
		return gone != null && gone.get();
	}

	private static boolean isFoundAgain(InFlightCall call) {
		boolean again = call.noticed;
		call.noticed = true;
		return again;
	}

	/**
	 * Returns whether no callback is certain to follow, and the call has not been ended
	 * without one.
	 */
	private static boolean mayBeLost(InFlightCall call) {
		CallbackExecutor callbacks = call.callbacks();
		return (callbacks != null && callbacks.isDue()) ? callbacks.mayDropCallbacks() : !call.endedWithoutCallback;
	}

	private void end(String server, List<InFlightCall> lost) {
		Thread thread = new Thread(() -> lost.forEach(this::end), "grpc-lost-callbacks-" + server);
		thread.setDaemon(true);
		thread.start();
	}

	private void end(InFlightCall call) {
		CallbackExecutor callbacks = call.callbacks();
		if (callbacks != null && callbacks.isDue()) {
			// Closed first, so that the handler is told of nothing but the end.
			call.close(Status.CANCELLED);
			callbacks.run();
			this.ended.incrementAndGet();
			return;
		}
		call.endedWithoutCallback = true;
		Runnable end = () -> {
			// Runs after the callbacks that there are, one of which may be the last.
			if (call.holders().isHeldByHandlerOnly()) {
				this.ended.incrementAndGet();
				endWithoutCallback(call);
			}
		};
		try {
			call.serializing().execute(end);
		}
		catch (RejectedExecutionException ex) {
			// The event loop has ended, so no callback can run at the same time.
			end.run();
		}
	}

	private static void endWithoutCallback(InFlightCall call) {
		call.close(Status.CANCELLED);
		TrackedListener<?> listener = call.listener();
		if (listener != null) {
			listener.endWithoutCallback();
		}
		else {
			call.handlerDone();
		}
	}

}
