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

import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import com.google.protobuf.BytesValue;

/**
 * How long after a load service is normal again: a few calls per second on a connection
 * of their own, which must all succeed for a second, nearly as fast as before the load.
 */
final class Recovery {

	private static final int RATE = 100;

	/**
	 * A p99 that is not normal, but within the noise of this many milliseconds.
	 */
	private static final long NOISE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

	private final LoadClient client;

	private final Supplier<BytesValue> request;

	private final long normalNanos;

	/**
	 * Measure what is normal.
	 * @param client a client without other load
	 * @param request gives the request of each call
	 * @param seconds how long to measure
	 */
	Recovery(LoadClient client, Supplier<BytesValue> request, int seconds) throws InterruptedException {
		this.client = client;
		this.request = request;
		OpenLoop calls = calls(seconds);
		this.normalNanos = calls.latencies(0).getValueAtPercentile(99);
	}

	double normalMillis() {
		return this.normalNanos / 1e6;
	}

	/**
	 * Measure it after a load.
	 * @param seconds how long to wait for it at most
	 * @return milliseconds until normal service began, or infinity
	 */
	double measure(int seconds) throws InterruptedException {
		OpenLoop calls = calls(seconds + 1);
		double limit = Math.max(2.0 * this.normalNanos, this.normalNanos + NOISE_NANOS);
		for (int i = 0; i + RATE <= calls.calls(); i++) {
			if (calls.isNormal(i, i + RATE, limit)) {
				return i * 1e3 / RATE;
			}
		}
		return Double.POSITIVE_INFINITY;
	}

	private OpenLoop calls(int seconds) throws InterruptedException {
		OpenLoop calls = new OpenLoop(this.client.channels(), this.request, RATE, seconds);
		calls.send(this.client.thread());
		calls.await();
		return calls;
	}

}
