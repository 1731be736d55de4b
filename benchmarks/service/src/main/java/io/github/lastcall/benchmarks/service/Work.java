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

package io.github.lastcall.benchmarks.service;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

import com.google.protobuf.BytesValue;

/**
 * What a handler does: so many turns of computing, then so many milliseconds of blocking
 * its thread. Turns and not a time, so that a handler that waits for a processor still
 * does the same.
 *
 * @param turns how much to compute
 * @param blockedMillis how long to block
 */
public record Work(long turns, long blockedMillis) {

	private static final long SEED = 88_172_645_463_325_252L;

	/**
	 * The work that a request describes.
	 * @param request the request
	 * @return the work
	 */
	public static Work of(BytesValue request) {
		ByteBuffer buffer = request.getValue().asReadOnlyByteBuffer();
		return new Work(buffer.getLong(), buffer.getLong());
	}

	/**
	 * Measure how much can be computed in some time, on the machine that runs this.
	 * @param nanos how long
	 * @return the turns
	 */
	public static long turnsIn(long nanos) {
		long turns = 10_000_000;
		long best = Long.MAX_VALUE;
		for (int i = 0; i < 10; i++) {
			long start = System.nanoTime();
			if (compute(turns) == 0) {
				throw new IllegalStateException("It never becomes 0");
			}
			best = Math.min(best, System.nanoTime() - start);
		}
		return nanos * turns / best;
	}

	/**
	 * The request for this work.
	 * @return the message
	 */
	public BytesValue request() {
		return CallMethods
			.message(ByteBuffer.allocate(2 * Long.BYTES).putLong(this.turns).putLong(this.blockedMillis).array());
	}

	/**
	 * Do it.
	 * @return the result, so that nobody can leave the work out
	 */
	public long perform() {
		long result = compute(this.turns);
		if (this.blockedMillis > 0) {
			try {
				TimeUnit.MILLISECONDS.sleep(this.blockedMillis);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}
		return result;
	}

	private static long compute(long turns) {
		long value = SEED;
		for (long i = 0; i < turns; i++) {
			value ^= value << 13;
			value ^= value >>> 7;
			value ^= value << 17;
		}
		return value;
	}

}
