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

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

import io.github.lastcall.grpc.call.CallHooks;
import io.github.lastcall.grpc.executor.NettyEventLoop;
import io.github.lastcall.grpc.executor.ThreadStates;
import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.limits.RefusalStatus;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.security.CallSecurity.SecuredMethod;
import io.github.lastcall.grpc.tls.PeerIdentity;
import io.grpc.Context;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.authentication.AuthenticationServiceException;
import org.springframework.security.authorization.AuthorizationResult;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextHolderStrategy;

/**
 * Secures the calls of one server: finds out who makes a call, decides whether it is
 * allowed, and makes the caller current in its callbacks. On an event loop, the call
 * waits while another thread does what may block.
 */
final class SecurityInterceptor implements ServerInterceptor {

	private static final Status TOO_MANY_WAIT = Status.RESOURCE_EXHAUSTED
		.withDescription("Too many calls wait for authentication");

	private final CallSecurity security;

	private final Refusals refusals;

	SecurityInterceptor(CallSecurity security, Refusals refusals) {
		this.security = security;
		this.refusals = refusals;
	}

	@Override
	public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
			ServerCallHandler<Q, R> next) {
		SecuredMethod method = this.security.method(call.getMethodDescriptor());
		if (method.ignored()) {
			return next.startCall(call, headers);
		}
		GrpcSecuredCall secured = new GrpcSecuredCall(call.getMethodDescriptor(), headers,
				PeerIdentity.of(call).orElse(null));
		Start<Q, R> start = new Start<>(method, secured, call, next, CallHooks.Call.current());
		Authentication caller;
		try {
			caller = this.security.authenticator().authenticate(secured);
		}
		catch (RuntimeException ex) {
			return refused(start, ex, null);
		}
		return (caller == CallAuthenticator.NOT_HERE) ? authenticateElsewhere(start) : start(start, caller, true);
	}

	/**
	 * Starts the handler.
	 * @param caller the caller, {@code null} if the call has no credentials
	 * @param authorize whether the call has to be authorized
	 */
	private <Q, R> ServerCall.Listener<Q> start(Start<Q, R> start, @Nullable Authentication caller, boolean authorize) {
		if (caller == null && start.method().authorization().isOpen() && !hasOtherCaller()) {
			return start.next().startCall(start.call(), start.secured().headers());
		}
		Authentication known = (caller != null) ? caller : CallAuthenticator.anonymous();
		CallHooks.Call tracked = start.tracked();
		if (tracked != null) {
			CallerHooks hooks = new CallerHooks(tracked.hooks(), this.security.strategy(), known, this.refusals);
			tracked.replaceHooks(hooks);
			hooks.bindUntilCallbackEnds();
			this.security.callerKnown(known, tracked, hooks, start.secured().method(), this.refusals);
		}
		if (authorize) {
			try {
				this.security.authorize(start.method(), known, start.secured());
			}
			catch (RuntimeException ex) {
				return refused(start, ex, known);
			}
		}
		ServerCall.Listener<Q> listener = start.next().startCall(start.call(), start.secured().headers());
		MethodAuthorization.MessageAuthorization messages = start.method().messages();
		return (messages != null)
				? new AuthorizedListener<>(this.security, listener, messages, known, (ex) -> end(start, ex, known))
				: listener;
	}

	/**
	 * Returns whether the thread has a caller of its own, such as that of the client in
	 * the same process, which must not become the caller of this call.
	 */
	private boolean hasOtherCaller() {
		return !ThreadStates.isCallThread() && this.security.strategy().getContext().getAuthentication() != null;
	}

	/* Waiting. */

	private <Q, R> ServerCall.Listener<Q> authenticateElsewhere(Start<Q, R> start) {
		WaitingListener<Q> listener = new WaitingListener<>();
		Executor eventLoop = NettyEventLoop.current();
		Context context = Context.current();
		Executor callbacks = (start.tracked() != null) ? start.tracked()::execute
				: (task) -> ((eventLoop != null) ? eventLoop : (Executor) Runnable::run).execute(context.wrap(task));
		AtomicBoolean decided = new AtomicBoolean();
		Runnable cancelTimeout = this.security.timer().schedule(() -> {
			if (decided.compareAndSet(false, true)) {
				callbacks.execute(() -> listener.decided(() -> refused(start,
						new AuthenticationServiceException("the authentication takes too long"), null)));
			}
		}, AuthenticationThreads.MAX_WAIT);
		Runnable authentication = context.wrap(() -> {
			Decision decision = listener.isEnded() ? Decision.of(null, null) : decide(start);
			cancelTimeout.run();
			if (decided.compareAndSet(false, true)) {
				callbacks.execute(() -> listener.decided(() -> {
					RuntimeException failure = decision.failure();
					return (failure != null) ? refused(start, failure, decision.caller())
							: start(start, decision.caller(), false);
				}));
			}
		});
		Status status;
		try {
			if (this.security.threads().execute(authentication)) {
				return listener;
			}
			status = TOO_MANY_WAIT;
		}
		catch (RuntimeException ex) {
			status = RefusalStatus.ofExecutor(this.security.threads().executor(), ex);
		}
		cancelTimeout.run();
		decided.set(true);
		String description = status.getDescription();
		this.refusals.report(RefusalReason.EXECUTOR,
				() -> "refused a call to %s: %s".formatted(start.secured().method().getFullMethodName(), description));
		start.call().close(status, new Metadata());
		return listener;
	}

	/**
	 * Authenticates and authorizes a call on a thread that may block.
	 */
	private Decision decide(Start<?, ?> start) {
		Authentication caller = null;
		SecurityContextHolderStrategy strategy = this.security.strategy();
		SecurityContext before = strategy.getContext();
		try {
			caller = this.security.authenticator().authenticate(start.secured());
			Authentication known = (caller != null) ? caller : CallAuthenticator.anonymous();
			strategy.setContext(new CallerHooks.CallerContext(known, this.refusals));
			this.security.authorize(start.method(), known, start.secured());
			return Decision.of(caller, null);
		}
		catch (RuntimeException ex) {
			return Decision.of(caller, ex);
		}
		finally {
			strategy.setContext(before);
		}
	}

	/* Refusing. */

	private <Q> ServerCall.Listener<Q> refused(Start<Q, ?> start, RuntimeException ex,
			@Nullable Authentication caller) {
		SecurityStatus.Refusal refusal = refusal(start, ex, caller);
		start.call().close(refusal.status(), refusal.trailers());
		return new ServerCall.Listener<>() {
		};
	}

	/**
	 * Ends a call whose handler has been started.
	 */
	private void end(Start<?, ?> start, RuntimeException ex, Authentication caller) {
		SecurityStatus.Refusal refusal = refusal(start, ex, caller);
		CallHooks.Call tracked = start.tracked();
		if (tracked != null) {
			tracked.close(refusal.status(), refusal.trailers());
		}
		else {
			start.call().close(refusal.status(), refusal.trailers());
		}
	}

	/**
	 * Reports what an exception means. One that is not of Spring Security is thrown
	 * again.
	 */
	private SecurityStatus.Refusal refusal(Start<?, ?> start, RuntimeException ex, @Nullable Authentication caller) {
		SecurityStatus.Refusal refusal = this.security.statuses().of(ex, caller);
		if (refusal == null) {
			throw ex;
		}
		SecurityStatus.report(refusal, this.refusals, start.secured().method().getFullMethodName());
		return refusal;
	}

	/**
	 * Call whose handler has not been started.
	 *
	 * @param method what applies to its method
	 * @param secured the call for converters and authorization managers
	 * @param call the call
	 * @param next starts the handler
	 * @param tracked the call, {@code null} for unary calls of infrastructure services
	 */
	private record Start<Q, R>(SecuredMethod method, GrpcSecuredCall secured, ServerCall<Q, R> call,
			ServerCallHandler<Q, R> next, CallHooks.@Nullable Call tracked) {

	}

	private record Decision(@Nullable Authentication caller, @Nullable RuntimeException failure) {

		static Decision of(@Nullable Authentication caller, @Nullable RuntimeException failure) {
			return new Decision(caller, failure);
		}

	}

	/**
	 * Listener whose handler sees only messages that its caller may send. The first other
	 * one ends the call.
	 *
	 * @param <Q> the type of the requests
	 */
	static final class AuthorizedListener<Q> extends SimpleForwardingServerCallListener<Q> {

		private final CallSecurity security;

		private final MethodAuthorization.MessageAuthorization messages;

		private final Authentication caller;

		private final Consumer<RuntimeException> refuse;

		private boolean denied;

		AuthorizedListener(CallSecurity security, ServerCall.Listener<Q> delegate,
				MethodAuthorization.MessageAuthorization messages, Authentication caller,
				Consumer<RuntimeException> refuse) {
			super(delegate);
			this.security = security;
			this.messages = messages;
			this.caller = caller;
			this.refuse = refuse;
		}

		@Override
		public void onMessage(Q message) {
			if (!this.denied && isAllowed(message)) {
				super.onMessage(message);
			}
		}

		private boolean isAllowed(Q message) {
			try {
				AuthorizationResult result = this.messages.authorize(this.caller, message);
				this.security.publish(this.caller, message, result);
				if (result.isGranted()) {
					return true;
				}
				deny(new CallSecurity.DeniedException("a message of '%s' is denied".formatted(this.caller.getName())));
			}
			catch (AccessDeniedException ex) {
				deny(ex);
			}
			return false;
		}

		private void deny(AccessDeniedException ex) {
			this.denied = true;
			this.refuse.accept(ex);
		}

		@Override
		public void onHalfClose() {
			if (!this.denied) {
				super.onHalfClose();
			}
		}

	}

}
