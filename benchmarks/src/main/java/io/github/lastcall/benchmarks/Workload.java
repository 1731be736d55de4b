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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.google.protobuf.BytesValue;
import io.github.lastcall.benchmarks.service.Work;

/**
 * What handlers do.
 *
 * @param name its name in options and results: {@code compute-5us}, {@code block-100ms}
 * or {@code mix}, of which one call in ten blocks for 20 ms and the others compute for 5
 * us
 * @param request gives the request of each call
 */
record Workload(String name, Supplier<BytesValue> request) {

	private static final Pattern NAME = Pattern.compile("(compute|block)-(\\d+)(us|ms)");

	private static final int ONE_OF = 10;

	static Workload named(String name) {
		if (name.equals("mix")) {
			return new Workload(name, oneIn(ONE_OF, request("block-20ms"), request("compute-5us")));
		}
		BytesValue request = request(name);
		return new Workload(name, () -> request);
	}

	private static BytesValue request(String name) {
		Matcher matcher = NAME.matcher(name);
		if (!matcher.matches()) {
			throw new IllegalArgumentException(
					"No such handlers: '%s'. There are compute-5us, compute-1ms, block-100ms and so on, and mix"
						.formatted(name));
		}
		TimeUnit unit = matcher.group(3).equals("us") ? TimeUnit.MICROSECONDS : TimeUnit.MILLISECONDS;
		long time = Long.parseLong(matcher.group(2));
		Work work = matcher.group(1).equals("block") ? new Work(0, unit.toMillis(time))
				: new Work(Work.turnsIn(unit.toNanos(time)), 0);
		return work.request();
	}

	static Supplier<BytesValue> oneIn(int every, BytesValue rare, BytesValue usual) {
		AtomicInteger calls = new AtomicInteger();
		return () -> (Math.floorMod(calls.incrementAndGet(), every) == 0) ? rare : usual;
	}

	boolean blocks() {
		return this.name.startsWith("block-");
	}

}
