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

import java.util.concurrent.atomic.AtomicInteger;

import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.testing.ManualServerTimer;
import org.jetbrains.lincheck.Lincheck;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Interleavings of calls that are added and removed, explored by Lincheck.
 */
@Tag("full")
@Isolated("Lincheck instruments the classes of the JDK")
class CallSetInterleavingTests {

	private static final int INVOCATIONS = 1_000;

	private static final InFlightCalls CALLS = new InFlightCalls(new ManualServerTimer(), Integer.MAX_VALUE,
			new Refusals("test", new ManualServerTimer()), () -> null);

	@Test
	void oneOfTwoCallsIsWithinALimitOfOne() {
		Lincheck.runConcurrentTest(INVOCATIONS, CallSetInterleavingTests::addTwo);
	}

	@Test
	void aCallThatIsRemovedTwiceIsCountedOnce() {
		Lincheck.runConcurrentTest(INVOCATIONS, CallSetInterleavingTests::addAndRemoveTwice);
	}

	@Test
	void aCallInTheSetHasBeenCounted() {
		Lincheck.runConcurrentTest(INVOCATIONS, CallSetInterleavingTests::addAndLook);
	}

	private static void addTwo() {
		CallSet calls = new CallSet(1);
		AtomicInteger within = new AtomicInteger();
		beside(() -> add(calls, within), () -> add(calls, within));
		check(within.get() == 1, within + " calls are within a limit of one");
		check(calls.size() == 2 && present(calls) == 2, "A call is missing");
	}

	private static void add(CallSet calls, AtomicInteger within) {
		if (calls.add(call())) {
			within.incrementAndGet();
		}
	}

	private static void addAndRemoveTwice() {
		CallSet calls = new CallSet(1);
		InFlightCall call = call();
		calls.add(call);
		beside(() -> calls.remove(call), () -> {
			calls.remove(call);
			calls.add(call());
		});
		check(calls.size() == 1, "The number of calls is " + calls.size() + " and not 1");
		check(present(calls) == 1, "The set has not the one call");
	}

	private static void addAndLook() {
		CallSet calls = new CallSet(1);
		beside(() -> calls.add(call()), () -> {
			int present = present(calls);
			check(calls.size() >= present, "A call is in the set and has not been counted");
		});
	}

	private static InFlightCall call() {
		return CALLS.track("a.B/C", true);
	}

	private static int present(CallSet calls) {
		AtomicInteger present = new AtomicInteger();
		calls.forEach((call) -> present.incrementAndGet());
		return present.get();
	}

	private static void beside(Runnable other, Runnable action) {
		Thread thread = new Thread(other);
		thread.start();
		action.run();
		try {
			thread.join();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Without AssertJ, whose classes Lincheck would explore too.
	 */
	private static void check(boolean condition, String failure) {
		if (!condition) {
			throw new AssertionError(failure);
		}
	}

}
