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

package io.github.lastcall.sample;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;

import static org.awaitility.Awaitility.await;

/**
 * Clients of a balancer that call without a pause, fail fast and never try again. All but
 * one keep their connection; that one opens another for each call.
 */
final class Traffic implements Calls {

	private static final int CLIENTS = 5;

	private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(30);

	private static final Point OSLO = Point.newBuilder().setLatitude(599139000).setLongitude(107522000).build();

	private final int port;

	private final AtomicLongArray calls = new AtomicLongArray(CLIENTS);

	private final Queue<String> failures = new ConcurrentLinkedQueue<>();

	private final List<Thread> clients = new ArrayList<>();

	private volatile boolean closed;

	private Traffic(int port) {
		this.port = port;
	}

	static Traffic start(int port) {
		Traffic traffic = new Traffic(port);
		for (int client = 0; client < CLIENTS; client++) {
			int number = client;
			Thread thread = new Thread(() -> traffic.callUntilClosed(number), "traffic-" + number);
			thread.start();
			traffic.clients.add(thread);
		}
		return traffic;
	}

	private void callUntilClosed(int client) {
		boolean keepsConnection = client > 0;
		ManagedChannel channel = channel();
		while (!this.closed) {
			call(channel);
			this.calls.incrementAndGet(client);
			if (!keepsConnection) {
				channel.shutdownNow();
				channel = channel();
			}
			LockSupport.parkNanos(PAUSE);
		}
		channel.shutdownNow();
	}

	private void call(ManagedChannel channel) {
		try {
			String name = RouteGuideGrpc.newBlockingStub(channel)
				.withDeadlineAfter(60, TimeUnit.SECONDS)
				.getFeature(OSLO)
				.getName();
			if (!name.contains("Oslo")) {
				this.failures.add("Not Oslo: " + name);
			}
		}
		catch (StatusRuntimeException ex) {
			this.failures.add(Instant.now() + " " + ex.getStatus());
		}
	}

	private ManagedChannel channel() {
		return NettyChannelBuilder.forAddress("127.0.0.1", this.port).usePlaintext().disableRetry().build();
	}

	@Override
	public void awaitCalls(int more) {
		// One more: the first one that ends may have begun before.
		long[] enough = IntStream.range(0, CLIENTS).mapToLong((client) -> this.calls.get(client) + more + 1).toArray();
		await().atMost(1, TimeUnit.MINUTES)
			.until(() -> IntStream.range(0, CLIENTS).allMatch((client) -> this.calls.get(client) >= enough[client]));
	}

	@Override
	public long calls() {
		return IntStream.range(0, CLIENTS).mapToLong(this.calls::get).sum();
	}

	@Override
	public List<String> failures() {
		return List.copyOf(this.failures);
	}

	@Override
	public void close() throws InterruptedException {
		this.closed = true;
		for (Thread client : this.clients) {
			client.join();
		}
	}

}
