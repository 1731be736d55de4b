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
 * Holds back the interruption of the thread that shuts the context down. On an
 * interrupted thread Spring would not wait for any phase, and destroy beans under live
 * calls. The interruption is restored in the last phase.
 *
 * @hidden
 */
public final class Interruption implements AopInfrastructureBean, SmartLifecycle {

	private final Set<Thread> held = ConcurrentHashMap.newKeySet();

	private volatile boolean running;

	/**
	 * Clears the interruption of the current thread, if any, until the context has
	 * stopped.
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
	 * Returns the phase that stops last.
	 */
	@Override
	public int getPhase() {
		return Integer.MIN_VALUE;
	}

	/**
	 * Stops something and waits for its end, on a thread that may be interrupted already.
	 * @param stop the action, which gets a callback for the end
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
