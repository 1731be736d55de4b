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

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.benchmarks.service.ControlService;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import org.jspecify.annotations.Nullable;

/**
 * Clients that watch the health of a server.
 */
final class Watchers {

	private final List<Watcher> watchers = new ArrayList<>();

	private Watchers() {
	}

	/**
	 * Open watches, and wait until each has been told that the server serves.
	 */
	static Watchers open(List<ManagedChannel> channels, int count) {
		Watchers watchers = new Watchers();
		for (int i = 0; i < count; i++) {
			watchers.watchers.add(new Watcher());
		}
		CountDownLatch told = watchers.expect(ServingStatus.SERVING);
		for (int i = 0; i < count; i++) {
			watchers.watchers.get(i).watch(channels.get(i % channels.size()));
		}
		await(told);
		return watchers;
	}

	/**
	 * Turn health over and back.
	 * @return milliseconds from the flip to the last watcher told
	 */
	double flip(ManagedChannel channel) {
		CountDownLatch told = expect(ServingStatus.NOT_SERVING);
		long flipped = Control.ask(channel, ControlService.GATE, 0);
		double millis = lastToldMillis(told, flipped);
		CountDownLatch back = expect(ServingStatus.SERVING);
		Control.ask(channel, ControlService.GATE, 1);
		await(back);
		return millis;
	}

	CountDownLatch expect(ServingStatus status) {
		CountDownLatch told = new CountDownLatch(this.watchers.size());
		for (Watcher watcher : this.watchers) {
			watcher.told = told;
			watcher.expected = status;
		}
		return told;
	}

	/**
	 * Wait until all are told.
	 * @return milliseconds from the given time to the last one
	 */
	double lastToldMillis(CountDownLatch told, long since) {
		await(told);
		return this.watchers.stream().mapToLong((watcher) -> watcher.toldNanos - since).max().orElseThrow() / 1e6;
	}

	private static void await(CountDownLatch latch) {
		try {
			if (!latch.await(60, TimeUnit.SECONDS)) {
				throw new IllegalStateException("%d have not come within a minute".formatted(latch.getCount()));
			}
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static final class Watcher extends ClientCall.Listener<HealthCheckResponse> {

		private @Nullable ClientCall<HealthCheckRequest, HealthCheckResponse> call;

		private volatile ServingStatus expected = ServingStatus.UNKNOWN;

		private volatile CountDownLatch told = new CountDownLatch(0);

		private volatile long toldNanos;

		void watch(ManagedChannel channel) {
			ClientCall<HealthCheckRequest, HealthCheckResponse> call = channel.newCall(HealthGrpc.getWatchMethod(),
					CallOptions.DEFAULT);
			this.call = call;
			call.start(this, new Metadata());
			call.request(1);
			call.sendMessage(HealthCheckRequest.getDefaultInstance());
			call.halfClose();
		}

		@Override
		public void onMessage(HealthCheckResponse message) {
			this.toldNanos = System.nanoTime();
			if (message.getStatus() == this.expected) {
				this.told.countDown();
			}
			ClientCall<HealthCheckRequest, HealthCheckResponse> call = this.call;
			if (call != null) {
				call.request(1);
			}
		}

	}

}
