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

package io.github.lastcall.grpc.lifecycle;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.context.SmartLifecycle;

/**
 * Spring's shutdown waits for nothing on a thread that is interrupted: it would destroy
 * beans under live calls. What is about to be waited for holds the interruption back, and
 * the last phase of all gives it back: by then nobody is waited for any more, whoever
 * else is in the phases before.
 */
public final class Interruption implements AopInfrastructureBean, SmartLifecycle {

	private final Set<Thread> held = ConcurrentHashMap.newKeySet();

	private volatile boolean running;

	/**
	 * Clear the interruption of the current thread, if there is one, until the context
	 * has stopped.
	 */
	void hold() {
		if (Thread.interrupted()) {
			this.held.add(Thread.currentThread());
		}
	}

	@Override
	public void start() {
		this.running = true;
	}

	@Override
	public void stop() {
		this.running = false;
		Thread thread = Thread.currentThread();
		if (this.held.remove(thread)) {
			thread.interrupt();
		}
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	/**
	 * The phase that stops last.
	 */
	@Override
	public int getPhase() {
		return Integer.MIN_VALUE;
	}

	/**
	 * Stop something and wait for its end, on a thread that may have been interrupted
	 * before.
	 * @param stop what to do, with a callback for the end
	 */
	static void await(Consumer<Runnable> stop) {
		boolean interrupted = Thread.interrupted();
		CountDownLatch stopped = new CountDownLatch(1);
		stop.accept(stopped::countDown);
		try {
			stopped.await();
		}
		catch (InterruptedException ex) {
			interrupted = true;
		}
		if (interrupted) {
			Thread.currentThread().interrupt();
		}
	}

}
