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
import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

import io.github.lastcall.grpc.executor.WaitingThreads;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.util.Assert;

/**
 * Memory held by outbound messages that clients have not read yet, for all servers of an
 * application. While it exceeds the limit, the call that holds most is ended.
 */
public final class OutboundBuffers implements AopInfrastructureBean {

	/**
	 * Number of bytes that a call may hold without being counted. Most responses are
	 * smaller, so most calls do not update shared counters.
	 */
	public static final int FREE = 1024;

	/**
	 * Number of bytes that a stream may always hold without waiting.
	 */
	public static final long ALWAYS = 64 * 1024;

	/**
	 * Divisor of the remaining memory that gives the share of a stream that can wait, so
	 * that such streams never use up the memory.
	 */
	private static final int PART = 8;

	private final long perCall;

	private final long limit;

	private final Duration patience;

	/**
	 * Bytes queued by calls.
	 */
	private final LongAdder held = new LongAdder();

	/**
	 * Bytes of messages being serialized, and bytes queued by ended calls until their
	 * event loops have released them.
	 */
	private final LongAdder passing = new LongAdder();

	private final Set<Consumer<Consumer<Holder>>> servers = new CopyOnWriteArraySet<>();

	private final WaitingThreads waitingThreads = new WaitingThreads();

	private final AtomicBoolean reclaiming = new AtomicBoolean();

	/**
	 * Creates new {@link OutboundBuffers}.
	 * @param perCall the number of bytes that a call may hold when it sends another
	 * message
	 * @param limit the number of bytes that all calls together may hold
	 * @param patience how long the handler of a stream waits for a client that does not
	 * read
	 */
	public OutboundBuffers(long perCall, long limit, Duration patience) {
		Assert.isTrue(perCall > 0, "'perCall' must be positive");
		Assert.isTrue(limit > 0, "'limit' must be positive");
		this.perCall = perCall;
		this.limit = limit;
		this.patience = patience;
	}

	/**
	 * Creates buffers without a limit.
	 */
	public static OutboundBuffers unlimited() {
		return new OutboundBuffers(Long.MAX_VALUE, Long.MAX_VALUE, Duration.ZERO);
	}

	/**
	 * Returns the limit for all calls.
	 * @return the number of bytes
	 */
	public long limit() {
		return this.limit;
	}

	/**
	 * Returns the limit for one call.
	 * @return the number of bytes
	 */
	public long perCall() {
		return this.perCall;
	}

	/**
	 * Returns how long the handler of a stream waits for a client that does not read.
	 * @return the time, zero if handlers do not wait
	 */
	public Duration patience() {
		return this.patience;
	}

	/**
	 * Returns the threads that wait for clients.
	 */
	public WaitingThreads waitingThreads() {
		return this.waitingThreads;
	}

	/**
	 * Returns how much a stream that can wait may hold at the moment.
	 * @return the number of bytes
	 */
	public long share() {
		return Math.min(this.perCall, Math.max(ALWAYS, (this.limit - this.held.sum()) / PART));
	}

	/**
	 * Returns how much all calls hold, including what is about to be released.
	 */
	long held() {
		return this.held.sum() + this.passing.sum();
	}

	/**
	 * Reserves memory for the serialization of a message. Once the message is queued, it
	 * is counted for its call.
	 * @param bytes the size of the message
	 * @return whether {@link #end(long)} must follow; otherwise one and a half times the
	 * limit would be exceeded
	 */
	public boolean begin(long bytes) {
		this.passing.add(bytes);
		if (bytes > this.limit || held() - this.limit / 2 > this.limit) {
			end(bytes);
			return false;
		}
		return true;
	}

	/**
	 * Releases what {@link #begin(long)} has reserved or {@link #drop(long)} has
	 * returned.
	 * @param bytes the number of bytes
	 */
	public void end(long bytes) {
		this.passing.add(-bytes);
	}

	/**
	 * Notes that a call has been ended whose queue has not been released yet.
	 * @param queued the number of bytes that the call has queued
	 * @return the argument for {@link #end(long)} once the queue is released
	 */
	public long drop(long queued) {
		long counted = counted(queued);
		this.passing.add(counted);
		this.held.add(-counted);
		return counted;
	}

	/**
	 * Registers the calls of a server.
	 * @param calls passes each call in flight to its argument
	 */
	public void register(Consumer<Consumer<Holder>> calls) {
		this.servers.add(calls);
	}

	/**
	 * Notes that the amount held by a call has changed. The caller guarantees that the
	 * changes of a call form a sequence, each starting with the result of the one before.
	 * @param before the number of bytes before the change
	 * @param after the number of bytes after the change
	 */
	public void change(long before, long after) {
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
	 * Ends calls until the limit is met. Only one thread at a time does so.
	 */
	private void reclaim() {
		while (this.held.sum() > this.limit && this.reclaiming.compareAndSet(false, true)) {
			try {
				Holder largest = largest();
				if (largest == null) {
					return;
				}
				largest.endCall(RefusalReason.OUTBOUND_BUFFER,
						"Memory limit for outbound messages exceeded: this call held the most, its client reads too slowly");
			}
			finally {
				this.reclaiming.set(false);
			}
		}
	}

	/**
	 * Returns the oldest call that holds at least half as much as the one that holds
	 * most. A new call that has just queued a large message is probably on its way to a
	 * client that reads.
	 */
	private @Nullable Holder largest() {
		long[] most = { FREE };
		forEach((call) -> most[0] = Math.max(most[0], call.queued()));
		Holder[] oldest = new Holder[1];
		forEach((call) -> {
			if (call.queued() > most[0] / 2 && (oldest[0] == null || call.startNanos() - oldest[0].startNanos() < 0)) {
				oldest[0] = call;
			}
		});
		return oldest[0];
	}

	private void forEach(Consumer<Holder> action) {
		this.servers.forEach((calls) -> calls.accept(action));
	}

	/**
	 * Call that holds outbound messages.
	 */
	public interface Holder {

		/**
		 * Returns how much the call holds.
		 * @return the number of bytes
		 */
		long queued();

		/**
		 * Returns when the call started.
		 * @return the time on the clock of its server's timer
		 */
		long startNanos();

		/**
		 * Ends the call and drops what it has queued.
		 * @param reason the reason to report, {@code null} for none
		 * @param description the description of the status
		 */
		void endCall(@Nullable RefusalReason reason, String description);

	}

}
