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

import java.util.concurrent.Executor;

import io.github.lastcall.grpc.executor.ServerTimer;
import io.github.lastcall.grpc.limits.Refusals;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.SynchronizationContext;

/**
 * Interceptor that provides handlers with a {@link DrainSignal} on a plain grpc-java
 * server, such as the in-process server of a unit test, and sends it on {@link #drain()}.
 */
public final class SimulatedDrain implements ServerInterceptor {

	private final InFlightCalls calls;

	private final Executor executor;

	/**
	 * Creates a new simulation.
	 * @param executor runs the actions of handlers, such as {@code Runnable::run} for the
	 * thread that calls {@link #drain()}
	 */
	public SimulatedDrain(Executor executor) {
		ServerTimer timer = new NoTimer();
		this.calls = new InFlightCalls(timer, Integer.MAX_VALUE, new Refusals("simulated", timer), () -> null);
		this.executor = executor;
	}

	/**
	 * Sends the signal to all calls, including later ones.
	 */
	public void drain() {
		this.calls.drain(() -> {
		});
	}

	@Override
	public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
			ServerCallHandler<Q, R> next) {
		boolean streaming = call.getMethodDescriptor().getType() != MethodType.UNARY;
		InFlightCall inFlight = this.calls.track(call.getMethodDescriptor().getFullMethodName(), streaming);
		SynchronizationContext callbacks = new SynchronizationContext((thread, ex) -> inFlight.failed(ex));
		inFlight.begin(call, headers, (action) -> this.executor.execute(() -> callbacks.execute(action)));
		Context context = inFlight.filterContext(Context.current());
		SerialListener<Q> listener = new SerialListener<>(callbacks);
		callbacks.execute(() -> listener.delegate = Contexts.interceptCall(context, call, headers,
				(tracked, trackedHeaders) -> inFlight.start(tracked, trackedHeaders, next)));
		return listener;
	}

	/**
	 * Runs the callbacks of a call in the same order as its drain actions. grpc-java's
	 * own serializing executor is not accessible to an interceptor.
	 *
	 * @param <Q> the type of the requests
	 */
	private static final class SerialListener<Q> extends ServerCall.Listener<Q> {

		private final SynchronizationContext callbacks;

		private ServerCall.Listener<Q> delegate = new ServerCall.Listener<>() {
		};

		SerialListener(SynchronizationContext callbacks) {
			this.callbacks = callbacks;
		}

		@Override
		public void onMessage(Q message) {
			this.callbacks.execute(() -> this.delegate.onMessage(message));
		}

		@Override
		public void onHalfClose() {
			this.callbacks.execute(() -> this.delegate.onHalfClose());
		}

		@Override
		public void onReady() {
			this.callbacks.execute(() -> this.delegate.onReady());
		}

		@Override
		public void onCancel() {
			this.callbacks.execute(() -> this.delegate.onCancel());
		}

		@Override
		public void onComplete() {
			this.callbacks.execute(() -> this.delegate.onComplete());
		}

	}

	private static final class NoTimer implements ServerTimer {

		@Override
		public long nanoTime() {
			return System.nanoTime();
		}

		@Override
		public Runnable scheduleAt(Runnable task, long nanoTime) {
			throw new UnsupportedOperationException("A simulated drain does not schedule tasks");
		}

	}

}
