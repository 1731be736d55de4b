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

package io.github.lastcall.grpc.executor;

import java.util.concurrent.atomic.AtomicReference;

import org.jspecify.annotations.Nullable;

/**
 * Worker of a {@link ServerThreadPool}.
 */
final class ServerThread extends Thread {

	private final CallQueue queue;

	private final Runnable worker;

	/**
	 * Whether the pending wake-up of the queue is for this worker. Accessed by this
	 * thread only; while it is idle, under the lock of the idle workers only.
	 */
	private boolean signalled;

	/**
	 * Full name of the method whose call it runs.
	 */
	private final AtomicReference<@Nullable String> methodName = new AtomicReference<>();

	ServerThread(CallQueue queue, Runnable worker, String name, boolean signalled) {
		super(name);
		setDaemon(true);
		this.queue = queue;
		this.worker = worker;
		this.signalled = signalled;
	}

	@Override
	public void run() {
		try {
			this.queue.workerStarted(this);
			this.worker.run();
		}
		finally {
			this.queue.workerExited(this);
		}
	}

	@Nullable String methodName() {
		return this.methodName.getAcquire();
	}

	void setMethodName(@Nullable String methodName) {
		this.methodName.setRelease(methodName);
	}

	boolean isSignalled() {
		return this.signalled;
	}

	void setSignalled(boolean signalled) {
		this.signalled = signalled;
	}

}
