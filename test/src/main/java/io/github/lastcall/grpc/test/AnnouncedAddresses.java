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
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The ports that clients know, which lag behind those that serve, as the addresses of a
 * cluster do. Changes are made on one thread, in their order.
 */
final class AnnouncedAddresses implements AutoCloseable {

	private final Duration lag;

	private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor((task) -> {
		Thread thread = new Thread(task, "rolling-restart-addresses");
		thread.setDaemon(true);
		return thread;
	});

	private final List<Consumer<List<Integer>>> listeners = new CopyOnWriteArrayList<>();

	private volatile List<Integer> ports = List.of();

	AnnouncedAddresses(Duration lag) {
		this.lag = lag;
	}

	/**
	 * Sets what clients know when they start.
	 */
	void begin(List<Integer> ports) {
		this.ports = List.copyOf(ports);
	}

	List<Integer> ports() {
		return this.ports;
	}

	void add(int port) {
		changeLater((ports) -> ports.add(port));
	}

	void remove(int port) {
		changeLater((ports) -> ports.remove((Integer) port));
	}

	private void changeLater(Consumer<List<Integer>> change) {
		this.scheduler.schedule(() -> {
			List<Integer> ports = new ArrayList<>(this.ports);
			change.accept(ports);
			this.ports = List.copyOf(ports);
			this.listeners.forEach((listener) -> listener.accept(this.ports));
		}, this.lag.toNanos(), TimeUnit.NANOSECONDS);
	}

	/**
	 * Tells a listener the ports, and again whenever they change.
	 */
	void listen(Consumer<List<Integer>> listener) {
		this.scheduler.execute(() -> {
			this.listeners.add(listener);
			listener.accept(this.ports);
		});
	}

	/**
	 * Waits until clients know every change.
	 */
	void awaitSettled() {
		Future<?> settled = this.scheduler.schedule(() -> {
		}, this.lag.toNanos(), TimeUnit.NANOSECONDS);
		try {
			settled.get();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("Interrupted while waiting for the addresses", ex);
		}
		catch (ExecutionException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Override
	public void close() {
		this.scheduler.shutdownNow();
	}

}
