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

import io.github.lastcall.grpc.testing.GrpcClient;

/**
 * Calls as long as it is not closed, one call after the other.
 */
final class HonestClient implements AutoCloseable {

	private final GrpcClient client;

	private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

	private final AtomicInteger calls = new AtomicInteger();

	private final AtomicLong slowest = new AtomicLong();

	private final Thread thread = new Thread(this::run, "honest-client");

	private volatile boolean closed;

	HonestClient(int port) {
		this.client = GrpcClient.of(port);
		this.client.featureName();
		this.thread.start();
	}

	private void run() {
		while (!this.closed) {
			long started = System.nanoTime();
			try {
				this.client.featureName();
			}
			catch (RuntimeException ex) {
				this.failures.add(ex);
			}
			this.calls.incrementAndGet();
			this.slowest.accumulateAndGet((System.nanoTime() - started) / 1_000_000, Math::max);
		}
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
		this.thread.join();
		this.client.close();
	}

}
