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

package io.github.lastcall.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * Load of one kind of call through one balancer, on connections that live long or short.
 */
final class Lane {

	private static final int LONG_LIVED_CONNECTIONS = 6;

	private static final int CALLS_PER_SHORT_LIVED_CONNECTION = 20;

	private static final long STREAM_BACKOFF_MILLIS = 500;

	private final String balancerName;

	private final Balancer balancer;

	private final CallKind kind;

	private final boolean shortLived;

	private final LoadTimer timer;

	private final FailureLog failures;

	private final AtomicLong calls = new AtomicLong();

	private final AtomicLong resumed = new AtomicLong();

	private final AtomicLong open = new AtomicLong();

	private final AtomicLong failed = new AtomicLong();

	private final AtomicLong slowestNanos = new AtomicLong();

	private volatile long slowestAt;

	private final List<ConnectionInUse> connections = new ArrayList<>();

	private int next;

	private @Nullable ScheduledFuture<?> ticks;

	private volatile boolean warm;

	private volatile boolean stopped;

	Lane(String balancerName, Balancer balancer, CallKind kind, boolean shortLived, LoadTimer timer,
			FailureLog failures) {
		this.balancerName = balancerName;
		this.balancer = balancer;
		this.kind = kind;
		this.shortLived = shortLived;
		this.timer = timer;
		this.failures = failures;
	}

	String balancer() {
		return this.balancerName;
	}

	String kind() {
		return this.kind.name();
	}

	String connections() {
		return this.shortLived ? "short" : "long";
	}

	long calls() {
		return this.calls.get();
	}

	long failed() {
		return this.failed.get();
	}

	long resumed() {
		return this.resumed.get();
	}

	long open() {
		return this.open.get();
	}

	/**
	 * The longest that a call took beyond what it takes.
	 */
	long slowestExtraMillis() {
		return TimeUnit.NANOSECONDS.toMillis(this.slowestNanos.get());
	}

	/**
	 * When that call ended.
	 */
	long slowestAt() {
		return this.slowestAt;
	}

	/**
	 * Begin.
	 * @param rate calls per second
	 * @param streams streams that are always open, for streams
	 */
	void start(double rate, int streams) {
		if (!this.shortLived) {
			for (int i = 0; i < LONG_LIVED_CONNECTIONS; i++) {
				this.connections.add(new ConnectionInUse(this.balancer.connect(this.timer)));
			}
		}
		if (this.kind.isStream()) {
			for (int i = 0; i < streams; i++) {
				// Not all of them end at once.
				long first = this.kind.millis() * (i + 1) / streams;
				this.timer.in(20L * i, () -> stream(first));
			}
		}
		else {
			this.ticks = this.timer.every((long) (1e9 / rate), () -> call(this.kind.millis(), (status) -> {
			}));
		}
	}

	/**
	 * From now on it counts how slow calls are: those before have begun while everything
	 * was cold.
	 */
	void warm() {
		this.warm = true;
	}

	/**
	 * Make no new calls.
	 */
	void stop() {
		this.stopped = true;
		if (this.ticks != null) {
			this.ticks.cancel(false);
		}
	}

	void close() {
		this.connections.forEach(ConnectionInUse::close);
	}

	private void stream(long millis) {
		if (this.stopped) {
			return;
		}
		long started = System.nanoTime();
		call(millis, (status) -> {
			long left = millis - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - started);
			if (!status.isOk()) {
				this.timer.in(STREAM_BACKOFF_MILLIS, () -> stream(this.kind.millis()));
			}
			else if (left > 1000) {
				// The server has ended it in its own words: resume elsewhere.
				this.resumed.incrementAndGet();
				this.timer.in(0, () -> stream(left));
			}
			else {
				this.timer.in(0, () -> stream(this.kind.millis()));
			}
		});
	}

	private void call(long millis, Connection.CallEnd afterwards) {
		this.calls.incrementAndGet();
		this.open.incrementAndGet();
		boolean warm = this.warm;
		long started = System.nanoTime();
		connection().call(this.kind, millis, (status) -> {
			if (warm) {
				took(System.nanoTime() - started - TimeUnit.MILLISECONDS.toNanos(millis));
			}
			ended(status);
			afterwards.ended(status);
		});
	}

	private void took(long extraNanos) {
		if (this.slowestNanos.getAndAccumulate(extraNanos, Math::max) < extraNanos) {
			this.slowestAt = this.failures.now();
		}
	}

	private void ended(Status status) {
		this.open.decrementAndGet();
		if (!status.isOk()) {
			this.failed.incrementAndGet();
			this.failures.add(this, status);
		}
	}

	private ConnectionInUse connection() {
		if (!this.shortLived) {
			return this.connections.get(this.next++ % this.connections.size());
		}
		if (this.next++ % CALLS_PER_SHORT_LIVED_CONNECTION == 0) {
			this.connections.forEach(ConnectionInUse::retire);
			this.connections.clear();
			this.connections.add(new ConnectionInUse(this.balancer.connect(this.timer)));
		}
		return this.connections.get(0);
	}

	/**
	 * A connection that is closed when it is not needed any more and its calls have
	 * ended.
	 */
	private static final class ConnectionInUse {

		private final Connection connection;

		private int open;

		private boolean retired;

		ConnectionInUse(Connection connection) {
			this.connection = connection;
		}

		void call(CallKind kind, long millis, Connection.CallEnd end) {
			opened();
			this.connection.call(kind, millis, (status) -> {
				ended();
				end.ended(status);
			});
		}

		void close() {
			this.connection.close();
		}

		private synchronized void opened() {
			this.open++;
		}

		private synchronized void ended() {
			this.open--;
			closeIfUnused();
		}

		synchronized void retire() {
			this.retired = true;
			closeIfUnused();
		}

		private void closeIfUnused() {
			if (this.retired && this.open == 0) {
				close();
			}
		}

	}

}
