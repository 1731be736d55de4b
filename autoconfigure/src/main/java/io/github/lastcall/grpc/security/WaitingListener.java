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

package io.github.lastcall.grpc.security;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Consumer;
import java.util.function.Supplier;

import io.grpc.ServerCall;
import org.jspecify.annotations.Nullable;

/**
 * Listener of a call whose caller is not known yet. Its handler is started by
 * {@link #decided}, unless the call has ended before, and then told in order what it has
 * missed.
 * <p>
 * All methods but {@link #isEnded()} are called in callbacks of the call, or within
 * {@link #decided}. Nothing requests messages before the handler is started, so only the
 * end of the requests and the readiness of the client wait until then; and the first
 * messages, which can be delivered where the handler requests them, until it has started.
 *
 * @param <Q> the type of the requests
 */
final class WaitingListener<Q> extends ServerCall.Listener<Q> {

	private final Queue<Consumer<ServerCall.Listener<Q>>> missed = new ArrayDeque<>();

	private ServerCall.@Nullable Listener<Q> delegate;

	private boolean started;

	private volatile boolean ended;

	/**
	 * Returns whether the call has ended, so that nobody waits for a decision.
	 */
	boolean isEnded() {
		return this.ended;
	}

	/**
	 * Starts the handler.
	 * @param start starts it
	 */
	void decided(Supplier<ServerCall.Listener<Q>> start) {
		if (this.ended) {
			return;
		}
		this.started = true;
		ServerCall.Listener<Q> delegate = start.get();
		for (Consumer<ServerCall.Listener<Q>> next = this.missed.poll(); next != null; next = this.missed.poll()) {
			next.accept(delegate);
		}
		this.delegate = delegate;
	}

	private void call(Consumer<ServerCall.Listener<Q>> callback) {
		if (this.delegate != null) {
			callback.accept(this.delegate);
		}
		else {
			this.missed.add(callback);
		}
	}

	private void end(Consumer<ServerCall.Listener<Q>> callback) {
		this.ended = true;
		if (this.started) {
			call(callback);
		}
	}

	@Override
	public void onMessage(Q message) {
		call((listener) -> listener.onMessage(message));
	}

	@Override
	public void onReady() {
		call(ServerCall.Listener::onReady);
	}

	@Override
	public void onHalfClose() {
		call(ServerCall.Listener::onHalfClose);
	}

	@Override
	public void onCancel() {
		end(ServerCall.Listener::onCancel);
	}

	@Override
	public void onComplete() {
		end(ServerCall.Listener::onComplete);
	}

}
