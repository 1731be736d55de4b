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

package io.github.lastcall.grpc.limits;

import java.util.concurrent.atomic.AtomicInteger;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.util.Assert;

/**
 * Counter and limit of the open streams of infrastructure services, such as health
 * watches, for all servers of an application.
 */
public final class InfrastructureStreams implements AopInfrastructureBean {

	/**
	 * Heap required for each stream. A stream uses less than 2 KiB, so all permitted
	 * streams together use at most an eighth of the heap.
	 */
	private static final int HEAP_PER_STREAM = 16 * 1024;

	private final int limit;

	private final AtomicInteger open = new AtomicInteger();

	InfrastructureStreams(int limit) {
		Assert.isTrue(limit > 0, "'limit' must be positive");
		this.limit = limit;
	}

	/**
	 * Creates a new instance with a limit derived from the maximum heap size.
	 * @return the instance, without open streams
	 */
	public static InfrastructureStreams withinHeap() {
		return new InfrastructureStreams(
				(int) Math.min(Runtime.getRuntime().maxMemory() / HEAP_PER_STREAM, Integer.MAX_VALUE));
	}

	/**
	 * Returns the limit.
	 * @return the maximum number of open streams
	 */
	public int limit() {
		return this.limit;
	}

	/**
	 * Counts a new stream until {@link #ended()} is called, even if it exceeds the limit.
	 * @return whether the stream is within the limit
	 */
	public boolean open() {
		return this.open.incrementAndGet() <= this.limit;
	}

	/**
	 * Stops counting a stream.
	 */
	public void ended() {
		this.open.decrementAndGet();
	}

}
