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

import io.github.lastcall.grpc.health.v1.HealthCheckRequest;
import io.github.lastcall.grpc.health.v1.HealthCheckResponse;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What one watcher has seen.
 */
public final class HealthWatch implements ClientResponseObserver<HealthCheckRequest, HealthCheckResponse> {

	private final List<String> statuses = new CopyOnWriteArrayList<>();

	private final CompletableFuture<Status> ended = new CompletableFuture<>();

	private volatile @Nullable ClientCallStreamObserver<HealthCheckRequest> call;

	@Override
	public void beforeStart(ClientCallStreamObserver<HealthCheckRequest> call) {
		this.call = call;
	}

	@Override
	public void onNext(HealthCheckResponse response) {
		this.statuses.add(response.getStatus().name());
	}

	@Override
	public void onError(Throwable ex) {
		this.ended.complete(Status.fromThrowable(ex));
	}

	@Override
	public void onCompleted() {
		this.ended.complete(Status.OK);
	}

	/**
	 * Everything that it has seen so far.
	 * @return serving statuses, the oldest first
	 */
	public List<String> statuses() {
		return List.copyOf(this.statuses);
	}

	/**
	 * Wait until it has seen exactly this since it began.
	 */
	public void awaitStatuses(String... expected) {
		await().atMost(Duration.ofSeconds(30))
			.pollInterval(Duration.ofMillis(5))
			.untilAsserted(() -> assertThat(this.statuses).containsExactly(expected));
	}

	/**
	 * Wait until this is the last that it has seen.
	 */
	public void awaitLast(String expected) {
		await().atMost(Duration.ofSeconds(30))
			.pollInterval(Duration.ofMillis(5))
			.untilAsserted(() -> assertThat(this.statuses).last().isEqualTo(expected));
	}

	/**
	 * How the stream ended.
	 * @return done when it has ended
	 */
	public CompletableFuture<Status> ended() {
		return this.ended;
	}

	public void cancel() {
		ClientCallStreamObserver<HealthCheckRequest> call = this.call;
		assertThat(call).as("call").isNotNull();
		call.cancel("enough", null);
	}

}
