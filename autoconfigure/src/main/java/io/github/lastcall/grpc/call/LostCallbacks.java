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
 * Ends the calls of one server whose end nobody tells any more: because their executor
 * has dropped what it was given, or because an {@link Error} (no memory, a tracer of the
 * application that throws) came between their stream and their handler. Such a call would
 * stay in flight for ever.
 * <p>
 * What is missing cannot be seen, only that it does not come: while there are calls
 * without a stream, or whose connection is gone, it looks at an interval and ends those
 * that it finds twice. Their handlers learn of the end on a thread for this purpose,
 * never beside another callback.
 */
public final class LostCallbacks {

	/**
	 * For a server that does not look for them.
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
	 * Create a new finder.
	 * @param timer gives the time to look, {@code null} to never do so
	 */
	public LostCallbacks(@Nullable ServerTimer timer) {
		this.timer = timer;
	}

	/**
	 * Notes of each connection when it is gone.
	 * @param calls the calls of the server
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
	 * There is a call that waits for its last callback, or for the end of its stream.
	 * @param calls the calls of the server
	 */
	void lookLater(InFlightCalls calls) {
		if (this.timer != null && !this.looking.get() && this.looking.compareAndSet(false, true)) {
			try {
				this.timer.schedule(() -> look(calls), INTERVAL);
			}
			catch (Throwable ex) {
				// No thread could be started. The next call tries again.
				this.looking.set(false);
			}
		}
	}

	private void look(InFlightCalls calls) {
		// Calls that come to wait from now on are looked at later, or are seen here.
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
			if (call.isHeldByBoth() && isGone(call)) {
				more[0] = true;
				if (call.isNoticedAgain()) {
					call.streamClosed(Status.CANCELLED.withDescription("Connection lost"));
				}
			}
			else if (call.isHeldByHandler()) {
				more[0] = true;
				if (call.isNoticedAgain() && mayBeLost(call)) {
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

	/**
	 * Whether it is not known that a callback comes, and nobody has tried to do without.
	 */
	private static boolean mayBeLost(InFlightCall call) {
		return call.isWaiting() ? call.mayDropCallbacks() : !call.endedWithoutCallback;
	}

	private void end(String server, List<InFlightCall> lost) {
		Thread thread = new Thread(() -> lost.forEach(this::end), "grpc-lost-callbacks-" + server);
		thread.setDaemon(true);
		thread.start();
	}

	private void end(InFlightCall call) {
		if (call.isWaiting()) {
			// Cancelled before: nothing but that is to be told here.
			call.close(Status.CANCELLED);
			call.run();
			this.ended.incrementAndGet();
			return;
		}
		call.endedWithoutCallback = true;
		Runnable end = () -> {
			// Behind those callbacks that there still are, one of which may be the last.
			if (call.isHeldByHandler()) {
				this.ended.incrementAndGet();
				call.endWithoutCallback();
			}
		};
		try {
			call.callbacks().execute(end);
		}
		catch (RejectedExecutionException ex) {
			// Its event loop has ended, so there is nothing that this could run beside.
			end.run();
		}
	}

}
