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
package io.github.lastcall.grpc.attack;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;

import io.github.lastcall.grpc.testing.GrpcClient;

/**
 * Makes one call after the other until it is closed.
 */
final class HonestClient implements AutoCloseable {

	/**
	 * Calls before the attack, as a server that has just started is slow.
	 */
	private static final int WARM_UP = 50;

	/**
	 * Between two calls, so that an attack has the processors and not its witness.
	 */
	private static final Duration PAUSE = Duration.ofMillis(5);

	private final int port;

	private final boolean reconnects;

	private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

	private final Queue<Duration> times = new ConcurrentLinkedQueue<>();

	private final Thread thread;

	private volatile boolean closed;

	private HonestClient(int port, boolean reconnects) {
		this.port = port;
		this.reconnects = reconnects;
		GrpcClient client = GrpcClient.of(port);
		for (int i = 0; i < WARM_UP; i++) {
			client.featureName();
		}
		this.thread = new Thread(() -> run(client), "honest-client");
		this.thread.start();
	}

	/**
	 * A client that is connected before the attack begins.
	 */
	static HonestClient onOneConnection(int port) {
		return new HonestClient(port, false);
	}

	/**
	 * A client that needs another connection for each of its calls.
	 */
	static HonestClient onAConnectionForEachCall(int port) {
		return new HonestClient(port, true);
	}

	private void run(GrpcClient first) {
		GrpcClient client = first;
		while (!this.closed) {
			long started = System.nanoTime();
			try {
				if (this.reconnects) {
					client.close();
					client = GrpcClient.of(this.port);
				}
				client.featureName();
			}
			catch (RuntimeException ex) {
				this.failures.add(ex);
			}
			this.times.add(Duration.ofNanos(System.nanoTime() - started));
			LockSupport.parkNanos(PAUSE.toNanos());
		}
		client.close();
	}

	Queue<Throwable> failures() {
		return this.failures;
	}

	boolean reconnects() {
		return this.reconnects;
	}

	int calls() {
		return this.times.size();
	}

	/**
	 * The time that so many of a hundred calls did not exceed. Of fewer than a hundred
	 * calls the slowest does not count for the 99th percentile.
	 */
	Duration percentile(int percentile) {
		List<Duration> sorted = new ArrayList<>(this.times);
		sorted.sort(null);
		return sorted.isEmpty() ? Duration.ZERO : sorted.get(Math.max(sorted.size() * percentile / 100, 1) - 1);
	}

	@Override
	public void close() throws InterruptedException {
		this.closed = true;
		this.thread.join();
	}

	@Override
	public String toString() {
		return "%d calls%s, p99 %d ms, slowest %d ms, %d failed".formatted(calls(),
				this.reconnects ? " on new connections" : "", percentile(99).toMillis(), percentile(100).toMillis(),
				this.failures.size());
	}

}
