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

package io.github.lastcall.grpc.error;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Help;
import com.google.rpc.LocalizedMessage;
import com.google.rpc.QuotaFailure;
import com.google.rpc.ResourceInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import org.jspecify.annotations.Nullable;

import org.springframework.context.MessageSource;
import org.springframework.util.Assert;

/**
 * Error of a call with details, as defined by {@code google.rpc.Status} and the messages
 * of {@code google/rpc/error_details.proto}:
 *
 * <pre class="code">
 * throw GrpcError.of(Status.Code.INVALID_ARGUMENT)
 *     .description("The latitude is out of range")
 *     .reason("OUT_OF_RANGE")
 *     .domain("maps.example.org")
 *     .violation("location.latitude", "must be between -90 and 90", "OUT_OF_RANGE")
 *     .asException();
 * </pre>
 *
 * An error is immutable: each method returns a new one. It can be thrown, and
 * {@link #asException()} can be passed to {@code StreamObserver.onError}.
 */
public final class GrpcError {

	static final Metadata.Key<com.google.rpc.Status> DETAILS = Metadata.Key.of("grpc-status-details-bin",
			ProtoUtils.metadataMarshaller(com.google.rpc.Status.getDefaultInstance()));

	static final Metadata.Key<String> RETRY_PUSHBACK = Metadata.Key.of("grpc-retry-pushback-ms",
			Metadata.ASCII_STRING_MARSHALLER);

	/**
	 * Code, description and details, at most one of each type.
	 */
	private final com.google.rpc.Status message;

	private final @Nullable Throwable cause;

	/**
	 * Trailers besides the details. Not changed.
	 */
	private final Metadata trailers;

	private final @Nullable LocalizedText localized;

	private GrpcError(com.google.rpc.Status message, @Nullable Throwable cause, Metadata trailers,
			@Nullable LocalizedText localized) {
		Assert.isTrue(message.getCode() != Status.Code.OK.value(), "An error must not have the code OK");
		this.message = message;
		this.cause = cause;
		this.trailers = trailers;
		this.localized = localized;
	}

	/**
	 * Creates an error without details.
	 * @param code the status code, other than OK
	 * @return the error
	 */
	public static GrpcError of(Status.Code code) {
		Assert.notNull(code, "'code' must not be null");
		return of(code.toStatus());
	}

	/**
	 * Creates an error without details.
	 * @param status the status, other than OK: its code, its description, and its cause,
	 * which clients do not receive
	 * @return the error
	 */
	public static GrpcError of(Status status) {
		Assert.notNull(status, "'status' must not be null");
		return of(status, new Metadata());
	}

	static GrpcError of(Status status, Metadata trailers) {
		com.google.rpc.Status.Builder message = com.google.rpc.Status.newBuilder().setCode(status.getCode().value());
		if (status.getDescription() != null) {
			message.setMessage(status.getDescription());
		}
		try {
			com.google.rpc.Status details = trailers.get(DETAILS);
			if (details != null) {
				message.addAllDetails(details.getDetailsList());
			}
		}
		catch (IllegalArgumentException ex) {
			// Malformed: a trailer like any other.
		}
		LocalizedText localized = trailers.get(LocalizedText.KEY);
		if (localized == null) {
			return new GrpcError(message.build(), status.getCause(), trailers, null);
		}
		Metadata others = copy(trailers);
		others.discardAll(LocalizedText.KEY);
		return new GrpcError(message.build(), status.getCause(), others, localized);
	}

	/**
	 * Creates an error from its message.
	 * @param message the error, which must not have the code OK
	 * @return the error
	 */
	public static GrpcError of(com.google.rpc.Status message) {
		Assert.notNull(message, "'message' must not be null");
		return new GrpcError(message, null, new Metadata(), null);
	}

	/**
	 * Sets the description, which is meant for developers.
	 * @param description the description, which the client receives as it is,
	 * {@code null} for none
	 * @return a new error
	 */
	public GrpcError description(@Nullable String description) {
		return new GrpcError(this.message.toBuilder().setMessage((description != null) ? description : "").build(),
				this.cause, this.trailers, this.localized);
	}

	/**
	 * Sets the cause, which is recorded in spans and logs. Clients do not receive it.
	 * @param cause the cause
	 * @return a new error
	 */
	public GrpcError cause(@Nullable Throwable cause) {
		return new GrpcError(this.message, cause, this.trailers, this.localized);
	}

	/**
	 * Sets the reason in {@link ErrorInfo}, by which programs tell errors apart.
	 * @param reason a constant of the {@link #domain(String) domain}, such as
	 * {@code OUT_OF_RANGE}
	 * @return a new error
	 */
	public GrpcError reason(String reason) {
		return with(get(ErrorInfo.getDefaultInstance()).toBuilder().setReason(reason).build());
	}

	/**
	 * Sets the domain in {@link ErrorInfo}.
	 * @param domain the name of what defines the {@link #reason(String) reason}, such as
	 * {@code maps.example.org}
	 * @return a new error
	 */
	public GrpcError domain(String domain) {
		return with(get(ErrorInfo.getDefaultInstance()).toBuilder().setDomain(domain).build());
	}

	/**
	 * Adds an entry to the metadata of {@link ErrorInfo}.
	 * @param key the key
	 * @param value the value
	 * @return a new error
	 */
	public GrpcError metadata(String key, String value) {
		return metadata(Map.of(key, value));
	}

	/**
	 * Adds entries to the metadata of {@link ErrorInfo}.
	 * @param metadata the entries
	 * @return a new error
	 */
	public GrpcError metadata(Map<String, String> metadata) {
		return with(get(ErrorInfo.getDefaultInstance()).toBuilder().putAllMetadata(metadata).build());
	}

	/**
	 * Adds a violation to {@link BadRequest}.
	 * @param field the path of the field, such as {@code items[3].name}
	 * @param description what is wrong with it
	 * @return a new error
	 */
	public GrpcError violation(String field, String description) {
		return violation(field, description, "");
	}

	/**
	 * Adds a violation to {@link BadRequest}.
	 * @param field the path of the field, such as {@code items[3].name}
	 * @param description what is wrong with it
	 * @param reason a constant such as {@code OUT_OF_RANGE}, may be empty
	 * @return a new error
	 */
	public GrpcError violation(String field, String description, String reason) {
		return violations(List.of(BadRequest.FieldViolation.newBuilder()
			.setField(field)
			.setDescription(description)
			.setReason(reason)
			.build()));
	}

	/**
	 * Adds violations to {@link BadRequest}.
	 * @param violations the violations
	 * @return a new error
	 */
	public GrpcError violations(List<BadRequest.FieldViolation> violations) {
		return with(get(BadRequest.getDefaultInstance()).toBuilder().addAllFieldViolations(violations).build());
	}

	/**
	 * Sets {@link RetryInfo}, which asks the client not to repeat the call earlier. Only
	 * clients that read it heed it.
	 * @param delay the time to wait, zero or positive
	 * @return a new error
	 */
	public GrpcError retryAfter(Duration delay) {
		Assert.isTrue(!delay.isNegative(), "'delay' must not be negative");
		return with(RetryInfo.newBuilder()
			.setRetryDelay(
					com.google.protobuf.Duration.newBuilder().setSeconds(delay.getSeconds()).setNanos(delay.getNano()))
			.build());
	}

	/**
	 * Sets {@link RetryInfo} and the trailer {@code grpc-retry-pushback-ms}. Clients with
	 * a retry policy then repeat the call after this time <em>whatever its status</em>,
	 * even one that their policy does not retry, up to their maximum number of attempts.
	 * @param delay the time to wait, zero or positive
	 * @return a new error
	 */
	public GrpcError retryPushback(Duration delay) {
		return retryAfter(delay).trailer(RETRY_PUSHBACK, String.valueOf(delay.toMillis()));
	}

	/**
	 * Sets {@link ResourceInfo}.
	 * @param type the type of the resource, such as {@code maps.example.org/Feature}
	 * @param name the name of the resource
	 * @param description what is wrong with it, may be empty
	 * @return a new error
	 */
	public GrpcError resource(String type, String name, String description) {
		return with(ResourceInfo.newBuilder()
			.setResourceType(type)
			.setResourceName(name)
			.setDescription(description)
			.build());
	}

	/**
	 * Adds a violation to {@link QuotaFailure}.
	 * @param subject whose quota it is, such as {@code client:orders}
	 * @param description how the quota is exceeded
	 * @return a new error
	 */
	public GrpcError quota(String subject, String description) {
		return with(get(QuotaFailure.getDefaultInstance()).toBuilder()
			.addViolations(QuotaFailure.Violation.newBuilder().setSubject(subject).setDescription(description))
			.build());
	}

	/**
	 * Adds a link to {@link Help}.
	 * @param description what the link offers
	 * @param url the address
	 * @return a new error
	 */
	public GrpcError help(String description, String url) {
		return with(get(Help.getDefaultInstance()).toBuilder()
			.addLinks(Help.Link.newBuilder().setDescription(description).setUrl(url))
			.build());
	}

	/**
	 * Sets {@code google.rpc.LocalizedMessage}, a text for the user of the client. The
	 * message comes from the {@link MessageSource} of the application in the language of
	 * the header {@code accept-language}, when the call fails. If there is no such
	 * message, the client receives none and the log has a warning.
	 * @param code the code of the message
	 * @param arguments its arguments
	 * @return a new error
	 */
	public GrpcError localized(String code, Object... arguments) {
		return new GrpcError(this.message, this.cause, this.trailers, new LocalizedText(code, List.of(arguments)));
	}

	/**
	 * Returns the error with the text for the user of the client, if it has one.
	 * @param resolver returns the text, {@code null} if it cannot be resolved
	 */
	GrpcError localize(Function<LocalizedText, @Nullable LocalizedMessage> resolver) {
		if (this.localized == null) {
			return this;
		}
		LocalizedMessage text = resolver.apply(this.localized);
		GrpcError error = new GrpcError(this.message, this.cause, this.trailers, null);
		return (text != null) ? error.with(text) : error;
	}

	boolean has(Message type) {
		return this.message.getDetailsList().stream().anyMatch((detail) -> detail.isSameTypeAs(type));
	}

	/**
	 * Sets a detail of any other type. Replaces a detail of the same type.
	 * @param detail the message
	 * @return a new error
	 */
	public GrpcError detail(Message detail) {
		Assert.notNull(detail, "'detail' must not be null");
		return with(detail);
	}

	/**
	 * Sets a trailer of the application's own, which replaces others of its name.
	 * @param <T> the type of the value
	 * @param key the key
	 * @param value the value
	 * @return a new error
	 */
	public <T> GrpcError trailer(Metadata.Key<T> key, T value) {
		Metadata trailers = copy(this.trailers);
		trailers.discardAll(key);
		trailers.put(key, value);
		return new GrpcError(this.message, this.cause, trailers, this.localized);
	}

	/**
	 * Adds trailers.
	 */
	GrpcError trailers(Metadata more) {
		Metadata trailers = copy(this.trailers);
		trailers.merge(more);
		return new GrpcError(this.message, this.cause, trailers, this.localized);
	}

	/**
	 * Returns the status code.
	 * @return the code, never OK
	 */
	public Status.Code code() {
		return toStatus().getCode();
	}

	/**
	 * Returns the code, the description and the cause.
	 * @return the status
	 */
	public Status toStatus() {
		Status status = Status.fromCodeValue(this.message.getCode()).withCause(this.cause);
		return this.message.getMessage().isEmpty() ? status : status.withDescription(this.message.getMessage());
	}

	/**
	 * Returns the code, the description and the details.
	 * @return the error as a message
	 */
	public com.google.rpc.Status toMessage() {
		return this.message;
	}

	/**
	 * Returns the trailers that the client receives.
	 * @return new trailers, empty if there are no details
	 */
	public Metadata toTrailers() {
		Metadata trailers = copy(this.trailers);
		if (this.message.getDetailsCount() > 0) {
			trailers.discardAll(DETAILS);
			trailers.put(DETAILS, this.message);
		}
		if (this.localized != null) {
			trailers.put(LocalizedText.KEY, this.localized);
		}
		return trailers;
	}

	/**
	 * Returns the error as an exception, to be thrown or passed to
	 * {@code StreamObserver.onError}.
	 * @return a new exception
	 */
	public StatusRuntimeException asException() {
		return toStatus().asRuntimeException(toTrailers());
	}

	static Metadata copy(Metadata metadata) {
		Metadata copy = new Metadata();
		copy.merge(metadata);
		return copy;
	}

	private <M extends Message> M get(M prototype) {
		for (Any detail : this.message.getDetailsList()) {
			if (detail.isSameTypeAs(prototype)) {
				try {
					return detail.unpackSameTypeAs(prototype);
				}
				catch (InvalidProtocolBufferException ex) {
					// Is replaced.
				}
			}
		}
		return prototype;
	}

	private GrpcError with(Message detail) {
		com.google.rpc.Status.Builder message = this.message.toBuilder().clearDetails();
		this.message.getDetailsList()
			.stream()
			.filter((other) -> !other.isSameTypeAs(detail))
			.forEach(message::addDetails);
		return new GrpcError(message.addDetails(Any.pack(detail)).build(), this.cause, this.trailers, this.localized);
	}

	@Override
	public String toString() {
		return "GrpcError " + this.message;
	}

}
