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

package io.github.lastcall.grpc.testing;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;

import static org.awaitility.Awaitility.await;

/**
 * What a client sees of one call.
 *
 * @param <T> the type of the messages
 */
public final class Observer<T> implements StreamObserver<T> {

	public final List<T> messages = new CopyOnWriteArrayList<>();

	public final CompletableFuture<Status> ended = new CompletableFuture<>();

	@Override
	public void onNext(T message) {
		this.messages.add(message);
	}

	@Override
	public void onError(Throwable ex) {
		this.ended.complete(Status.fromThrowable(ex));
	}

	@Override
	public void onCompleted() {
		this.ended.complete(Status.OK);
	}

	public void awaitMessages(int count) {
		await().atMost(Duration.ofSeconds(30)).until(() -> this.messages.size() >= count);
	}

	public Status.Code awaitEnd() {
		return status().getCode();
	}

	public Status status() {
		return this.ended.orTimeout(30, TimeUnit.SECONDS).join();
	}

}
