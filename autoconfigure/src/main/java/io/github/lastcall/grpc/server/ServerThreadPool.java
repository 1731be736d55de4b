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

package io.github.lastcall.grpc.server;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import org.springframework.util.Assert;
import org.springframework.util.CustomizableThreadCreator;

/**
 * Platform threads, and a queue for the calls that find all of them busy. No thread
 * starts before the first call, and a thread that has had nothing to do for a minute
 * ends.
 * <p>
 * The queue itself takes whatever comes: a call gets its thread several times, and what
 * has been begun must not be refused. Whoever begins a call asks {@link #isFull()}
 * before.
 */
public final class ServerThreadPool extends ThreadPoolExecutor {

	private static final long KEEP_ALIVE_SECONDS = 60;

	private final int queueCapacity;

	/**
	 * Create a new pool.
	 * @param threads how many threads there are at most
	 * @param threadNamePrefix what their names begin with
	 * @param queueCapacity how many calls may wait for a thread
	 */
	ServerThreadPool(int threads, String threadNamePrefix, int queueCapacity) {
		super(threads, threads, KEEP_ALIVE_SECONDS, TimeUnit.SECONDS, new WaitingCalls(queueCapacity),
				daemons(threadNamePrefix)::createThread);
		Assert.isTrue(queueCapacity > 0, "'queueCapacity' must be positive");
		this.queueCapacity = queueCapacity;
		allowCoreThreadTimeOut(true);
	}

	private static CustomizableThreadCreator daemons(String prefix) {
		CustomizableThreadCreator creator = new CustomizableThreadCreator(prefix);
		creator.setDaemon(true);
		return creator;
	}

	/**
	 * Whether no other call should begin now.
	 * @return whether as many wait for a thread as may
	 */
	public boolean isFull() {
		return getQueue().size() >= this.queueCapacity;
	}

	/**
	 * Says how many more calls may wait, for whoever watches the pool; and takes whatever
	 * comes.
	 */
	private static final class WaitingCalls extends LinkedBlockingQueue<Runnable> {

		private static final long serialVersionUID = 1L;

		private final int capacity;

		WaitingCalls(int capacity) {
			this.capacity = capacity;
		}

		@Override
		public int remainingCapacity() {
			return Math.max(0, this.capacity - size());
		}

	}

}
