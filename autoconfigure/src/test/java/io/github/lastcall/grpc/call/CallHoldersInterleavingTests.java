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

import org.jetbrains.lincheck.Lincheck;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Interleavings of the end of a stream with the beginning and the end of its handler,
 * explored by Lincheck.
 */
@Tag("full")
@Isolated("Lincheck instruments the classes of the JDK")
class CallHoldersInterleavingTests {

	@Test
	void aCallIsOverOnceWhoeverReleasesItLast() {
		Lincheck.runConcurrentTest(1_000, CallHoldersInterleavingTests::beginAndEnd);
	}

	private static void beginAndEnd() {
		CallHolders holders = new CallHolders();
		AtomicInteger ends = new AtomicInteger();
		Thread stream = new Thread(() -> {
			count(holders.releaseStream(), ends);
			count(holders.releaseStream(), ends);
		});
		stream.start();
		holders.acquire();
		count(holders.releaseHandler(), ends);
		count(holders.releaseHandler(), ends);
		try {
			stream.join();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
		if (ends.get() != 1) {
			throw new AssertionError("The call was over " + ends + " times");
		}
	}

	private static void count(boolean over, AtomicInteger ends) {
		if (over) {
			ends.incrementAndGet();
		}
	}

}
