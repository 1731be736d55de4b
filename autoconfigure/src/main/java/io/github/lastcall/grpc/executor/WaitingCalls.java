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

import java.util.AbstractQueue;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.Iterator;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

import org.jspecify.annotations.Nullable;

/**
 * The calls that wait for a thread of a {@link ServerThreadPool}, and the threads that
 * wait for calls.
 * <p>
 * As long as calls wait and a thread could take one, a thread is coming for them, or
 * somebody is about to let one come. One at a time: who adds a call while a thread comes
 * leaves it to that one, which looks again when it has said that it comes no more. And a
 * thread that becomes idle says so before it looks for the last time. Those two rules are
 * why no call is forgotten.
 */
final class WaitingCalls extends AbstractQueue<Runnable> implements BlockingQueue<Runnable> {

	/**
	 * How many may wait, for whoever watches. It takes whatever comes.
	 */
	private final int capacity;

	private final Queue<Runnable> calls = new ConcurrentLinkedQueue<>();

	/**
	 * How many calls there are; for a moment, more than that.
	 */
	private final AtomicInteger size = new AtomicInteger();

	/**
	 * Whether a thread comes.
	 */
	private final AtomicBoolean coming = new AtomicBoolean();

	/**
	 * The threads that wait, the last one first. Also the lock for it.
	 */
	private final Deque<ServerThread> idle = new ArrayDeque<>();

	private volatile int idleCount;

	/**
	 * Starts a thread that comes, or tells that there are as many as there may be.
	 */
	private BooleanSupplier threads = () -> false;

	WaitingCalls(int capacity) {
		this.capacity = capacity;
	}

	void setThreads(BooleanSupplier threads) {
		this.threads = threads;
	}

	/**
	 * Let a thread come for the calls that wait, unless one does already.
	 */
	void letOneCome() {
		while (!this.coming.get() && this.coming.compareAndSet(false, true)) {
			boolean comes = false;
			try {
				comes = wakeOne() || this.threads.getAsBoolean();
			}
			finally {
				if (!comes) {
					this.coming.set(false);
				}
			}
			if (comes || this.idleCount == 0 || this.calls.isEmpty()) {
				return;
			}
			// It has become idle while this thread looked somewhere else.
		}
	}

	private boolean wakeOne() {
		if (this.idleCount == 0) {
			return false;
		}
		ServerThread thread;
		synchronized (this.idle) {
			thread = this.idle.pollFirst();
			if (thread == null) {
				return false;
			}
			this.idleCount = this.idle.size();
			thread.setComing(true);
		}
		LockSupport.unpark(thread);
		return true;
	}

	/**
	 * A thread has ended.
	 */
	void left(ServerThread thread) {
		if (thread.isComing()) {
			arrived(thread);
		}
		if (!this.calls.isEmpty()) {
			letOneCome();
		}
	}

	private void arrived(ServerThread thread) {
		thread.setComing(false);
		this.coming.set(false);
	}

	/**
	 * Take a call, or wait for one.
	 * @param timeout how long to wait
	 * @param unit the unit of that
	 * @return the call, or {@code null} if there has been none for so long
	 * @throws InterruptedException if the thread is interrupted while it waits
	 */
	@Override
	public @Nullable Runnable poll(long timeout, TimeUnit unit) throws InterruptedException {
		if (!(Thread.currentThread() instanceof ServerThread thread)) {
			throw new IllegalStateException("Must be called by a thread of the pool");
		}
		long nanos = unit.toNanos(timeout);
		while (true) {
			Runnable call = takeFor(thread);
			if (call != null || nanos <= 0) {
				return call;
			}
			nanos = idle(thread, nanos);
		}
	}

	private @Nullable Runnable takeFor(ServerThread thread) {
		Runnable call = poll();
		if (thread.isComing()) {
			arrived(thread);
			if (call == null) {
				// Those who have come since then relied on this thread.
				call = poll();
			}
			if (call != null && !this.calls.isEmpty()) {
				letAnotherCome();
			}
		}
		return call;
	}

	private void letAnotherCome() {
		try {
			letOneCome();
		}
		catch (OutOfMemoryError ex) {
			// No thread could be started. This one has a call to run, and comes back.
		}
	}

	/**
	 * Wait until this thread is to come.
	 * @return how much longer it may wait
	 */
	private long idle(ServerThread thread, long nanos) throws InterruptedException {
		synchronized (this.idle) {
			this.idle.addFirst(thread);
			this.idleCount = this.idle.size();
		}
		long deadline = System.nanoTime() + nanos;
		boolean interrupted = false;
		if (this.calls.isEmpty()) {
			do {
				LockSupport.parkNanos(this, nanos);
				nanos = deadline - System.nanoTime();
				interrupted = Thread.interrupted();
			}
			while (nanos > 0 && !interrupted && isIdle(thread));
		}
		boolean comes = !noLongerIdle(thread);
		if (interrupted) {
			if (!comes) {
				throw new InterruptedException();
			}
			// What has been asked of it comes first.
			thread.interrupt();
		}
		return nanos;
	}

	private boolean isIdle(ServerThread thread) {
		synchronized (this.idle) {
			return !thread.isComing();
		}
	}

	private boolean noLongerIdle(ServerThread thread) {
		synchronized (this.idle) {
			boolean removed = this.idle.remove(thread);
			this.idleCount = this.idle.size();
			return removed;
		}
	}

	@Override
	public @Nullable Runnable poll() {
		Runnable call = this.calls.poll();
		if (call != null) {
			this.size.decrementAndGet();
		}
		return call;
	}

	@Override
	public Runnable take() throws InterruptedException {
		while (true) {
			Runnable call = poll(1, TimeUnit.DAYS);
			if (call != null) {
				return call;
			}
		}
	}

	@Override
	public boolean offer(Runnable call) {
		this.size.incrementAndGet();
		return this.calls.offer(call);
	}

	@Override
	public void put(Runnable call) {
		offer(call);
	}

	@Override
	public boolean offer(Runnable call, long timeout, TimeUnit unit) {
		return offer(call);
	}

	@Override
	public @Nullable Runnable peek() {
		return this.calls.peek();
	}

	@Override
	public boolean remove(Object call) {
		boolean removed = this.calls.remove(call);
		if (removed) {
			this.size.decrementAndGet();
		}
		return removed;
	}

	@Override
	public int drainTo(Collection<? super Runnable> target) {
		return drainTo(target, Integer.MAX_VALUE);
	}

	@Override
	public int drainTo(Collection<? super Runnable> target, int max) {
		int drained = 0;
		for (Runnable call = null; drained < max && (call = poll()) != null; drained++) {
			target.add(call);
		}
		return drained;
	}

	/**
	 * Whether as many wait as may, apart from some that need no thread any more.
	 */
	boolean isFull(int apart) {
		return size() - apart >= this.capacity;
	}

	@Override
	public int remainingCapacity() {
		return Math.max(0, this.capacity - size());
	}

	@Override
	public int size() {
		return this.size.get();
	}

	@Override
	public boolean isEmpty() {
		return this.calls.isEmpty();
	}

	/**
	 * The calls at this moment. They can be looked at, and not be taken away.
	 */
	@Override
	public Iterator<Runnable> iterator() {
		return this.calls.stream().iterator();
	}

}
