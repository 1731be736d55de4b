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
package io.github.lastcall.grpc.call;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

import io.github.lastcall.grpc.executor.WaitingThreads;
import io.github.lastcall.grpc.limits.RefusalReason;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.util.Assert;

/**
 * What the calls of all servers of an application have sent and their clients have not
 * taken: there is only one memory. When it is more than the limit, the call that holds
 * most is ended, until it is no more.
 */
public final class OutboundBuffers implements AopInfrastructureBean {

	/**
	 * What a call may hold without being counted. Most answers are smaller, so that most
	 * calls write nothing that others read.
	 */
	static final int FREE = 1024;

	/**
	 * Below this a stream is never held up.
	 */
	static final long ALWAYS = 64 * 1024;

	/**
	 * A stream that can wait holds at most this part of what is left, so that those that
	 * can wait never take all of it.
	 */
	private static final int PART = 8;

	private final long perCall;

	private final long limit;

	private final Duration patience;

	/**
	 * What calls have queued.
	 */
	private final LongAdder held = new LongAdder();

	/**
	 * What is being serialized, and what calls had queued that have been ended, until
	 * their event loops have freed it.
	 */
	private final LongAdder passing = new LongAdder();

	private final Set<InFlightCalls> servers = new CopyOnWriteArraySet<>();

	private final WaitingThreads waitingThreads = new WaitingThreads();

	private final AtomicBoolean reclaiming = new AtomicBoolean();

	/**
	 * Create new buffers.
	 * @param perCall how many bytes a call may hold when it sends another message
	 * @param limit how many bytes all calls together may hold
	 * @param patience how long the handler of a stream waits for a client that reads
	 * nothing
	 */
	public OutboundBuffers(long perCall, long limit, Duration patience) {
		Assert.isTrue(perCall > 0, "'perCall' must be positive");
		Assert.isTrue(limit > 0, "'limit' must be positive");
		this.perCall = perCall;
		this.limit = limit;
		this.patience = patience;
	}

	/**
	 * Buffers without a limit.
	 * @return the buffers
	 */
	static OutboundBuffers unlimited() {
		return new OutboundBuffers(Long.MAX_VALUE, Long.MAX_VALUE, Duration.ZERO);
	}

	/**
	 * How many bytes all calls together may hold.
	 * @return the limit
	 */
	public long limit() {
		return this.limit;
	}

	long perCall() {
		return this.perCall;
	}

	Duration patience() {
		return this.patience;
	}

	WaitingThreads waitingThreads() {
		return this.waitingThreads;
	}

	/**
	 * How much a stream that can wait may hold at the moment.
	 */
	long share() {
		return Math.min(this.perCall, Math.max(ALWAYS, (this.limit - this.held.sum()) / PART));
	}

	/**
	 * How much all calls hold, until all of it is free.
	 */
	long held() {
		return this.held.sum() + this.passing.sum();
	}

	/**
	 * A message is about to be serialized, by one of many threads at the same time. What
	 * is queued then is counted for its call.
	 * @param bytes the size of the message
	 * @return whether there is room: half as much again as the limit is the end
	 */
	boolean begin(long bytes) {
		this.passing.add(bytes);
		if (bytes > this.limit || held() - this.limit / 2 > this.limit) {
			end(bytes);
			return false;
		}
		return true;
	}

	/**
	 * A message has been serialized.
	 * @param bytes the size of the message
	 */
	void end(long bytes) {
		this.passing.add(-bytes);
	}

	/**
	 * A call has been ended that had something queued.
	 * @return what {@link #end(long)} takes when that is free
	 */
	long drop(long queued) {
		long counted = counted(queued);
		this.passing.add(counted);
		this.held.add(-counted);
		return counted;
	}

	void register(InFlightCalls server) {
		this.servers.add(server);
	}

	/**
	 * What a call holds has changed. The changes of one call follow each other, so that
	 * their sum is what it holds.
	 */
	void change(long before, long after) {
		long change = counted(after) - counted(before);
		if (change != 0) {
			this.held.add(change);
			if (change > 0 && this.held.sum() > this.limit) {
				reclaim();
			}
		}
	}

	private static long counted(long held) {
		return (held > FREE) ? held : 0;
	}

	/**
	 * One thread at a time: what the others would end is being ended.
	 */
	private void reclaim() {
		while (this.held.sum() > this.limit && this.reclaiming.compareAndSet(false, true)) {
			try {
				InFlightCall largest = largest();
				if (largest == null) {
					return;
				}
				largest.endOutbound(RefusalReason.OUTBOUND_BUFFER,
						"Memory limit for outbound messages exceeded, and this call held most: its client reads too slowly");
			}
			finally {
				this.reclaiming.set(false);
			}
		}
	}

	/**
	 * The oldest of those that hold at least half as much as the one that holds most:
	 * what has just been sent is whole, and the answer to an honest client is on its way.
	 */
	private @Nullable InFlightCall largest() {
		long[] most = { FREE };
		forEach((call) -> most[0] = Math.max(most[0], call.queued()));
		Oldest oldest = new Oldest();
		forEach((call) -> {
			if (call.queued() > most[0] / 2) {
				oldest.compare(call);
			}
		});
		return oldest.call;
	}

	private void forEach(Consumer<InFlightCall> action) {
		for (InFlightCalls server : this.servers) {
			server.forEach(action);
		}
	}

	private static final class Oldest {

		private @Nullable InFlightCall call;

		private void compare(InFlightCall other) {
			if (this.call == null || other.startNanos() - this.call.startNanos() < 0) {
				this.call = other;
			}
		}

	}

}
