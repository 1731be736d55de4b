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

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import io.github.lastcall.grpc.test.RollingRestartReport.Client;
import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;

import org.springframework.util.function.ThrowingConsumer;

/**
 * Clients that begin calls at a fixed rate, however long the earlier ones take.
 */
final class Traffic implements AutoCloseable {

	private static final int KEPT_CONNECTIONS = 3;

	/**
	 * Seconds for the last calls to end.
	 */
	private static final int LAST_CALLS = 30;

	private final ThrowingConsumer<Channel> call;

	private final long interval;

	private final ChannelCredentials credentials;

	private final Timeline timeline;

	private final AnnouncedNameResolverProvider resolver;

	private final ConnectionBalancer balancer;

	private final ManagedChannel callBalancing;

	private final List<ManagedChannel> kept = new ArrayList<>();

	private final Map<Client, AtomicInteger> open = Map.of(Client.CALL_BALANCING, new AtomicInteger(),
			Client.CONNECTION_BALANCING, new AtomicInteger());

	private final ExecutorService threads = Executors.newCachedThreadPool((task) -> {
		Thread thread = new Thread(task, "rolling-restart-client");
		thread.setDaemon(true);
		return thread;
	});

	private final Thread clock = new Thread(this::beginUntilClosed, "rolling-restart-clock");

	private volatile boolean closed;

	Traffic(ThrowingConsumer<Channel> call, int callsPerSecond, AnnouncedAddresses addresses,
			ChannelCredentials credentials, Timeline timeline) {
		this.call = call;
		this.interval = TimeUnit.SECONDS.toNanos(1) / callsPerSecond;
		this.credentials = credentials;
		this.timeline = timeline;
		this.resolver = new AnnouncedNameResolverProvider(addresses);
		this.balancer = new ConnectionBalancer(addresses);
		this.callBalancing = this.resolver.newChannel(credentials);
		for (int i = 0; i < KEPT_CONNECTIONS; i++) {
			this.kept.add(newConnection());
		}
		this.clock.setDaemon(true);
		this.clock.start();
	}

	private ManagedChannel newConnection() {
		return Grpc.newChannelBuilderForAddress("localhost", this.balancer.port(), this.credentials)
			.disableRetry()
			.build();
	}

	private void beginUntilClosed() {
		long next = System.nanoTime();
		for (int number = 0; !this.closed; number++) {
			int current = number;
			open(number).incrementAndGet();
			this.threads.execute(() -> call(current));
			next += this.interval;
			for (long left = next - System.nanoTime(); left > 0 && !this.closed; left = next - System.nanoTime()) {
				LockSupport.parkNanos(left);
			}
		}
	}

	private AtomicInteger open(int number) {
		return Objects.requireNonNull(this.open.get(client(number)));
	}

	private static Client client(int number) {
		return (number % 2 == 0) ? Client.CALL_BALANCING : Client.CONNECTION_BALANCING;
	}

	private void call(int number) {
		try {
			if (client(number) == Client.CALL_BALANCING) {
				call(Client.CALL_BALANCING, this.callBalancing);
				return;
			}
			int connection = (number / 2) % (KEPT_CONNECTIONS + 1);
			if (connection < KEPT_CONNECTIONS) {
				call(Client.CONNECTION_BALANCING, this.kept.get(connection));
				return;
			}
			ManagedChannel channel = newConnection();
			try {
				call(Client.CONNECTION_BALANCING, channel);
			}
			finally {
				channel.shutdown();
			}
		}
		finally {
			open(number).decrementAndGet();
		}
	}

	private void call(Client client, Channel channel) {
		long begun = System.nanoTime();
		Throwable failure = null;
		try {
			this.call.acceptWithException(channel);
		}
		catch (Throwable ex) {
			failure = ex;
		}
		this.timeline.ended(client, begun, System.nanoTime(), failure);
	}

	@Override
	public void close() {
		this.closed = true;
		LockSupport.unpark(this.clock);
		try {
			this.clock.join();
			this.threads.shutdown();
			if (!this.threads.awaitTermination(LAST_CALLS, TimeUnit.SECONDS)) {
				this.open.forEach((client, calls) -> this.timeline.hanging(client, calls.get()));
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		finally {
			this.threads.shutdownNow();
			this.callBalancing.shutdownNow();
			this.kept.forEach(ManagedChannel::shutdownNow);
			this.balancer.close();
			this.resolver.close();
		}
	}

}
