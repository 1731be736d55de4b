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

import io.github.lastcall.grpc.call.CallHooks;
import io.github.lastcall.grpc.limits.Refusals;
import io.grpc.Metadata;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextHolderStrategy;
import org.springframework.security.core.context.SecurityContextImpl;

/**
 * Makes the caller current in all callbacks of a call, and what was current before again
 * after each.
 */
final class CallerHooks implements CallHooks {

	/**
	 * The thread had no security context, and the other hooks no scope.
	 */
	private static final Object NOTHING_BEFORE = new Object();

	private static final Runnable NO_TIMER = () -> {
	};

	private final CallHooks delegate;

	private final SecurityContextHolderStrategy strategy;

	private final Authentication caller;

	private final Refusals refusals;

	/**
	 * A handler can change it, so it is replaced then.
	 */
	private volatile SecurityContext context;

	/**
	 * The thread whose callback was running when the caller became known, until that
	 * callback ends.
	 */
	private volatile @Nullable Thread starting;

	/**
	 * Used by the starting thread only.
	 */
	private @Nullable SecurityContext beforeStart;

	private volatile Runnable cancelTimer = NO_TIMER;

	private volatile boolean ended;

	CallerHooks(CallHooks delegate, SecurityContextHolderStrategy strategy, Authentication caller, Refusals refusals) {
		this.delegate = delegate;
		this.strategy = strategy;
		this.caller = caller;
		this.refusals = refusals;
		this.context = new CallerContext(caller, refusals);
	}

	/**
	 * Makes the caller current until the running callback ends.
	 */
	void bindUntilCallbackEnds() {
		this.beforeStart = this.strategy.getContext();
		this.starting = Thread.currentThread();
		this.strategy.setContext(context());
	}

	SecurityContext context() {
		SecurityContext context = this.context;
		if (context.getAuthentication() != this.caller) {
			context = new CallerContext(this.caller, this.refusals);
			this.context = context;
		}
		return context;
	}

	/**
	 * Sets what cancels the timer of the call.
	 */
	void cancelWhenEnded(Runnable cancelTimer) {
		this.cancelTimer = cancelTimer;
		if (this.ended) {
			cancelTimer.run();
		}
	}

	@Override
	public Object beforeCallback() {
		Object scope = this.delegate.beforeCallback();
		SecurityContext before = this.strategy.getContext();
		this.strategy.setContext(context());
		return (scope == null && before.getAuthentication() == null) ? NOTHING_BEFORE : new Before(scope, before);
	}

	@Override
	public void afterCallback(@Nullable Object scope) {
		if (scope == NOTHING_BEFORE) {
			this.strategy.clearContext();
			this.delegate.afterCallback(null);
		}
		else if (scope instanceof Before before) {
			restore(before.context());
			this.delegate.afterCallback(before.scope());
		}
		else {
			if (this.starting == Thread.currentThread()) {
				this.starting = null;
				restore(this.beforeStart);
				this.beforeStart = null;
			}
			this.delegate.afterCallback(scope);
		}
	}

	private void restore(@Nullable SecurityContext before) {
		if (before == null || before.getAuthentication() == null) {
			this.strategy.clearContext();
		}
		else {
			this.strategy.setContext(before);
		}
	}

	@Override
	public void sendingHeaders(Metadata headers) {
		this.delegate.sendingHeaders(headers);
	}

	@Override
	public void closing(Metadata trailers) {
		this.delegate.closing(trailers);
	}

	@Override
	public void cancelled() {
		this.delegate.cancelled();
	}

	@Override
	public void ended(Status status) {
		this.ended = true;
		this.cancelTimer.run();
		this.delegate.ended(status);
	}

	private record Before(@Nullable Object scope, SecurityContext context) {

	}

	/**
	 * Security context of a call, which leads to the refusals of its server.
	 */
	static final class CallerContext extends SecurityContextImpl {

		private static final long serialVersionUID = 1;

		private final transient Refusals refusals;

		CallerContext(Authentication caller, Refusals refusals) {
			super(caller);
			this.refusals = refusals;
		}

		Refusals refusals() {
			return this.refusals;
		}

	}

}
