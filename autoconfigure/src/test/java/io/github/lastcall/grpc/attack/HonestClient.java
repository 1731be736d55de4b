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

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

import io.github.lastcall.grpc.testing.GrpcClient;
import org.jspecify.annotations.Nullable;

/**
 * Calls as long as it is not closed, one call after the other.
 */
final class HonestClient implements AutoCloseable {

	private final Supplier<GrpcClient> connect;

	private final boolean reconnects;

	private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

	private final AtomicInteger calls = new AtomicInteger();

	private final AtomicLong slowest = new AtomicLong();

	private @Nullable Thread thread;

	private volatile boolean closed;

	private HonestClient(int port, boolean reconnects) {
		this.connect = () -> GrpcClient.of(port);
		this.reconnects = reconnects;
	}

	/**
	 * A client that has a connection already when the attack begins.
	 */
	static HonestClient onOneConnection(int port) {
		return new HonestClient(port, false).begin();
	}

	/**
	 * A client that needs another connection for each of its calls.
	 */
	static HonestClient onAConnectionForEachCall(int port) {
		return new HonestClient(port, true).begin();
	}

	private HonestClient begin() {
		GrpcClient client = this.connect.get();
		client.featureName();
		this.thread = new Thread(() -> run(client), "honest-client");
		this.thread.start();
		return this;
	}

	private void run(GrpcClient first) {
		GrpcClient client = first;
		while (!this.closed) {
			long started = System.nanoTime();
			try {
				if (this.reconnects) {
					client.close();
					client = this.connect.get();
				}
				client.featureName();
			}
			catch (RuntimeException ex) {
				this.failures.add(ex);
			}
			this.calls.incrementAndGet();
			this.slowest.accumulateAndGet((System.nanoTime() - started) / 1_000_000, Math::max);
		}
		client.close();
	}

	Queue<Throwable> failures() {
		return this.failures;
	}

	int calls() {
		return this.calls.get();
	}

	long slowestMillis() {
		return this.slowest.get();
	}

	@Override
	public void close() throws InterruptedException {
		this.closed = true;
		if (this.thread != null) {
			this.thread.join();
		}
	}

}
