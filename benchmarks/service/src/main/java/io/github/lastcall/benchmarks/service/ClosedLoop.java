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

package io.github.lastcall.benchmarks.service;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;

/**
 * Callers that make one call after the other: so many calls are in flight, no more and no
 * less.
 *
 * @param <Q> the type of the requests
 * @param <R> the type of the responses
 */
public final class ClosedLoop<Q, R> {

	private static final int CALLS_IN_FLIGHT = 64;

	/**
	 * A caller whose call has failed waits a little, or a server that refuses everything
	 * would get all the processor time for it.
	 */
	private static final Executor AFTER_A_FAILURE = CompletableFuture.delayedExecutor(1, TimeUnit.MILLISECONDS);

	private final List<? extends Channel> channels;

	private final CallPattern<Q, R> pattern;

	private final int callsInFlight;

	/**
	 * Create a loop of 64 unary calls in flight.
	 * @param channels the channels, over which the callers are spread
	 * @param method the method
	 * @param request the request of every call
	 */
	public ClosedLoop(List<? extends Channel> channels, MethodDescriptor<Q, R> method, Q request) {
		this(channels, CallPattern.unary(method, request), CALLS_IN_FLIGHT);
	}

	/**
	 * Create a loop.
	 * @param channels the channels, over which the callers are spread
	 * @param pattern how each call goes
	 * @param callsInFlight the number of callers
	 */
	public ClosedLoop(List<? extends Channel> channels, CallPattern<Q, R> pattern, int callsInFlight) {
		this.channels = List.copyOf(channels);
		this.pattern = pattern;
		this.callsInFlight = callsInFlight;
	}

	/**
	 * Call for some time, and wait until the last call has ended.
	 * @param nanos how long
	 * @return calls per second
	 * @throws IllegalStateException if a call fails, or the last ones do not end within a
	 * minute
	 */
	public double callsPerSecond(long nanos) throws InterruptedException {
		LoopOutcome outcome = run(nanos, (latency) -> {
		});
		if (outcome.failed() > 0) {
			throw new IllegalStateException("Calls have failed: " + outcome.failures());
		}
		return outcome.callsPerSecond();
	}

	/**
	 * Call for some time, and wait until the last call has ended, for a minute at most.
	 * @param nanos how long
	 * @param latencies takes the nanoseconds of each call that ends with OK, on any
	 * thread
	 * @return what became of the calls
	 */
	public LoopOutcome run(long nanos, LongConsumer latencies) throws InterruptedException {
		Run run = new Run(latencies, this.callsInFlight);
		run.counts = true;
		long start = System.nanoTime();
		call(run);
		TimeUnit.NANOSECONDS.sleep(nanos);
		long calls = run.calls.sum();
		return run.end(calls, System.nanoTime() - start, calls);
	}

	/**
	 * Call for some time that does not count, then for some time that does: for the calls
	 * that end in it, whenever they began. Wait until the last call has ended, for a
	 * minute at most.
	 * @param settleNanos how long before it counts
	 * @param nanos how long it counts
	 * @param latencies takes the nanoseconds of each call that counts and ends with OK,
	 * on any thread
	 * @param begins runs just before it counts, and asks what has been used until then
	 * @param ends runs just after, and asks the same
	 * @return what became of the calls, all failures included
	 */
	public LoopOutcome run(long settleNanos, long nanos, LongConsumer latencies, Runnable begins, Runnable ends)
			throws InterruptedException {
		Run run = new Run(latencies, this.callsInFlight);
		call(run);
		TimeUnit.NANOSECONDS.sleep(settleNanos);
		double beforeIt = callsWhile(begins, run);
		long before = run.calls.sum();
		run.counts = true;
		long start = System.nanoTime();
		TimeUnit.NANOSECONDS.sleep(nanos);
		long calls = run.calls.sum() - before;
		long time = System.nanoTime() - start;
		run.counts = false;
		return run.end(calls, time, callsWhile(ends, run) - beforeIt);
	}

	/**
	 * How many calls have ended when something is half done, which may take a while.
	 */
	private static double callsWhile(Runnable something, Run run) {
		long before = run.calls.sum();
		something.run();
		return (before + run.calls.sum()) / 2.0;
	}

	private void call(Run run) {
		for (int i = 0; i < this.callsInFlight; i++) {
			call(this.channels.get(i % this.channels.size()), run);
		}
	}

	private void call(Channel channel, Run run) {
		new Call(channel, run).start();
	}

	private final class Call extends ClientCall.Listener<R> {

		private final Channel channel;

		private final Run run;

		private final ClientCall<Q, R> call;

		private final long started = System.nanoTime();

		private int requests;

		private int responses;

		Call(Channel channel, Run run) {
			this.channel = channel;
			this.run = run;
			this.call = channel.newCall(ClosedLoop.this.pattern.method(), CallOptions.DEFAULT);
		}

		void start() {
			this.call.start(this, new Metadata());
			this.call.request(2);
			send();
		}

		private void send() {
			// The answer may be here before this thread goes on.
			int number = ++this.requests;
			this.call.sendMessage(ClosedLoop.this.pattern.request().get());
			if (number == ClosedLoop.this.pattern.requests()) {
				this.call.halfClose();
			}
		}

		@Override
		public void onMessage(R message) {
			this.responses++;
			this.call.request(1);
			if (this.requests < ClosedLoop.this.pattern.requests()) {
				send();
			}
		}

		@Override
		public void onClose(Status status, Metadata trailers) {
			boolean complete = this.responses == ClosedLoop.this.pattern.responses();
			if (status.isOk() && complete) {
				this.run.succeeded(System.nanoTime() - this.started);
			}
			else {
				this.run.failed(status.isOk() ? "OK, but %d messages".formatted(this.responses)
						: status.getCode() + ": " + status.getDescription());
			}
			if (this.run.over) {
				this.run.ended.countDown();
			}
			else if (status.isOk()) {
				call(this.channel, this.run);
			}
			else {
				AFTER_A_FAILURE.execute(() -> call(this.channel, this.run));
			}
		}

	}

	/**
	 * What the callers share.
	 */
	private static final class Run {

		private final LongConsumer latencies;

		private final LongAdder calls = new LongAdder();

		private final Map<String, LongAdder> failures = new ConcurrentHashMap<>();

		private final CountDownLatch ended;

		private volatile boolean counts;

		private volatile boolean over;

		Run(LongConsumer latencies, int callers) {
			this.latencies = latencies;
			this.ended = new CountDownLatch(callers);
		}

		void succeeded(long nanos) {
			this.calls.increment();
			if (this.counts) {
				this.latencies.accept(nanos);
			}
		}

		void failed(String reason) {
			this.failures.computeIfAbsent(reason, (key) -> new LongAdder()).increment();
		}

		LoopOutcome end(long callsInTime, long nanos, double callsBetween) throws InterruptedException {
			this.over = true;
			if (!this.ended.await(60, TimeUnit.SECONDS)) {
				this.failures.computeIfAbsent("not ended after a minute", (key) -> new LongAdder())
					.add(this.ended.getCount());
			}
			Map<String, Long> failures = new TreeMap<>();
			this.failures.forEach((reason, count) -> failures.put(reason, count.sum()));
			return new LoopOutcome(callsInTime, nanos, callsBetween, this.calls.sum(), failures);
		}

	}

}
