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

import java.util.function.Supplier;

import io.github.lastcall.grpc.call.CallHooks;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.core.context.SecurityContextHolderStrategy;

/**
 * Strategy that falls back to the caller of the call in the current
 * {@link io.grpc.Context} unless the application has set a security context on the
 * thread. So the caller goes where that context goes.
 *
 * @hidden
 */
public final class CallerContextStrategy implements SecurityContextHolderStrategy, AopInfrastructureBean {

	private final SecurityContextHolderStrategy thread;

	private CallerContextStrategy(SecurityContextHolderStrategy thread) {
		this.thread = thread;
	}

	/**
	 * Makes the strategy of {@link SecurityContextHolder} fall back to calls, unless it
	 * does. It remains the strategy when the application ends: it has no state, and
	 * outside of calls it is the one that it replaces.
	 */
	public static CallerContextStrategy install() {
		if (SecurityContextHolder.getContextHolderStrategy() instanceof CallerContextStrategy installed) {
			return installed;
		}
		CallerContextStrategy strategy = new CallerContextStrategy(SecurityContextHolder.getContextHolderStrategy());
		SecurityContextHolder.setContextHolderStrategy(strategy);
		return strategy;
	}

	/**
	 * Returns what keeps the security context of the thread alone.
	 */
	static SecurityContextHolderStrategy ofThread(SecurityContextHolderStrategy strategy) {
		return (strategy instanceof CallerContextStrategy fallingBack) ? fallingBack.thread : strategy;
	}

	@Override
	public void clearContext() {
		this.thread.clearContext();
	}

	@Override
	public SecurityContext getContext() {
		CallerHooks caller = caller();
		SecurityContext context = this.thread.getContext();
		return (caller != null && !isOfApplication(context)) ? caller.context() : context;
	}

	/**
	 * Returns whether the application has set a context. One that belongs to a call may
	 * be that of another call, in whose callback the thread is.
	 */
	private static boolean isOfApplication(SecurityContext context) {
		return context.getAuthentication() != null && !(context instanceof CallerHooks.CallerContext);
	}

	@Override
	public Supplier<SecurityContext> getDeferredContext() {
		CallerHooks caller = caller();
		Supplier<SecurityContext> deferred = this.thread.getDeferredContext();
		if (caller == null) {
			return deferred;
		}
		return () -> {
			SecurityContext context = deferred.get();
			return isOfApplication(context) ? context : caller.context();
		};
	}

	private static @Nullable CallerHooks caller() {
		CallHooks.Call call = CallHooks.Call.current();
		return (call != null && call.hooks() instanceof CallerHooks hooks) ? hooks : null;
	}

	@Override
	public void setContext(SecurityContext context) {
		this.thread.setContext(context);
	}

	@Override
	public void setDeferredContext(Supplier<SecurityContext> deferredContext) {
		this.thread.setDeferredContext(deferredContext);
	}

	@Override
	public SecurityContext createEmptyContext() {
		return this.thread.createEmptyContext();
	}

}
