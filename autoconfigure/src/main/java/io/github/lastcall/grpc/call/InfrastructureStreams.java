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

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.util.Assert;

/**
 * The open streams of infrastructure services, such as watches of health, on all servers
 * of an application: what they keep is in one heap.
 */
public final class InfrastructureStreams implements AopInfrastructureBean {

	/**
	 * How much of the heap there must be for each stream. One keeps less than 2 KiB: all
	 * that may be open keep an eighth of the heap.
	 */
	private static final int HEAP_PER_STREAM = 16 * 1024;

	private final int limit;

	private final AtomicInteger open = new AtomicInteger();

	InfrastructureStreams(int limit) {
		Assert.isTrue(limit > 0, "'limit' must be positive");
		this.limit = limit;
	}

	/**
	 * As many streams as the heap bears.
	 * @return the streams, none of them open
	 */
	public static InfrastructureStreams withinHeap() {
		return new InfrastructureStreams(
				(int) Math.min(Runtime.getRuntime().maxMemory() / HEAP_PER_STREAM, Integer.MAX_VALUE));
	}

	int limit() {
		return this.limit;
	}

	/**
	 * A stream opens. It counts until it has ended, also if it is one too many.
	 * @return whether it may stay open
	 */
	boolean open() {
		return this.open.incrementAndGet() <= this.limit;
	}

	void ended() {
		this.open.decrementAndGet();
	}

}
