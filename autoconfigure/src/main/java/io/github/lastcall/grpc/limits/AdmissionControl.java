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

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Admission control of the calls of one method, by the time for which they wait for a
 * thread, after CoDel (RFC 8289): a burst is served, however long its queue is, but when
 * nearly all calls that start within an interval have waited longer than a target, excess
 * calls are shed until some have waited for less than half of the target.
 * <p>
 * CoDel drops a little more with each interval, until the senders slow down. Clients of a
 * server do not. While calls are shed, no more may therefore wait than have been started
 * in twice the target, so that each is started in about that time. The others are refused
 * on arrival, which costs least and tells clients soonest. Those that arrived before
 * shedding began are refused if they have waited for longer when they get a thread.
 * <p>
 * Calls may wait for as long as they take: the target is the average time for which
 * handlers hold a thread if that is longer than the configured one. If the client sends
 * one request, grpc-java submits it separately: the call waits for its first thread, on
 * which interceptors run, and again for the one on which its handler starts. Both count.
 * <p>
 * As long as no call waits longer than the configured target, a call costs two reads of
 * fields that nothing writes. Otherwise, the threads that start calls update the window
 * under a lock, and calls that arrive read its result without one. Calls that wait are
 * only counted while others are shed: each {@link #tryWait()} that returned {@code true},
 * and each {@link #waitAgain()}, is followed by one {@link #stopWaiting()}. Several that
 * arrive at the same time may exceed the maximum by their number.
 * <p>
 * Time is passed in, in nanoseconds.
 */
public final class AdmissionControl {

	/**
	 * Length of a window, in targets. Shorter ones would shed bursts, longer ones fill
	 * the queue before they notice an overload.
	 */
	private static final int INTERVAL = 3;

	/**
	 * Time for which calls may wait while others are shed, in targets. More than one
	 * keeps all threads busy, between two targets and half of one.
	 */
	private static final int MAX_WAIT = 2;

	/**
	 * Number of intervals of shedding after which clients should not retry.
	 */
	private static final int RETRY_INTERVALS = 3;

	/**
	 * Share of the calls of a window that may start promptly during an overload, as a
	 * divisor. A request that arrives while its call begins does not wait again.
	 */
	private static final int PROMPT_SHARE = 20;

	/**
	 * Share of a new sample in the average holding time, as a divisor.
	 */
	private static final int SMOOTHING = 8;

	/**
	 * Sheds no calls.
	 */
	public static final AdmissionControl NONE = new AdmissionControl(Duration.ZERO);

	/**
	 * The configured target, {@code Long.MAX_VALUE} if no call is shed.
	 */
	private final long minTarget;

	/**
	 * Number of calls that wait, and began to when calls were shed.
	 */
	private final AtomicInteger waiting = new AtomicInteger();

	private volatile int maxWaiting;

	/**
	 * Whether a window is open, because a call has waited longer than the configured
	 * target.
	 */
	private volatile boolean late;

	private volatile boolean shedding;

	private volatile long sheddingSince;

	/**
	 * When a thread ran a call of the method last, while a window is open.
	 */
	private volatile long lastActive;

	/**
	 * Average time for which handlers hold a thread. Only measured while a window is
	 * open.
	 */
	private volatile long holdingTime;

	/* The window. Guarded by this object's monitor. */

	private long windowStart;

	private int startedInWindow;

	/**
	 * Number of calls that have waited for less than the target, or half of it while
	 * calls are shed.
	 */
	private int promptInWindow;

	/**
	 * Creates a new admission control.
	 * @param target the time for which calls may wait; 0 for any time
	 */
	public AdmissionControl(Duration target) {
		this.minTarget = target.isZero() ? Long.MAX_VALUE : target.toNanos();
	}

	/**
	 * Returns whether calls are being shed: one that arrives must {@link #tryWait()}.
	 */
	public boolean isShedding() {
		return this.shedding;
	}

	/**
	 * Admits a call that arrives while calls are shed, unless enough are waiting.
	 * @return whether the call is admitted
	 */
	public boolean tryWait() {
		if (this.waiting.get() >= this.maxWaiting) {
			return false;
		}
		this.waiting.incrementAndGet();
		return true;
	}

	/**
	 * Called when an admitted call waits for its request to be processed.
	 */
	public void waitAgain() {
		this.waiting.incrementAndGet();
	}

	/**
	 * Called when a counted call has got a thread or has ended.
	 */
	public void stopWaiting() {
		this.waiting.decrementAndGet();
	}

	/**
	 * Records that a call has got its first thread, but its handler does not start yet.
	 * @param now the time
	 * @param waited the time for which the call has waited
	 * @param admitted whether the call was admitted while others were shed
	 * @return whether the call may continue
	 */
	public boolean tryBegin(long now, long waited, boolean admitted) {
		active(now);
		if (waited >= this.minTarget) {
			becomeLate(now);
		}
		return !isOverdue(waited, admitted);
	}

	/**
	 * Records that a call has got the thread on which its handler starts.
	 * @param now the time
	 * @param waited the time for which the call has waited, all in all
	 * @param admitted whether the call was admitted while others were shed
	 * @return whether the handler should start
	 */
	public boolean tryStart(long now, long waited, boolean admitted) {
		active(now);
		if (waited >= this.minTarget) {
			becomeLate(now);
		}
		return !this.late || tryStartLate(now, waited, admitted);
	}

	/**
	 * Notes that a thread runs a call, of which it may not be known how long it has
	 * waited. After an idle time, what was before it decides nothing.
	 * @param now the time
	 */
	public void active(long now) {
		if (this.late) {
			if (!this.shedding && now - this.lastActive > INTERVAL * target()) {
				this.late = false;
			}
			this.lastActive = now;
		}
	}

	private void becomeLate(long now) {
		if (!this.late) {
			openFirstWindow(now);
		}
	}

	private synchronized void openFirstWindow(long now) {
		if (!this.late) {
			openWindow(now);
			this.lastActive = now;
			this.late = true;
		}
	}

	private synchronized boolean tryStartLate(long now, long waited, boolean admitted) {
		if (isOverdue(waited, admitted)) {
			return false;
		}
		this.startedInWindow++;
		if (waited < (this.shedding ? target() / 2 : target())) {
			this.promptInWindow++;
		}
		if (this.late && now - this.windowStart >= INTERVAL * target()) {
			closeWindow(now);
		}
		return true;
	}

	private boolean isOverdue(long waited, boolean admitted) {
		return this.shedding && !admitted && waited > MAX_WAIT * target();
	}

	private void openWindow(long now) {
		this.windowStart = now;
		this.startedInWindow = 0;
		this.promptInWindow = 0;
	}

	private void closeWindow(long now) {
		long target = target();
		if (this.promptInWindow * PROMPT_SHARE > this.startedInWindow) {
			this.shedding = false;
			this.late = false;
			return;
		}
		double starts = (double) this.startedInWindow * MAX_WAIT * target / (now - this.windowStart);
		this.maxWaiting = (int) Math.max(1, starts);
		if (!this.shedding) {
			this.sheddingSince = now;
			this.shedding = true;
		}
		openWindow(now);
	}

	private long target() {
		return Math.max(this.minTarget, this.holdingTime);
	}

	/**
	 * Returns whether to record how long calls wait for their handlers and hold threads.
	 */
	public boolean isLate() {
		return this.late;
	}

	/**
	 * Records that a handler has processed a request.
	 * @param held the time for which it has held a thread
	 */
	public synchronized void released(long held) {
		long average = this.holdingTime;
		this.holdingTime = (average == 0) ? held : average + (held - average) / SMOOTHING;
	}

	/**
	 * Returns when a client should retry a call that has been refused now.
	 * @param now the time
	 * @return the time for which calls may wait; negative if shedding has lasted for some
	 * intervals, so that the client should not retry; 0 if it is not known
	 */
	public Duration retryAfter(long now) {
		if (this.minTarget == Long.MAX_VALUE) {
			return Duration.ZERO;
		}
		long target = target();
		boolean lasting = this.shedding && now - this.sheddingSince > RETRY_INTERVALS * INTERVAL * target;
		return Duration.ofNanos(lasting ? -1 : MAX_WAIT * target);
	}

}
