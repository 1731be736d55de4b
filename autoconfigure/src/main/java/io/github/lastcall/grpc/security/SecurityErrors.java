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

import java.util.List;
import java.util.function.Supplier;

import io.github.lastcall.grpc.error.GrpcError;
import io.github.lastcall.grpc.error.GrpcExceptionMapper;
import io.github.lastcall.grpc.error.GrpcFailedCall;
import io.github.lastcall.grpc.limits.Refusals;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.core.Ordered;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextHolderStrategy;

/**
 * What the exceptions of Spring Security mean if the application does not map them.
 *
 * @hidden
 */
public final class SecurityErrors implements GrpcExceptionMapper, Ordered, AopInfrastructureBean {

	private final SecurityStatus statuses;

	private final Supplier<SecurityContextHolderStrategy> strategy;

	/**
	 * Creates new errors.
	 * @param security the security of the calls, {@code null} if it is disabled
	 * @param strategy supplies the current strategy, which an application can change
	 */
	public SecurityErrors(@Nullable CallSecurity security, Supplier<SecurityContextHolderStrategy> strategy) {
		this.statuses = (security != null) ? security.statuses() : new SecurityStatus(List.of());
		this.strategy = strategy;
	}

	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE;
	}

	@Override
	public @Nullable GrpcError map(Throwable exception, GrpcFailedCall call) {
		SecurityContext context = this.strategy.get().getContext();
		SecurityStatus.Refusal refusal = this.statuses.of(exception, context.getAuthentication());
		if (refusal == null) {
			return null;
		}
		Refusals refusals = (context instanceof CallerHooks.CallerContext caller) ? caller.refusals() : null;
		SecurityStatus.report(refusal, refusals, call.method().getFullMethodName());
		GrpcError error = GrpcError.of(refusal.status());
		return refusal.challenges().isEmpty() ? error
				: error.trailer(SecurityStatus.WWW_AUTHENTICATE, String.join(", ", refusal.challenges()));
	}

}
