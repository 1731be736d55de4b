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

import java.util.concurrent.atomic.LongAdder;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.util.Assert;

/**
 * Memory held by inbound messages from their first byte until their handler has returned,
 * for all servers of an application.
 */
public final class InboundMemory implements AopInfrastructureBean {

	/**
	 * Updated for each message by event loops and handler threads.
	 */
	private final LongAdder held = new LongAdder();

	private final long limit;

	/**
	 * Creates a new {@link InboundMemory}.
	 * @param limit the number of bytes that messages may hold before large ones are
	 * refused
	 */
	public InboundMemory(long limit) {
		Assert.isTrue(limit > 0, "'limit' must be positive");
		this.limit = limit;
	}

	/**
	 * Changes the amount of memory that messages hold.
	 * @param bytes the number of bytes to add, negative to subtract
	 */
	public void add(long bytes) {
		this.held.add(bytes);
	}

	/**
	 * Returns whether the limit is exceeded, so that large messages are refused.
	 * @return whether messages hold more than the limit
	 */
	public boolean isExceeded() {
		return this.held.sum() > this.limit;
	}

	/**
	 * Returns whether nothing more is accepted.
	 * @return whether messages hold more than one and a half times the limit
	 */
	public boolean isExhausted() {
		return this.held.sum() - this.limit / 2 > this.limit;
	}

	/**
	 * Returns the amount of memory that messages hold.
	 * @return the number of bytes
	 */
	public long held() {
		return this.held.sum();
	}

}
