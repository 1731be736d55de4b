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

package io.github.lastcall.benchmarks.agent;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.util.List;

import com.sun.management.OperatingSystemMXBean;

/**
 * Knows what this process has used.
 */
final class ProcessProbe {

	/**
	 * What the server under test counts for itself.
	 */
	private static final String SPANS = "lastcall.benchmarks.spans";

	private final List<MemoryPoolMXBean> heap = ManagementFactory.getMemoryPoolMXBeans()
		.stream()
		.filter((pool) -> pool.getType() == MemoryType.HEAP)
		.toList();

	private final AllocatedBytes allocated = new AllocatedBytes();

	String answer(String question) {
		return switch (question) {
			case "usage" -> "%d %d %d %d %d".formatted(cpuNanos(), this.allocated.total(), peakHeap(),
					ManagementFactory.getThreadMXBean().getPeakThreadCount(), Long.getLong(SPANS, 0));
			case "reset" -> {
				this.heap.forEach(MemoryPoolMXBean::resetPeakUsage);
				ManagementFactory.getThreadMXBean().resetPeakThreadCount();
				yield "done";
			}
			case "live" -> String.valueOf(liveHeap());
			default -> throw new IllegalArgumentException(question);
		};
	}

	private static long cpuNanos() {
		return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
	}

	private long peakHeap() {
		return this.heap.stream().mapToLong((pool) -> pool.getPeakUsage().getUsed()).sum();
	}

	private static long liveHeap() {
		// What finalizers and cleaners hold goes with the second and third.
		for (int i = 0; i < 3; i++) {
			System.gc();
		}
		return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
	}

}
