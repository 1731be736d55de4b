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

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

import org.jspecify.annotations.Nullable;

/**
 * Worker of a {@link ServerThreadPool}.
 */
final class ServerThread extends Thread {

	private final CallQueue queue;

	private final Runnable worker;

	/**
	 * Whether the pending wake-up of the queue is for this worker. Accessed by this
	 * thread only; while it is idle, under the lock of {@link IdleWorkers} only.
	 */
	private boolean signalled;

	/**
	 * Whether it is one of the {@link IdleWorkers}. Accessed under their lock only.
	 */
	private boolean idle;

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

	/**
	 * Workers of a pool that wait for calls. The one that became idle last is woken
	 * first: few warm threads do what few can do. A worker is registered here, or it is
	 * running; who removes it, under the lock, decides whether it was signalled.
	 */
	static final class IdleWorkers {

		/**
		 * Guarded by itself, as are {@link #idle} and, of idle workers,
		 * {@link #signalled}.
		 */
		private final Deque<ServerThread> workers = new ArrayDeque<>();

		private volatile int count;

		int count() {
			return this.count;
		}

		/**
		 * Adds a worker, unless there are so many already.
		 * @return whether it has been added
		 */
		boolean add(ServerThread worker, int max) {
			synchronized (this.workers) {
				if (this.workers.size() >= max) {
					return false;
				}
				this.workers.addFirst(worker);
				this.count = this.workers.size();
				worker.idle = true;
				return true;
			}
		}

		/**
		 * Wakes a worker, for which the pending wake-up of the queue is.
		 * @return whether there was one
		 */
		boolean wake() {
			if (this.count == 0) {
				return false;
			}
			ServerThread worker;
			synchronized (this.workers) {
				worker = this.workers.pollFirst();
				if (worker == null) {
					return false;
				}
				this.count = this.workers.size();
				worker.idle = false;
				worker.signalled = true;
			}
			LockSupport.unpark(worker);
			return true;
		}

		boolean contains(ServerThread worker) {
			synchronized (this.workers) {
				return worker.idle;
			}
		}

		/**
		 * Removes a worker that no longer waits.
		 * @return whether it was still there; {@code false} if it has been woken
		 */
		boolean remove(ServerThread worker) {
			synchronized (this.workers) {
				if (!worker.idle) {
					return false;
				}
				worker.idle = false;
				this.workers.remove(worker);
				this.count = this.workers.size();
				return true;
			}
		}

	}

}
