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

import java.io.Serial;
import java.util.List;

import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.limits.Refusals;
import io.grpc.Metadata;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.authentication.AuthenticationServiceException;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.AuthenticationException;

/**
 * What the client of a refused call receives, and what is logged and counted. The client
 * is never told the reason.
 */
final class SecurityStatus {

	static final Metadata.Key<String> WWW_AUTHENTICATE = Metadata.Key.of("www-authenticate",
			Metadata.ASCII_STRING_MARSHALLER);

	private static final Status REQUIRED = Status.UNAUTHENTICATED.withDescription("Authentication required");

	private static final Status INVALID = Status.UNAUTHENTICATED.withDescription("Invalid credentials");

	private static final Status EXPIRED = Status.UNAUTHENTICATED.withDescription("The credentials have expired");

	private static final Status DENIED = Status.PERMISSION_DENIED.withDescription("Access denied");

	private static final Status UNAVAILABLE = Status.UNAVAILABLE
		.withDescription("Authentication is temporarily unavailable");

	private final List<String> challenges;

	/**
	 * Creates new statuses.
	 * @param challenges what a client without credentials is told
	 */
	SecurityStatus(List<String> challenges) {
		this.challenges = challenges;
	}

	/**
	 * Returns what a client receives because of an exception.
	 * @param caller the caller, {@code null} if it is not known
	 * @return the refusal, {@code null} if the exception is not one of Spring Security
	 */
	@Nullable Refusal of(Throwable exception, @Nullable Authentication caller) {
		if (exception instanceof AccessDeniedException) {
			return CallAuthenticator.isAnonymous(caller) ? required(reason(exception))
					: new Refusal(DENIED, List.of(), RefusalReason.DENIED, reason(exception));
		}
		if (exception instanceof RefusedCredentialsException refused
				&& !(refused.getCause() instanceof AuthenticationServiceException)) {
			return new Refusal(INVALID, invalid(refused.challenge()), RefusalReason.UNAUTHENTICATED, reason(exception));
		}
		if (exception instanceof RefusedCredentialsException || exception instanceof AuthenticationServiceException) {
			// Logged as all failures of the server are, with its cause.
			return new Refusal(UNAVAILABLE.withCause(exception), List.of(), null, reason(exception));
		}
		return (exception instanceof AuthenticationException) ? required(reason(exception)) : null;
	}

	/**
	 * Returns what a client without credentials receives.
	 */
	Refusal required(String reason) {
		return new Refusal(REQUIRED, this.challenges, RefusalReason.UNAUTHENTICATED, reason);
	}

	/**
	 * Returns what a client receives whose credentials expire during a call.
	 */
	Refusal expired() {
		return new Refusal(EXPIRED, this.challenges.stream().flatMap((each) -> invalid(each).stream()).toList(),
				RefusalReason.UNAUTHENTICATED, "the credentials have expired");
	}

	private static String reason(Throwable exception) {
		return String.valueOf(exception.getMessage());
	}

	private static List<String> invalid(@Nullable String challenge) {
		if (challenge == null) {
			return List.of();
		}
		return List.of(challenge.equals("Bearer") ? "Bearer error=\"invalid_token\"" : challenge);
	}

	/**
	 * Counts and logs a refusal.
	 * @param refusals the refusals of the server, {@code null} if it is not known
	 * @param method the full name of the method
	 */
	static void report(Refusal refusal, @Nullable Refusals refusals, String method) {
		RefusalReason reason = refusal.counted();
		if (reason != null && refusals != null) {
			refusals.report(reason, () -> "refused a call to %s: %s".formatted(method, refusal.reason()));
		}
	}

	/**
	 * What the client of a refused call receives.
	 *
	 * @param status the status
	 * @param challenges the challenges for the trailers
	 * @param counted the reason in meters, {@code null} if it is not the client's fault
	 * @param reason the reason for the log
	 */
	record Refusal(Status status, List<String> challenges, @Nullable RefusalReason counted, String reason) {

		Metadata trailers() {
			Metadata trailers = new Metadata();
			this.challenges.forEach((challenge) -> trailers.put(WWW_AUTHENTICATE, challenge));
			return trailers;
		}

	}

	/**
	 * Credentials of a call that are refused, and the scheme that they are of.
	 */
	static final class RefusedCredentialsException extends AuthenticationException {

		@Serial
		private static final long serialVersionUID = 1;

		private static final int MIN_SECRET = 4;

		private final @Nullable String challenge;

		private RefusedCredentialsException(String reason, AuthenticationException cause, @Nullable String challenge) {
			super(reason, cause);
			this.challenge = challenge;
		}

		/**
		 * Creates an exception whose message does not contain the credentials.
		 * @param cause why they are refused
		 * @param credentials the credentials, {@code null} if they are malformed
		 * @param challenge the challenge of their scheme, {@code null} for none
		 */
		static RefusedCredentialsException of(AuthenticationException cause, @Nullable Object credentials,
				@Nullable String challenge) {
			String reason = String.valueOf(cause.getMessage());
			if (credentials instanceof CharSequence secret && secret.length() >= MIN_SECRET) {
				for (String part : secret.toString().split("\\.")) {
					reason = (part.length() >= MIN_SECRET) ? reason.replace(part, "***") : reason;
				}
			}
			return new RefusedCredentialsException(reason, cause, challenge);
		}

		@Nullable String challenge() {
			return this.challenge;
		}

		/**
		 * Fills in nothing: the cause has a stack trace.
		 */
		@Override
		public synchronized Throwable fillInStackTrace() {
			return this;
		}

	}

}
