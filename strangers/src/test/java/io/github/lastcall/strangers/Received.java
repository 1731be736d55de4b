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

package io.github.lastcall.strangers;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;

/**
 * What a client receives, and how its call ends.
 *
 * @param <T> the type of the messages
 */
final class Received<T> implements StreamObserver<T> {

	private final BlockingQueue<T> messages = new LinkedBlockingQueue<>();

	private final CompletableFuture<Status> end = new CompletableFuture<>();

	private volatile @Nullable StatusRuntimeException failure;

	@Override
	public void onNext(T message) {
		this.messages.add(message);
	}

	@Override
	public void onError(Throwable cause) {
		this.failure = (StatusRuntimeException) cause;
		this.end.complete(Status.fromThrowable(cause));
	}

	@Override
	public void onCompleted() {
		this.end.complete(Status.OK);
	}

	/**
	 * Waits for the next message.
	 * @return the message
	 */
	T next() throws InterruptedException {
		T message = this.messages.poll(1, TimeUnit.MINUTES);
		if (message == null) {
			throw new IllegalStateException("No message, " + this.end);
		}
		return message;
	}

	/**
	 * Waits for the end.
	 * @return the status, with the messages that nobody has taken
	 */
	End<T> end() throws Exception {
		Status status = this.end.get(1, TimeUnit.MINUTES);
		return new End<>(status.getCode(), new ArrayList<>(this.messages), this.failure);
	}

	record End<T>(Status.Code status, List<T> rest, @Nullable StatusRuntimeException failure) {

	}

}
