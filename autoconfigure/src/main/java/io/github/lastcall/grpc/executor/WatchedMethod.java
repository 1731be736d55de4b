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

import java.util.function.Supplier;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;

/**
 * Method whose callbacks run on event loops and are recorded in the slot of their loop.
 */
final class WatchedMethod {

	private final String name;

	private final String advice;

	private final Supplier<EventLoopSlot> slots;

	/**
	 * Accessed by the watchdog only.
	 */
	private boolean reported;

	/**
	 * Creates a new method.
	 * @param name its full name
	 * @param advice what to do if a handler of it blocks
	 * @param slots finds the slot of the current thread
	 */
	WatchedMethod(String name, String advice, Supplier<EventLoopSlot> slots) {
		this.name = name;
		this.advice = advice;
		this.slots = slots;
	}

	String name() {
		return this.name;
	}

	String advice() {
		return this.advice;
	}

	boolean isReported() {
		return this.reported;
	}

	/**
	 * Returns {@code true} the first time.
	 */
	boolean reportOnce() {
		boolean first = !this.reported;
		this.reported = true;
		return first;
	}

	<Q, R> ServerMethodDefinition<Q, R> watch(ServerMethodDefinition<Q, R> definition) {
		return definition.withServerCallHandler(new Handler<>(this, definition.getServerCallHandler()));
	}

	private record Handler<Q, R>(WatchedMethod method,
			ServerCallHandler<Q, R> delegate) implements ServerCallHandler<Q, R>, CallScope {

		@Override
		public ServerCall.Listener<Q> startCall(ServerCall<Q, R> call, Metadata headers) {
			EventLoopSlot slot = this.method.slots.get();
			boolean entered = slot.enter(this.method);
			try {
				return new Listener<>(this.method, slot, this.delegate.startCall(call, headers));
			}
			finally {
				if (entered) {
					slot.exit();
				}
			}
		}

		@Override
		public void run(Runnable action) {
			EventLoopSlot slot = this.method.slots.get();
			boolean entered = slot.enter(this.method);
			try {
				action.run();
			}
			finally {
				if (entered) {
					slot.exit();
				}
			}
		}

	}

	private static final class Listener<Q> extends ServerCall.Listener<Q> {

		private final WatchedMethod method;

		private final ServerCall.Listener<Q> delegate;

		/**
		 * Slot of the thread that the call began on, which usually runs all of it.
		 */
		private final EventLoopSlot first;

		Listener(WatchedMethod method, EventLoopSlot first, ServerCall.Listener<Q> delegate) {
			this.method = method;
			this.first = first;
			this.delegate = delegate;
		}

		private EventLoopSlot slot() {
			return (this.first.thread() == Thread.currentThread()) ? this.first : this.method.slots.get();
		}

		// Written out five times, because a lambda for each callback would be garbage for
		// each callback.

		@Override
		public void onMessage(Q message) {
			EventLoopSlot slot = slot();
			boolean entered = slot.enter(this.method);
			try {
				this.delegate.onMessage(message);
			}
			finally {
				if (entered) {
					slot.exit();
				}
			}
		}

		@Override
		public void onHalfClose() {
			EventLoopSlot slot = slot();
			boolean entered = slot.enter(this.method);
			try {
				this.delegate.onHalfClose();
			}
			finally {
				if (entered) {
					slot.exit();
				}
			}
		}

		@Override
		public void onReady() {
			EventLoopSlot slot = slot();
			boolean entered = slot.enter(this.method);
			try {
				this.delegate.onReady();
			}
			finally {
				if (entered) {
					slot.exit();
				}
			}
		}

		@Override
		public void onCancel() {
			EventLoopSlot slot = slot();
			boolean entered = slot.enter(this.method);
			try {
				this.delegate.onCancel();
			}
			finally {
				if (entered) {
					slot.exit();
				}
			}
		}

		@Override
		public void onComplete() {
			EventLoopSlot slot = slot();
			boolean entered = slot.enter(this.method);
			try {
				this.delegate.onComplete();
			}
			finally {
				if (entered) {
					slot.exit();
				}
			}
		}

	}

}
