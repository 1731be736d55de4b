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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * Callers that make one unary call after the other: so many calls are in flight, no more
 * and no less.
 *
 * @param <Q> the type of the request
 * @param <R> the type of the response
 */
public final class ClosedLoop<Q, R> {

	private static final int CALLS_IN_FLIGHT = 64;

	private final List<? extends Channel> channels;

	private final MethodDescriptor<Q, R> method;

	private final Q request;

	/**
	 * Create a loop of 64 calls in flight.
	 * @param channels the channels, over which the callers are spread
	 * @param method the method
	 * @param request the request of every call
	 */
	public ClosedLoop(List<? extends Channel> channels, MethodDescriptor<Q, R> method, Q request) {
		this.channels = List.copyOf(channels);
		this.method = method;
		this.request = request;
	}

	/**
	 * Call for some time, and wait until the last call has ended.
	 * @param nanos how long
	 * @return calls per second
	 * @throws IllegalStateException if a call fails, or the last ones do not end within a
	 * minute
	 */
	public double callsPerSecond(long nanos) throws InterruptedException {
		Run run = new Run();
		long start = System.nanoTime();
		for (int i = 0; i < CALLS_IN_FLIGHT; i++) {
			call(this.channels.get(i % this.channels.size()), run);
		}
		TimeUnit.NANOSECONDS.sleep(nanos);
		double rate = run.calls.get() * 1e9 / (System.nanoTime() - start);
		run.over.set(true);
		run.awaitEnd();
		return rate;
	}

	private void call(Channel channel, Run run) {
		ClientCall<Q, R> call = channel.newCall(this.method, CallOptions.DEFAULT);
		call.start(new ClientCall.Listener<>() {

			@Override
			public void onClose(Status status, Metadata trailers) {
				if (run.goesOnAfter(status)) {
					call(channel, run);
				}
			}

		}, new Metadata());
		call.request(2);
		call.sendMessage(this.request);
		call.halfClose();
	}

	/**
	 * What the callers share.
	 */
	private static final class Run {

		private final AtomicLong calls = new AtomicLong();

		private final AtomicBoolean over = new AtomicBoolean();

		private final AtomicReference<@Nullable Status> failure = new AtomicReference<>();

		private final CountDownLatch ended = new CountDownLatch(CALLS_IN_FLIGHT);

		boolean goesOnAfter(Status status) {
			if (status.isOk()) {
				this.calls.incrementAndGet();
				if (!this.over.get()) {
					return true;
				}
			}
			else {
				this.failure.set(status);
			}
			this.ended.countDown();
			return false;
		}

		void awaitEnd() throws InterruptedException {
			boolean allEnded = this.ended.await(60, TimeUnit.SECONDS);
			Status status = this.failure.get();
			if (status != null) {
				throw new IllegalStateException("A call has failed", status.asException());
			}
			if (!allEnded) {
				throw new IllegalStateException("%d calls have not ended".formatted(this.ended.getCount()));
			}
		}

	}

}
