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

package io.github.lastcall.benchmarks;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

import com.google.protobuf.BytesValue;
import io.github.lastcall.benchmarks.service.CallMethods;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientStreamTracer;
import io.grpc.Metadata;
import io.grpc.Status;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Offers so many calls per second, whatever becomes of them. The time and the deadline of
 * a call begin when it was to be sent, even if the client was late.
 */
final class OpenLoop {

	static final long DEADLINE_MILLIS = 1000;

	/**
	 * Calls that are due within this time are sent together on one connection: a call per
	 * system call would cost the client more than the server.
	 */
	private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

	/**
	 * For the last answers and deadlines.
	 */
	private static final long LINGER_SECONDS = 30;

	private static final int SIGNIFICANT_DIGITS = 3;

	private static final long NANOS = TimeUnit.SECONDS.toNanos(1);

	private final List<? extends Channel> channels;

	private final Supplier<BytesValue> request;

	private final int rate;

	private final int calls;

	/**
	 * When each call was sent and when it ended, after it was due.
	 */
	private final long[] sent;

	private final long[] ended;

	private final Status.@Nullable Code[] codes;

	private final CountDownLatch open;

	private final LongAdder attempts = new LongAdder();

	/**
	 * Create a load.
	 * @param channels the channels, which take turns in short bursts
	 * @param request gives the request of each call
	 * @param rate calls per second
	 * @param seconds how long
	 */
	OpenLoop(List<? extends Channel> channels, Supplier<BytesValue> request, int rate, int seconds) {
		this.channels = channels;
		this.request = request;
		this.rate = rate;
		this.calls = rate * seconds;
		this.sent = new long[this.calls];
		this.ended = new long[this.calls];
		this.codes = new Status.Code[this.calls];
		this.open = new CountDownLatch(this.calls);
	}

	/**
	 * Send the calls, until the last one has been due.
	 * @param thread sends them: that which gets the answers, so that no other thread has
	 * to be woken for each
	 */
	void send(ScheduledExecutorService thread) throws InterruptedException {
		Sender sender = new Sender(thread);
		thread.execute(sender);
		sender.end.join();
		long end = sender.start + due(this.calls);
		for (long early = end - System.nanoTime(); early > 0; early = end - System.nanoTime()) {
			TimeUnit.NANOSECONDS.sleep(early);
		}
	}

	private long due(int call) {
		return call * NANOS / this.rate;
	}

	private void send(int number, Channel channel, long due, CallOptions options) {
		long left = due + TimeUnit.MILLISECONDS.toNanos(DEADLINE_MILLIS) - System.nanoTime();
		ClientCall<BytesValue, BytesValue> call = channel.newCall(CallMethods.WORK,
				options.withDeadlineAfter(left, TimeUnit.NANOSECONDS));
		call.start(new ClientCall.Listener<>() {

			@Override
			public void onClose(Status status, Metadata trailers) {
				OpenLoop.this.ended[number] = System.nanoTime() - due;
				OpenLoop.this.codes[number] = status.getCode();
				OpenLoop.this.open.countDown();
			}

		}, new Metadata());
		call.request(2);
		call.sendMessage(this.request.get());
		call.halfClose();
		this.sent[number] = System.nanoTime() - due;
	}

	/**
	 * Wait for the end of every call.
	 */
	void await() throws InterruptedException {
		if (!this.open.await(LINGER_SECONDS, TimeUnit.SECONDS)) {
			throw new IllegalStateException(
					"%d calls have not ended, long after their deadlines".formatted(this.open.getCount()));
		}
	}

	int calls() {
		return this.calls;
	}

	/**
	 * Streams opened on the connections: more than calls if the client retries, and fewer
	 * if it gives up before it has sent them.
	 */
	long attempts() {
		return this.attempts.sum();
	}

	/**
	 * Calls that ended with OK.
	 * @param fromNanos the calls that were due then or later count
	 * @return calls per second, at most the rate
	 */
	double okPerSecond(long fromNanos) {
		long ok = 0;
		long due = 0;
		for (int i = 0; i < this.calls; i++) {
			if (due(i) >= fromNanos) {
				due++;
				ok += isOk(i) ? 1 : 0;
			}
		}
		return ok * (double) this.rate / due;
	}

	/**
	 * The time of calls that ended with OK.
	 * @param fromNanos the calls that were due then or later count
	 */
	Histogram latencies(long fromNanos) {
		Histogram latencies = new Histogram(SIGNIFICANT_DIGITS);
		for (int i = 0; i < this.calls; i++) {
			if (isOk(i) && due(i) >= fromNanos) {
				latencies.recordValue(this.ended[i]);
			}
		}
		return latencies;
	}

	/**
	 * How late the client was.
	 */
	Histogram delays() {
		Histogram delays = new Histogram(SIGNIFICANT_DIGITS);
		for (long delay : this.sent) {
			delays.recordValue(Math.max(0, delay));
		}
		return delays;
	}

	/**
	 * Whether each of so many calls in a row ended with OK, and 99 of 100 within some
	 * time.
	 */
	boolean isNormal(int from, int to, double p99Nanos) {
		Histogram latencies = new Histogram(SIGNIFICANT_DIGITS);
		for (int i = from; i < to; i++) {
			if (!isOk(i)) {
				return false;
			}
			latencies.recordValue(this.ended[i]);
		}
		return latencies.getValueAtPercentile(99) < p99Nanos;
	}

	private boolean isOk(int call) {
		return this.codes[call] == Status.Code.OK;
	}

	Map<Status.Code, Long> statuses() {
		Map<Status.Code, Long> statuses = new TreeMap<>();
		for (Status.Code code : this.codes) {
			if (code != null) {
				statuses.merge(code, 1L, Long::sum);
			}
		}
		return statuses;
	}

	/**
	 * Sends what is due, and comes again.
	 */
	private final class Sender implements Runnable {

		private final ScheduledExecutorService thread;

		private final CallOptions options = CallOptions.DEFAULT.withStreamTracerFactory(new Attempts());

		private final CompletableFuture<Void> end = new CompletableFuture<>();

		private final long start = System.nanoTime();

		private int next;

		private int ticks;

		Sender(ScheduledExecutorService thread) {
			this.thread = thread;
		}

		@Override
		public void run() {
			try {
				Channel channel = OpenLoop.this.channels.get(this.ticks++ % OpenLoop.this.channels.size());
				long due = this.start + due(this.next);
				for (; due <= System.nanoTime(); due = this.start + due(this.next)) {
					send(this.next++, channel, due, this.options);
					if (this.next == OpenLoop.this.calls) {
						this.end.complete(null);
						return;
					}
				}
				this.thread.schedule(this, Math.max(due - System.nanoTime(), TICK_NANOS), TimeUnit.NANOSECONDS);
			}
			catch (RuntimeException ex) {
				this.end.completeExceptionally(ex);
			}
		}

	}

	/**
	 * Counts the attempts of calls.
	 */
	private final class Attempts extends ClientStreamTracer.Factory {

		@Override
		public ClientStreamTracer newClientStreamTracer(ClientStreamTracer.StreamInfo info, Metadata headers) {
			OpenLoop.this.attempts.increment();
			return new ClientStreamTracer() {
			};
		}

	}

}
