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

package io.github.lastcall.grpc.test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Records the responses of a call, and waits for the next one or for the end of the call:
 *
 * <pre class="code">
 * StreamRecorder&lt;RouteNote&gt; notes = StreamRecorder.create();
 * StreamObserver&lt;RouteNote&gt; chat = routeGuide.routeChat(notes);
 * chat.onNext(note("Hello"));
 * assertThat(notes.next().getMessage()).isEqualTo("Hello");
 * chat.onCompleted();
 * notes.awaitCompletion();
 * </pre>
 *
 * A method that waits fails with an {@link AssertionError} that shows what has been
 * received, if something else comes or nothing comes in time: 30 seconds unless
 * {@link #within(Duration)} sets another time. Safe for use by several threads.
 *
 * @param <T> the type of the responses
 */
public final class StreamRecorder<T> implements ClientResponseObserver<Object, T> {

	private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);

	private final int initialRequests;

	private final Lock lock = new ReentrantLock();

	private final Condition changed = this.lock.newCondition();

	private final List<T> values = new ArrayList<>();

	private int taken;

	private @Nullable Status end;

	private @Nullable Throwable failure;

	private volatile @Nullable ClientCallStreamObserver<?> call;

	private volatile Duration timeout = DEFAULT_TIMEOUT;

	private StreamRecorder(int initialRequests) {
		this.initialRequests = initialRequests;
	}

	/**
	 * Creates a recorder that reads all responses.
	 * @param <T> the type of the responses
	 * @return the recorder
	 */
	public static <T> StreamRecorder<T> create() {
		return new StreamRecorder<>(Integer.MAX_VALUE);
	}

	/**
	 * Creates a recorder that reads as many responses as it is told to, like a slow
	 * client.
	 * @param <T> the type of the responses
	 * @param initialRequests the number of responses to read until {@link #request(int)},
	 * which may be 0
	 * @return the recorder
	 */
	public static <T> StreamRecorder<T> requesting(int initialRequests) {
		Assert.isTrue(initialRequests >= 0, "'initialRequests' must not be negative");
		return new StreamRecorder<>(initialRequests);
	}

	/**
	 * Sets how long methods wait.
	 * @param timeout the time
	 * @return this recorder
	 */
	public StreamRecorder<T> within(Duration timeout) {
		Assert.notNull(timeout, "'timeout' must not be null");
		this.timeout = timeout;
		return this;
	}

	/**
	 * Waits for the next response, and takes it.
	 * @return the first response that this method has not returned yet
	 */
	public T next() {
		this.lock.lock();
		try {
			await("a response", () -> this.taken < this.values.size() || this.end != null);
			if (this.taken == this.values.size()) {
				throw unexpected("a response", "the call ended");
			}
			return this.values.get(this.taken++);
		}
		finally {
			this.lock.unlock();
		}
	}

	/**
	 * Waits until the call has ended with OK.
	 * @return all responses, including those that {@link #next()} has returned
	 */
	public List<T> awaitCompletion() {
		Status status = awaitEnd();
		if (!status.isOk()) {
			throw unexpected("the call to complete", "it failed");
		}
		return getValues();
	}

	/**
	 * Waits until the call has ended.
	 * @return the status of the call
	 */
	public Status awaitEnd() {
		this.lock.lock();
		try {
			await("the end of the call", () -> this.end != null);
			Status end = this.end;
			Assert.state(end != null, "No end");
			return end;
		}
		finally {
			this.lock.unlock();
		}
	}

	/**
	 * Returns the responses so far, without waiting.
	 * @return all responses, including those that {@link #next()} has returned
	 */
	public List<T> getValues() {
		this.lock.lock();
		try {
			return List.copyOf(this.values);
		}
		finally {
			this.lock.unlock();
		}
	}

	/**
	 * Returns whether the call has ended, without waiting.
	 * @return whether it has completed or failed
	 */
	public boolean hasEnded() {
		this.lock.lock();
		try {
			return this.end != null;
		}
		finally {
			this.lock.unlock();
		}
	}

	/**
	 * Reads more responses, in a recorder that was created by {@link #requesting(int)}.
	 * @param count the number of further responses to read
	 */
	public void request(int count) {
		call().request(count);
	}

	/**
	 * Cancels the call.
	 */
	public void cancel() {
		call().cancel("Cancelled by the test", null);
	}

	private ClientCallStreamObserver<?> call() {
		ClientCallStreamObserver<?> call = this.call;
		Assert.state(call != null, "The recorder has not been passed to a method of an asynchronous stub");
		return call;
	}

	@Nullable Throwable failure() {
		this.lock.lock();
		try {
			return this.failure;
		}
		finally {
			this.lock.unlock();
		}
	}

	private void await(String expected, BooleanSupplier condition) {
		long left = this.timeout.toNanos();
		try {
			while (!condition.getAsBoolean()) {
				if (left <= 0) {
					throw unexpected(expected, "none came within " + this.timeout.toMillis() + " ms");
				}
				left = this.changed.awaitNanos(left);
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw unexpected(expected, "the test was interrupted");
		}
	}

	private AssertionError unexpected(String expected, String instead) {
		this.lock.lock();
		try {
			return new AssertionError("Expected %s, but %s.%n%s".formatted(expected, instead, this), this.failure);
		}
		finally {
			this.lock.unlock();
		}
	}

	/* Called by grpc-java. */

	@Override
	public void beforeStart(ClientCallStreamObserver<Object> call) {
		this.call = call;
		if (this.initialRequests != Integer.MAX_VALUE) {
			call.disableAutoRequestWithInitial(this.initialRequests);
		}
	}

	@Override
	public void onNext(T value) {
		record(() -> this.values.add(value));
	}

	@Override
	public void onError(Throwable failure) {
		record(() -> {
			this.failure = failure;
			this.end = Status.fromThrowable(failure);
		});
	}

	@Override
	public void onCompleted() {
		record(() -> this.end = Status.OK);
	}

	private void record(Runnable event) {
		this.lock.lock();
		try {
			event.run();
			this.changed.signalAll();
		}
		finally {
			this.lock.unlock();
		}
	}

	/**
	 * Returns what has been received so far.
	 */
	@Override
	public String toString() {
		this.lock.lock();
		try {
			StringBuilder text = new StringBuilder("Received so far:");
			for (int i = 0; i < this.values.size(); i++) {
				text.append("%n  %d: %s".formatted(i + 1, String.valueOf(this.values.get(i)).strip()));
			}
			Status end = this.end;
			if (end != null) {
				text.append("%n  end: %s".formatted(Failures.text(end, this.failure)));
			}
			else if (this.values.isEmpty()) {
				text.append(" nothing");
			}
			return text.toString();
		}
		finally {
			this.lock.unlock();
		}
	}

}
