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

import io.github.lastcall.grpc.executor.ThreadState;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextHolderStrategy;

/**
 * Security context of Spring Security as the state of a thread. A context can be changed
 * in place, so restoring the reference is not enough.
 *
 * @hidden
 */
public final class SecurityContextState implements ThreadState, AopInfrastructureBean {

	/**
	 * Package-private, and the one strategy that keeps nothing on the thread.
	 */
	private static final String GLOBAL = "org.springframework.security.core.context.GlobalSecurityContextHolderStrategy";

	private final Supplier<SecurityContextHolderStrategy> strategy;

	/**
	 * Creates a new state.
	 * @param strategy supplies the current strategy, which an application can change
	 */
	public SecurityContextState(Supplier<SecurityContextHolderStrategy> strategy) {
		this.strategy = () -> CallerContextStrategy.ofThread(strategy.get());
	}

	/**
	 * Returns whether a strategy keeps one context for all threads.
	 */
	static boolean isGlobal(SecurityContextHolderStrategy strategy) {
		return strategy.getClass().getName().equals(GLOBAL);
	}

	@Override
	public @Nullable Object save() {
		SecurityContext context = this.strategy.get().getContext();
		Authentication authentication = context.getAuthentication();
		return (authentication != null) ? new Saved(context, authentication) : null;
	}

	@Override
	public void restore(@Nullable Object saved) {
		SecurityContextHolderStrategy strategy = this.strategy.get();
		if (saved instanceof Saved before) {
			if (before.context().getAuthentication() != before.authentication()) {
				before.context().setAuthentication(before.authentication());
			}
			strategy.setContext(before.context());
		}
		else if (!isGlobal(strategy)) {
			strategy.clearContext();
		}
	}

	private record Saved(SecurityContext context, Authentication authentication) {

	}

}
