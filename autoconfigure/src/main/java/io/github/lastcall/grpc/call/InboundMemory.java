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

import java.util.concurrent.atomic.LongAdder;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.util.Assert;

/**
 * The memory that inbound messages hold, on all servers of an application, from their
 * first byte until the handler has them. There is only one memory.
 */
public final class InboundMemory implements AopInfrastructureBean {

	/**
	 * Written for each message, by event loops and by the threads of handlers.
	 */
	private final LongAdder held = new LongAdder();

	private final long limit;

	/**
	 * Create a new memory.
	 * @param limit how many bytes messages may hold before large ones are refused
	 */
	public InboundMemory(long limit) {
		Assert.isTrue(limit > 0, "'limit' must be positive");
		this.limit = limit;
	}

	/**
	 * Messages hold more, or less.
	 * @param bytes how many bytes, negative for less
	 */
	public void add(long bytes) {
		this.held.add(bytes);
	}

	/**
	 * Whether messages hold more than the limit: from now on large ones are refused.
	 * @return whether the limit is exceeded
	 */
	public boolean isExceeded() {
		return this.held.sum() > this.limit;
	}

	/**
	 * Whether messages hold half as much again as the limit: nothing is taken any more.
	 * @return whether nothing is left
	 */
	public boolean isExhausted() {
		return this.held.sum() - this.limit / 2 > this.limit;
	}

	/**
	 * How much messages hold.
	 * @return the number of bytes
	 */
	public long held() {
		return this.held.sum();
	}

}
