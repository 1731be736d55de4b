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
package io.github.lastcall.grpc.netty;

import java.util.concurrent.atomic.LongAdder;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.util.Assert;

/**
 * The memory that the messages keep which are not complete yet, those of all servers of
 * an application: there is only one memory.
 */
public final class InboundMemory implements AopInfrastructureBean {

	/**
	 * Written for each message by all event loops, read only for one of several pieces.
	 */
	private final LongAdder held = new LongAdder();

	private final long limit;

	/**
	 * Create a new memory.
	 * @param limit how many bytes the messages may keep
	 */
	public InboundMemory(long limit) {
		Assert.isTrue(limit > 0, "'limit' must be positive");
		this.limit = limit;
	}

	void add(long bytes) {
		this.held.add(bytes);
	}

	boolean isExceeded() {
		return this.held.sum() > this.limit;
	}

}
