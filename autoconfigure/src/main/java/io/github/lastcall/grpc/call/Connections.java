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

package io.github.lastcall.grpc.call;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.lastcall.grpc.executor.NettyEventLoop;
import io.grpc.Attributes;
import io.grpc.ServerTransportFilter;

import org.springframework.aop.framework.AopInfrastructureBean;

/**
 * Counter of the connections of one server, which also knows their event loops.
 *
 * @hidden
 */
public final class Connections extends ServerTransportFilter implements AopInfrastructureBean {

	/**
	 * Event loop that runs the callbacks of a connection if no other executor is set.
	 */
	static final Attributes.Key<Executor> EVENT_LOOP = Attributes.Key.create("io.github.lastcall.grpc.call.event-loop");

	private final AtomicInteger count = new AtomicInteger();

	private final Set<Executor> eventLoops = ConcurrentHashMap.newKeySet();

	private volatile Runnable listener = () -> {
	};

	/**
	 * Called on the event loop of the connection, if it has one.
	 */
	@Override
	public Attributes transportReady(Attributes attributes) {
		this.count.incrementAndGet();
		this.listener.run();
		Executor eventLoop = NettyEventLoop.current();
		if (eventLoop == null) {
			return attributes;
		}
		this.eventLoops.add(eventLoop);
		return attributes.toBuilder().set(EVENT_LOOP, eventLoop).build();
	}

	@Override
	public void transportTerminated(Attributes attributes) {
		// A connection that ends before its handshake has not been counted.
		if (attributes != null) {
			this.count.decrementAndGet();
			this.listener.run();
		}
	}

	/**
	 * Sets the listener.
	 * @param listener called when the number of connections has changed, on any thread;
	 * must not block
	 */
	public void onChange(Runnable listener) {
		this.listener = listener;
	}

	/**
	 * Calls back once every event loop has run what has been submitted to it, and has
	 * then read what had arrived at its connections.
	 * @param callback called on any thread; must not block
	 */
	public void onceRead(Runnable callback) {
		List<Executor> eventLoops = List.copyOf(this.eventLoops);
		AtomicInteger left = new AtomicInteger(eventLoops.size() + 1);
		Runnable read = () -> {
			if (left.decrementAndGet() == 0) {
				callback.run();
			}
		};
		eventLoops.forEach((eventLoop) -> NettyEventLoop.executeAfterRead(eventLoop, read));
		read.run();
	}

	/**
	 * Returns the number of open connections.
	 */
	public int count() {
		return this.count.get();
	}

}
