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

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

import io.github.lastcall.grpc.call.CallHooks;
import io.github.lastcall.grpc.executor.ServerTimer;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.server.GrpcServices;
import io.grpc.MethodDescriptor;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.authorization.AuthorizationEventPublisher;
import org.springframework.security.authorization.AuthorizationResult;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolderStrategy;

/**
 * Authenticates and authorizes the calls of all servers. What applies to a method is
 * resolved once.
 *
 * @hidden
 */
public final class CallSecurity implements AopInfrastructureBean {

	/**
	 * Maximum number of methods that are not known at start-up. A fallback registry may
	 * accept any name.
	 */
	private static final int MAX_RESOLVED = 1000;

	private final CallAuthorization authorization;

	private final CallAuthenticator authenticator;

	private final AuthenticationThreads threads;

	private final Supplier<SecurityContextHolderStrategy> strategy;

	private final ServerTimer timer;

	private final Extensions extensions;

	private final SecurityStatus statuses;

	/**
	 * By full service name.
	 */
	private final Set<String> infrastructure = ConcurrentHashMap.newKeySet();

	private final Map<MethodDescriptor<?, ?>, SecuredMethod> methods = new ConcurrentHashMap<>();

	/**
	 * Creates a new security.
	 * @param authorization decides which calls are allowed
	 * @param authenticator finds out who makes a call
	 * @param threads where calls on event loops are authenticated
	 * @param strategy supplies the current strategy, which an application can change
	 * @param timer the timer for what takes too long or expires
	 * @param extensions what else happens when the caller of a call is known
	 */
	public CallSecurity(CallAuthorization authorization, CallAuthenticator authenticator, AuthenticationThreads threads,
			Supplier<SecurityContextHolderStrategy> strategy, ServerTimer timer, Extensions extensions) {
		this.authorization = authorization;
		this.authenticator = authenticator;
		this.threads = threads;
		this.strategy = () -> CallerContextStrategy.ofThread(strategy.get());
		this.timer = timer;
		this.extensions = extensions;
		this.statuses = new SecurityStatus(authenticator.challenges());
	}

	/**
	 * Returns whether callers are authenticated.
	 */
	public boolean authenticates() {
		return !this.authenticator.isEmpty();
	}

	/**
	 * Returns whether there is nothing to do, so that calls need not be intercepted.
	 */
	public boolean isEmpty() {
		return !authenticates() && this.authorization.isEmpty();
	}

	/**
	 * Resolves the methods of a server that is about to be bound.
	 * @param services the services of the server
	 */
	public void register(GrpcServices services) {
		services.infrastructure()
			.forEach((service) -> this.infrastructure.add(service.getServiceDescriptor().getName()));
		this.authorization.register(services);
	}

	/**
	 * Completes what {@link #register} has begun, after the server has been bound.
	 * @param added the services that customizers have added
	 */
	public void await(List<ServerServiceDefinition> added) {
		this.authorization.await(added);
	}

	/**
	 * Creates the interceptor of a server.
	 * @param refusals counts the calls of the server that are refused
	 * @throws GrpcServerStartException if calls would see the callers of other calls
	 */
	public ServerInterceptor interceptor(Refusals refusals) {
		if (SecurityContextState.isGlobal(strategy())) {
			throw new GrpcServerStartException(
					"Spring Security has one security context for all threads (SecurityContextHolder.MODE_GLOBAL), so each call would run as the caller of any other.",
					"Remove the system property spring.security.strategy or the call of SecurityContextHolder.setStrategyName that sets it, or set grpc.server.security.enabled to false if the server needs no security of its own.");
		}
		return new SecurityInterceptor(this, refusals);
	}

	SecurityStatus statuses() {
		return this.statuses;
	}

	CallAuthenticator authenticator() {
		return this.authenticator;
	}

	AuthenticationThreads threads() {
		return this.threads;
	}

	SecurityContextHolderStrategy strategy() {
		return this.strategy.get();
	}

	ServerTimer timer() {
		return this.timer;
	}

	SecuredMethod method(MethodDescriptor<?, ?> descriptor) {
		SecuredMethod known = this.methods.get(descriptor);
		if (known != null) {
			return known;
		}
		MethodAuthorization authorization = this.authorization.of(descriptor);
		boolean ignored = authorization.isOpen()
				&& (!authenticates() || this.infrastructure.contains(String.valueOf(descriptor.getServiceName())));
		SecuredMethod resolved = new SecuredMethod(authorization, authorization.eachMessage(), ignored);
		if (this.methods.size() < MAX_RESOLVED) {
			this.methods.put(descriptor, resolved);
		}
		return resolved;
	}

	/**
	 * Authorizes a call, and tells who listens to decisions.
	 * @throws AccessDeniedException if the call is denied
	 */
	void authorize(SecuredMethod method, Authentication caller, GrpcSecuredCall call) {
		if (method.authorization().isOpen()) {
			return;
		}
		AuthorizationResult result = method.authorization().authorize(() -> caller, call);
		publish(caller, call, result);
		if (!result.isGranted()) {
			throw new DeniedException(CallAuthenticator.isAnonymous(caller) ? "no credentials"
					: "access denied for '%s'".formatted(caller.getName()));
		}
	}

	/**
	 * Tells who listens to decisions.
	 * @param object what the caller wants to use
	 */
	void publish(Authentication caller, Object object, AuthorizationResult result) {
		AuthorizationEventPublisher events = this.extensions.events();
		if (events != null) {
			events.publishAuthorizationEvent(() -> caller, object, result);
		}
	}

	/**
	 * Called in the callback that starts the handler, when the caller is current.
	 */
	void callerKnown(Authentication caller, CallHooks.Call call, CallerHooks hooks, MethodDescriptor<?, ?> method,
			Refusals refusals) {
		Consumer<Authentication> spans = this.extensions.spans();
		if (spans != null && !CallAuthenticator.isAnonymous(caller)) {
			spans.accept(caller);
		}
		Function<Authentication, @Nullable Instant> expiries = this.extensions.expiries();
		if (expiries == null || method.getType() == MethodDescriptor.MethodType.UNARY) {
			return;
		}
		Instant expiry = expiries.apply(caller);
		if (expiry != null) {
			Duration remaining = Duration.between(this.extensions.clock().instant(), expiry);
			hooks.cancelWhenEnded(this.timer.schedule(() -> {
				SecurityStatus.Refusal refusal = this.statuses.expired();
				if (call.close(refusal.status(), refusal.trailers())) {
					SecurityStatus.report(refusal, refusals, method.getFullMethodName());
				}
			}, remaining));
		}
	}

	/**
	 * What else happens when the caller of a call is known.
	 *
	 * @param events publishes decisions, {@code null} if nobody listens
	 * @param expiries finds out when the credentials of a caller expire, {@code null} to
	 * let streams outlive them
	 * @param clock the clock of these times
	 * @param spans adds the caller to the current span, {@code null} to add nothing
	 * @hidden
	 */
	public record Extensions(@Nullable AuthorizationEventPublisher events,
			@Nullable Function<Authentication, @Nullable Instant> expiries, InstantSource clock,
			@Nullable Consumer<Authentication> spans) {

	}

	/**
	 * What applies to a method.
	 *
	 * @param authorization decides about its calls
	 * @param messages decides about the messages of its calls, {@code null} for none
	 * @param ignored whether nothing is done about its calls
	 */
	record SecuredMethod(MethodAuthorization authorization, MethodAuthorization.@Nullable MessageAuthorization messages,
			boolean ignored) {

	}

	/**
	 * Denial by this library, whose stack trace would say nothing.
	 */
	static final class DeniedException extends AccessDeniedException {

		private static final long serialVersionUID = 1;

		DeniedException(String message) {
			super(message);
		}

		@Override
		public synchronized Throwable fillInStackTrace() {
			return this;
		}

	}

}
