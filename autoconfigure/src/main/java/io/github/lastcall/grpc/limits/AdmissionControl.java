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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Admission control of the calls of one method, by the time for which they will wait for
 * a thread. A call is refused on arrival if that is more than a quarter of the time until
 * its deadline: it would leave too little for the handler, and threads that work on calls
 * that are about to expire serve nobody. A call without a deadline may wait for a
 * configured time.
 * <p>
 * The time is predicted by Little's law: the number of calls that wait, divided by the
 * number that start per second. CoDel (RFC 8289) decides by the time for which calls have
 * waited, which tells of an overload too late, and drops a little more with each interval
 * until the senders slow down, which clients of a server do not. It also drops what would
 * be in time.
 * <p>
 * The rate is only measured while calls are late: from the first call that has waited for
 * a moment, until one has not or none waits. A call is only refused when others have been
 * late for as long as it may wait itself: a burst that is over by then is served, and the
 * rate of its first calls need not be that of the others. While threads are starting, the
 * rate rises. Then it is expected to rise on, and calls may wait for half of the time
 * until their deadline.
 * <p>
 * Time is passed in, in nanoseconds.
 */
public final class AdmissionControl {

	private static final long LATE = TimeUnit.MILLISECONDS.toNanos(10);

	/**
	 * Minimum time in which calls are counted for a rate.
	 */
	private static final long WINDOW = TimeUnit.MILLISECONDS.toNanos(100);

	/**
	 * Share of the time until its deadline for which a call may wait, as a divisor.
	 */
	private static final int DEADLINE_SHARE = 4;

	/**
	 * The same while the rate rises.
	 */
	private static final int DEADLINE_SHARE_WHILE_RISING = 2;

	/**
	 * Share of a new window in the average rate, as a divisor.
	 */
	private static final int SMOOTHING = 4;

	/**
	 * Time after the first late call for which threads may still be starting.
	 */
	private static final long GROWTH = TimeUnit.SECONDS.toNanos(1);

	/**
	 * Share of a rate by which it differs from window to window anyway, as a divisor.
	 */
	private static final int NOISE = 10;

	/**
	 * Time of shedding after which clients should not retry.
	 */
	private static final long LASTING = TimeUnit.SECONDS.toNanos(1);

	/**
	 * Sheds no calls.
	 */
	public static final AdmissionControl NONE = new AdmissionControl(Duration.ZERO);

	private final long maxWait;

	private final AtomicInteger waiting = new AtomicInteger();

	private volatile boolean late;

	private volatile long lateSince;

	/**
	 * Number of calls that start in a nanosecond, 0 as long as it is not known.
	 */
	private volatile double rate;

	/**
	 * Whether the rate has risen since the first late call, because threads are starting.
	 */
	private volatile boolean rising;

	private volatile boolean shedding;

	private volatile long sheddingSince;

	/**
	 * Guarded by this object's monitor, as the next ones.
	 */
	private long windowStart;

	private int startedInWindow;

	private double rateOfWindow;

	/**
	 * Creates a new admission control.
	 * @param maxWait the maximum time for which calls may wait; 0 for any time, whatever
	 * their deadlines
	 */
	public AdmissionControl(Duration maxWait) {
		this.maxWait = maxWait.toNanos();
	}

	/**
	 * Returns whether calls are late: one that arrives should check {@link #mayWait}.
	 */
	public boolean isLate() {
		return this.late;
	}

	/**
	 * Returns whether a call should wait, because it will be in time.
	 * @param now the time
	 * @param remaining the time until its deadline, {@code Long.MAX_VALUE} for none
	 */
	public boolean mayWait(long now, long remaining) {
		int share = this.rising ? DEADLINE_SHARE_WHILE_RISING : DEADLINE_SHARE;
		long allowed = Math.min(this.maxWait, remaining / share);
		if (expectedWait() <= allowed || now - this.lateSince < allowed) {
			return true;
		}
		if (!this.shedding) {
			this.sheddingSince = now;
			this.shedding = true;
		}
		return false;
	}

	/**
	 * Called when a call begins to wait for a thread.
	 */
	public void startWaiting() {
		this.waiting.incrementAndGet();
	}

	/**
	 * Called when a call has got a thread, or has ended.
	 */
	public void stopWaiting() {
		this.waiting.decrementAndGet();
	}

	/**
	 * Records that a call starts, which does not wait any longer.
	 * @param now the time
	 * @param waited the time for which the call has waited
	 */
	public void started(long now, long waited) {
		if (waited >= LATE && this.maxWait > 0) {
			startedLate(now);
		}
		else if (this.late) {
			this.late = false;
		}
	}

	private synchronized void startedLate(long now) {
		if (!this.late) {
			openWindow(now);
			this.rate = 0;
			this.rising = true;
			this.shedding = false;
			this.lateSince = now;
			this.late = true;
			return;
		}
		this.startedInWindow++;
		if (this.waiting.get() == 0) {
			this.late = false;
		}
		else if (now - this.windowStart >= WINDOW) {
			measured((double) this.startedInWindow / (now - this.windowStart), now);
			openWindow(now);
		}
	}

	private void measured(double rate, long now) {
		double rise = rate - this.rateOfWindow;
		boolean first = this.rate == 0;
		this.rising = this.rising && now - this.lateSince < GROWTH && (first || rise * NOISE > rate);
		if (first) {
			this.rate = rate;
		}
		else if (this.rising) {
			this.rate = Math.max(this.rate, rate + rise);
		}
		else {
			this.rate += (rate - this.rate) / SMOOTHING;
		}
		this.rateOfWindow = rate;
	}

	private void openWindow(long now) {
		this.windowStart = now;
		this.startedInWindow = 0;
	}

	/**
	 * Returns how long a call would wait that arrives now, 0 if it is not known.
	 */
	private long expectedWait() {
		double rate = this.rate;
		return (rate > 0) ? (long) (this.waiting.get() / rate) : 0;
	}

	/**
	 * Returns when a client should retry a call that has been refused now.
	 * @param now the time
	 * @return the time after which those that wait have started; negative if calls have
	 * been refused for some time, so that the client should not retry; 0 if it is not
	 * known
	 */
	public Duration retryAfter(long now) {
		if (this.late && this.shedding && now - this.sheddingSince > LASTING) {
			return Duration.ofNanos(-1);
		}
		return Duration.ofNanos(expectedWait());
	}

}
