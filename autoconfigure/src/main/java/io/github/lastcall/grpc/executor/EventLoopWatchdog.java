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

package io.github.lastcall.grpc.executor;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntSupplier;

import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Watches the event loops of one server while they run the callbacks of services, and
 * warns, once per method, of a handler that blocks one. Services that run on an executor
 * are not watched.
 * <p>
 * It samples four times per limit, and only while there are services to watch and
 * connections.
 *
 * @hidden
 */
public final class EventLoopWatchdog {

	private static final Log logger = LogFactory.getLog(EventLoopWatchdog.class);

	private static final int SAMPLES = 4;

	private static final Duration MIN_INTERVAL = Duration.ofMillis(1);

	private final String server;

	private final Duration limit;

	private final Duration interval;

	private final ServerTimer timer;

	private final IntSupplier connections;

	private final Map<String, WatchedMethod> methods = new ConcurrentHashMap<>();

	private final Set<EventLoopSlot> slots = ConcurrentHashMap.newKeySet();

	private final ThreadLocal<EventLoopSlot> slot = ThreadLocal.withInitial(this::newSlot);

	/* Guarded by this object's monitor. */

	private @Nullable Watch watch;

	/**
	 * Creates a new watchdog.
	 * @param server the name of the server
	 * @param limit how long a callback may hold an event loop
	 * @param timer runs the samples, on a thread that no handler runs on
	 * @param connections returns the number of open connections
	 */
	public EventLoopWatchdog(String server, Duration limit, ServerTimer timer, IntSupplier connections) {
		Assert.isTrue(!limit.isZero() && !limit.isNegative(), "'limit' must be positive");
		this.server = server;
		this.limit = limit;
		Duration interval = limit.dividedBy(SAMPLES);
		this.interval = (interval.compareTo(MIN_INTERVAL) > 0) ? interval : MIN_INTERVAL;
		this.timer = timer;
		this.connections = connections;
	}

	/**
	 * Watches those services of the application that run on the event loop.
	 * @param services the services of the server
	 * @param executors executors of the services
	 * @return the services; watched ones have a wrapper outside of all interceptors
	 * @throws GrpcServerStartException if a service names an executor that does not exist
	 */
	public GrpcServices watch(GrpcServices services, ServiceExecutors executors) {
		List<GrpcServices.Registration> application = new ArrayList<>();
		for (GrpcServices.Registration service : services.application()) {
			application.add(executors.isDirect(service) ? new GrpcServices.Registration(service.beanName(),
					service.annotation(), watch(service.definition(), executors.adviceAgainstDirect(service)))
					: service);
		}
		return new GrpcServices(application, services.infrastructure());
	}

	private ServerServiceDefinition watch(ServerServiceDefinition service, String advice) {
		ServerServiceDefinition.Builder builder = ServerServiceDefinition.builder(service.getServiceDescriptor());
		for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
			// A server that starts again does not warn again.
			builder.addMethod(
					this.methods
						.computeIfAbsent(method.getMethodDescriptor().getFullMethodName(),
								(name) -> new WatchedMethod(name, advice, this.slot::get))
						.watch(method));
		}
		return builder.build();
	}

	private EventLoopSlot newSlot() {
		EventLoopSlot slot = new EventLoopSlot(Thread.currentThread());
		this.slots.add(slot);
		return slot;
	}

	/**
	 * Begins to watch at the first connection, and ends after the last one. Called when
	 * the number of connections has changed.
	 */
	public synchronized void connectionsChanged() {
		if (this.connections.getAsInt() == 0) {
			if (this.watch != null) {
				this.watch.cancel.run();
				this.watch = null;
			}
		}
		else if (this.watch == null && !this.methods.isEmpty()) {
			this.watch = new Watch();
			this.watch.goOn();
		}
	}

	private void sample() {
		for (EventLoopSlot slot : this.slots) {
			WatchedMethod method = slot.sample(SAMPLES);
			if (method != null) {
				if (!method.isReported()) {
					report(slot, method);
				}
			}
			else if (!slot.thread().isAlive()) {
				this.slots.remove(slot);
			}
		}
	}

	private void report(EventLoopSlot slot, WatchedMethod method) {
		StackTraceElement[] stack = slot.thread().getStackTrace();
		// The stack must be that of the callback, not of what came after it.
		if (slot.isUnchanged() && method.reportOnce()) {
			logger.warn(
					"gRPC server '%s': a handler of %s blocked an event loop for more than %d ms, and all other calls on its connections with it. %s"
						.formatted(this.server, method.name(), this.limit.toMillis(), method.advice()),
					new ThreadStack(slot.thread(), callback(stack)));
		}
	}

	/**
	 * Removes the frames below the callback, which are the same in every server.
	 */
	private static StackTraceElement[] callback(StackTraceElement[] stack) {
		for (int i = 0; i < stack.length; i++) {
			if (stack[i].getClassName().startsWith(WatchedMethod.class.getName())) {
				return Arrays.copyOf(stack, i);
			}
		}
		return stack;
	}

	/**
	 * Sampling from the first connection to the end of the last one.
	 */
	private final class Watch implements Runnable {

		private Runnable cancel = () -> {
		};

		void goOn() {
			this.cancel = EventLoopWatchdog.this.timer.schedule(this, EventLoopWatchdog.this.interval);
		}

		@Override
		public void run() {
			sample();
			synchronized (EventLoopWatchdog.this) {
				if (EventLoopWatchdog.this.watch == this) {
					goOn();
				}
			}
		}

	}

}
