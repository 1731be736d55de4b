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
import java.util.Collection;
import java.util.Iterator;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.ToIntFunction;

import org.jspecify.annotations.Nullable;

/**
 * Queue of a {@link ServerThreadPool}: the calls that wait for a worker, and the workers
 * that wait for calls. Unbounded.
 * <p>
 * Invariants:
 * <ul>
 * <li>Wake-up throttling: producers and workers wake or start one worker at a time, the
 * <em>signalled</em> one, and {@link #wakeupPending} is set meanwhile.
 * {@link #signalWork()} sets it, and resets it if there is neither an idle worker nor a
 * new one; otherwise the signalled worker resets it, when it has polled or exits.</li>
 * <li>No lost wake-up: if admitted calls wait, a wake-up is pending, or a thread is in
 * {@link #signalWork()}, or no worker is idle and none can be started, or a retry is
 * scheduled because the {@link WorkerLimit} is reached. Dekker-style store/load pairs on
 * volatile variables ensure it: each side writes its own variable before it reads the
 * other's, so at least one sees the other. A producer adds its call, then reads the flag
 * and the number of idle workers; a signalled worker resets the flag, then polls again; a
 * worker registers as idle, or counts its exit, then looks for calls.</li>
 * <li>A call that waits for a permit of its method ({@link MethodBulkhead}) is not seen
 * by workers. The worker whose call returns that permit adds it to the calls before it
 * polls or exits itself, so it needs no signal.</li>
 * </ul>
 */
final class CallQueue extends AbstractQueue<Runnable> implements BlockingQueue<Runnable> {

	/**
	 * For {@link #isFull(int)} only.
	 */
	private final int capacity;

	/**
	 * The calls that are admitted by the bulkhead of their method.
	 */
	private final Queue<Runnable> calls = new ConcurrentLinkedQueue<>();

	private final Map<String, MethodBulkhead> bulkheads = new ConcurrentHashMap<>();

	private final Set<ServerThread> workers = ConcurrentHashMap.newKeySet();

	/**
	 * The number of calls, admitted or not, or for a moment more than that.
	 */
	private final AtomicInteger size = new AtomicInteger();

	private final AtomicBoolean wakeupPending = new AtomicBoolean();

	private final AtomicInteger exits = new AtomicInteger();

	private final ServerThread.IdleWorkers idle = new ServerThread.IdleWorkers();

	private final WorkerLimit limit;

	/**
	 * Starts a signalled worker, and returns whether it could: not if there are as many
	 * workers as allowed.
	 */
	private BooleanSupplier workerStarter = () -> false;

	/**
	 * Returns the maximum number of workers for a method, by full name.
	 */
	private ToIntFunction<String> methodLimits = (method) -> Integer.MAX_VALUE;

	CallQueue(int capacity, WorkerLimit limit) {
		this.capacity = capacity;
		this.limit = limit;
	}

	void setWorkerStarter(BooleanSupplier workerStarter) {
		this.workerStarter = workerStarter;
	}

	void setMethodLimits(ToIntFunction<String> methodLimits) {
		this.methodLimits = methodLimits;
	}

	/**
	 * Wakes an idle worker or starts one, unless a wake-up is pending, or as many workers
	 * as allowed run: then later.
	 */
	void signalWork() {
		while (!this.wakeupPending.get()) {
			if (!this.limit.allowsWakeup(active())) {
				this.limit.retry(this::signalMoreWork);
				return;
			}
			if (!this.wakeupPending.compareAndSet(false, true)) {
				return;
			}
			int exits = this.exits.get();
			boolean signalled = false;
			try {
				this.limit.wakingUp();
				signalled = this.idle.wake() || this.workerStarter.getAsBoolean();
			}
			finally {
				if (!signalled) {
					this.wakeupPending.set(false);
				}
			}
			if (signalled || this.calls.isEmpty() || this.idle.count() == 0 && this.exits.get() == exits) {
				return;
			}
			// A worker has become idle or exited, and relied on the pending wake-up.
		}
	}

	private int active() {
		return this.workers.size() - this.idle.count();
	}

	/**
	 * Registers a worker as idle if as many others as allowed remain.
	 */
	private boolean retire(ServerThread worker) {
		int excess = this.workers.size() - this.limit.get();
		return excess > 0 && !worker.isSignalled() && this.idle.add(worker, excess);
	}

	ServerThread.IdleWorkers idle() {
		return this.idle;
	}

	void workerStarted(ServerThread worker) {
		this.workers.add(worker);
	}

	Set<ServerThread> workers() {
		return this.workers;
	}

	/**
	 * Passes on the wake-up of a worker that exits.
	 */
	void workerExited(ServerThread worker) {
		this.workers.remove(worker);
		this.exits.incrementAndGet();
		if (worker.isSignalled()) {
			resetWakeup(worker);
		}
		if (!this.calls.isEmpty()) {
			signalWork();
		}
	}

	private void resetWakeup(ServerThread worker) {
		worker.setSignalled(false);
		this.wakeupPending.set(false);
	}

	/**
	 * Takes a call, waiting for one if necessary. For workers only.
	 */
	@Override
	public @Nullable Runnable poll(long timeout, TimeUnit unit) throws InterruptedException {
		if (!(Thread.currentThread() instanceof ServerThread worker)) {
			throw new IllegalStateException("Only for the workers of the pool");
		}
		long nanos = unit.toNanos(timeout);
		while (true) {
			if (nanos <= 0 || !retire(worker)) {
				Runnable call = pollAs(worker);
				if (call != null || nanos <= 0) {
					return call;
				}
				this.idle.add(worker, Integer.MAX_VALUE);
			}
			nanos = awaitWakeup(worker, nanos);
		}
	}

	private @Nullable Runnable pollAs(ServerThread worker) {
		Runnable call = poll();
		if (worker.isSignalled()) {
			this.limit.wokenUp(active(), this.workers);
			resetWakeup(worker);
			if (call == null) {
				// Calls added before the reset relied on this worker.
				call = poll();
			}
			if (call != null && !this.calls.isEmpty()) {
				signalMoreWork();
			}
		}
		return call;
	}

	private void signalMoreWork() {
		try {
			signalWork();
		}
		catch (OutOfMemoryError ex) {
			// No thread could be started. The existing ones run the calls.
		}
	}

	/**
	 * Waits until an idle worker is woken.
	 * @return the rest of the time
	 */
	private long awaitWakeup(ServerThread worker, long nanos) throws InterruptedException {
		long deadline = System.nanoTime() + nanos;
		boolean interrupted = false;
		boolean retired = !this.calls.isEmpty() && this.limit.isReached(active());
		if (retired) {
			this.limit.retry(this::signalMoreWork);
		}
		if (retired || this.calls.isEmpty()) {
			// A retry may have used up the permit of a wake-up.
			while (nanos > 0 && !interrupted && this.idle.contains(worker)) {
				LockSupport.parkNanos(this, nanos);
				nanos = deadline - System.nanoTime();
				interrupted = Thread.interrupted();
			}
		}
		boolean woken = !this.idle.remove(worker);
		if (interrupted) {
			if (!woken) {
				throw new InterruptedException();
			}
			// The wake-up comes first.
			worker.interrupt();
		}
		return nanos;
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

	/**
	 * Adds a call.
	 * @param call the call
	 * @return whether it waits for a worker; {@code false} if it waits for a permit of
	 * its method
	 */
	boolean submit(Runnable call) {
		this.size.incrementAndGet();
		return (call instanceof CallTask task && !bulkhead(task).enter(task)) ? false : this.calls.offer(call);
	}

	/**
	 * Returns the permit of a call, which has run or been removed.
	 */
	void exit(CallTask task) {
		Runnable next = bulkhead(task).exit();
		if (next != null) {
			this.calls.offer(next);
		}
	}

	/**
	 * Returns the bulkhead of a method. Its calls may run on several pools, if a
	 * customizer chooses one for each call.
	 */
	private MethodBulkhead bulkhead(CallTask task) {
		CallTask.Method method = task.method();
		MethodBulkhead known = method.bulkhead();
		if (known != null && known.isOf(this)) {
			return known;
		}
		MethodBulkhead bulkhead = this.bulkheads.computeIfAbsent(method.name(),
				(name) -> new MethodBulkhead(this, this.methodLimits.applyAsInt(name)));
		method.setBulkhead(bulkhead);
		return bulkhead;
	}

	/**
	 * Returns the bulkheads by full method name, a view.
	 */
	Map<String, MethodBulkhead> bulkheads() {
		return this.bulkheads;
	}

	@Override
	public boolean offer(Runnable call) {
		submit(call);
		return true;
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
			if (call instanceof CallTask task) {
				exit(task);
			}
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
		if (max == Integer.MAX_VALUE) {
			for (MethodBulkhead bulkhead : this.bulkheads.values()) {
				int waiting = bulkhead.drainTo(target);
				this.size.addAndGet(-waiting);
				drained += waiting;
			}
		}
		return drained;
	}

	/**
	 * Whether the queue has reached its capacity, not counting calls that have ended.
	 */
	boolean isFull(int ended) {
		return size() - ended >= this.capacity;
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
		return size() == 0;
	}

	/**
	 * Iterates over a snapshot of the admitted calls, without removal.
	 */
	@Override
	public Iterator<Runnable> iterator() {
		return this.calls.stream().iterator();
	}

}
