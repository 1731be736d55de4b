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

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.IntConsumer;
import java.util.function.ToIntFunction;

import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.DebugInfo;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Help;
import com.google.rpc.PreconditionFailure;
import com.google.rpc.QuotaFailure;
import io.grpc.Metadata;
import io.grpc.Status;

/**
 * Status and trailers of a failed call, shortened to {@value #MAX_SIZE} bytes as they are
 * sent. Clients refuse trailers over 8 KiB, and a proxy may allow less.
 */
final class BoundedError {

	static final int MAX_SIZE = 4096;

	/**
	 * What HTTP/2 adds to the length of name and value of each field (RFC 9113, 6.5.2).
	 */
	private static final int FIELD_OVERHEAD = 32;

	/**
	 * Size of the fields {@code :status}, {@code content-type} and {@code grpc-status}.
	 */
	private static final int FIXED_SIZE = sizeOf(":status", 3) + sizeOf("content-type", "application/grpc".length())
			+ sizeOf("grpc-status", 2);

	/**
	 * Length of a description from which on it is cut before other details are dropped.
	 */
	private static final int KEPT_DESCRIPTION = 200;

	private static final List<Message> LISTS_OF_VIOLATIONS = List.of(BadRequest.getDefaultInstance(),
			QuotaFailure.getDefaultInstance(), PreconditionFailure.getDefaultInstance());

	private static final String CUT = "...";

	private static final Set<String> OWN_TRAILERS = Set.of(GrpcError.DETAILS.name(), GrpcError.RETRY_PUSHBACK.name());

	private Status status;

	private Metadata trailers;

	private final List<Any> details = new ArrayList<>();

	private final List<String> dropped = new ArrayList<>();

	private BoundedError(Status status, Metadata trailers) {
		this.status = status;
		this.trailers = trailers;
	}

	/**
	 * Shortens an error that is too large.
	 * @param status the status
	 * @param trailers the trailers, which are not changed
	 */
	static BoundedError of(Status status, Metadata trailers) {
		BoundedError error = new BoundedError(status, trailers);
		if (!error.fits()) {
			error.shorten();
		}
		return error;
	}

	Status status() {
		return this.status;
	}

	Metadata trailers() {
		return this.trailers;
	}

	/**
	 * Returns the names of trailers other than the details that have been dropped.
	 */
	List<String> dropped() {
		return this.dropped;
	}

	private boolean fits() {
		return size() <= MAX_SIZE;
	}

	int size() {
		String description = this.status.getDescription();
		int size = FIXED_SIZE + ((description != null) ? sizeOf("grpc-message", encodedLength(description)) : 0);
		for (String name : this.trailers.keys()) {
			size += sizeOf(this.trailers, name);
		}
		return size;
	}

	private static int sizeOf(String name, int length) {
		return name.length() + length + FIELD_OVERHEAD;
	}

	private static int sizeOf(Metadata trailers, String name) {
		return isBinary(name) ? sizeOf(trailers, binaryKey(name), BoundedError::base64Length)
				: sizeOf(trailers, textKey(name), String::length);
	}

	private static <T> int sizeOf(Metadata trailers, Metadata.Key<T> key, ToIntFunction<T> length) {
		Iterable<T> values = trailers.getAll(key);
		int size = 0;
		if (values != null) {
			for (T value : values) {
				size += sizeOf(key.name(), length.applyAsInt(value));
			}
		}
		return size;
	}

	static Metadata.Key<?> key(String name) {
		return isBinary(name) ? binaryKey(name) : textKey(name);
	}

	private static boolean isBinary(String name) {
		return name.endsWith(Metadata.BINARY_HEADER_SUFFIX);
	}

	private static Metadata.Key<byte[]> binaryKey(String name) {
		return Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER);
	}

	private static Metadata.Key<String> textKey(String name) {
		return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
	}

	private static int base64Length(byte[] value) {
		return (value.length * 4 + 2) / 3;
	}

	/**
	 * Returns the length of a description, which is sent with percent encoding.
	 */
	private static int encodedLength(String description) {
		int length = 0;
		for (byte octet : description.getBytes(StandardCharsets.UTF_8)) {
			length += (octet >= ' ' && octet <= '~' && octet != '%') ? 1 : 3;
		}
		return length;
	}

	/* Shortening, in the order in which a client can do without. */

	private void shorten() {
		copyTrailers();
		remove(DebugInfo.getDefaultInstance());
		remove(Help.getDefaultInstance());
		shorten(ErrorInfo.getDefaultInstance(), this::clearMetadata);
		for (Message type : LISTS_OF_VIOLATIONS) {
			shorten(type, (index) -> shortenViolations(index, type));
		}
		cutDescription();
		while (!fits() && !this.details.isEmpty()) {
			this.details.remove(this.details.size() - 1);
			updateDetails();
		}
		dropTrailers();
	}

	private void copyTrailers() {
		this.trailers = GrpcError.copy(this.trailers);
		try {
			com.google.rpc.Status message = this.trailers.get(GrpcError.DETAILS);
			if (message != null) {
				this.details.addAll(message.getDetailsList());
			}
		}
		catch (IllegalArgumentException ex) {
			this.dropped.add(GrpcError.DETAILS.name());
		}
		updateDetails();
	}

	private void updateDetails() {
		this.trailers.discardAll(GrpcError.DETAILS);
		if (!this.details.isEmpty()) {
			this.trailers.put(GrpcError.DETAILS,
					GrpcError.of(this.status).toMessage().toBuilder().addAllDetails(this.details).build());
		}
	}

	private void remove(Message type) {
		for (int i = this.details.size() - 1; i >= 0 && !fits(); i--) {
			if (this.details.get(i).isSameTypeAs(type)) {
				this.details.remove(i);
				updateDetails();
			}
		}
	}

	private void shorten(Message type, IntConsumer shortening) {
		for (int i = 0; i < this.details.size() && !fits(); i++) {
			if (this.details.get(i).isSameTypeAs(type)) {
				shortening.accept(i);
			}
		}
	}

	private void replace(int index, Message detail) {
		this.details.set(index, Any.pack(detail));
		updateDetails();
	}

	private void clearMetadata(int index) {
		ErrorInfo info = unpack(index, ErrorInfo.getDefaultInstance());
		replace(index, info.toBuilder().clearMetadata().build());
	}

	/**
	 * Keeps as many violations as fit, and counts the others.
	 */
	private void shortenViolations(int index, Message type) {
		Message detail = unpack(index, type);
		FieldDescriptor violations = type.getDescriptorForType()
			.findFieldByName((type instanceof BadRequest) ? "field_violations" : "violations");
		int count = detail.getRepeatedFieldCount(violations);
		largestThatFits(0, count - 1, (kept) -> {
			Message.Builder builder = detail.toBuilder().clearField(violations);
			for (int i = 0; i < kept; i++) {
				builder.addRepeatedField(violations, detail.getRepeatedField(violations, i));
			}
			Message.Builder rest = builder.newBuilderForField(violations);
			rest.setField(rest.getDescriptorForType().findFieldByName("description"), (count - kept) + " more");
			replace(index, builder.addRepeatedField(violations, rest.build()).build());
		});
	}

	private <M extends Message> M unpack(int index, M type) {
		try {
			return this.details.get(index).unpackSameTypeAs(type);
		}
		catch (InvalidProtocolBufferException ex) {
			return type;
		}
	}

	private void cutDescription() {
		String description = this.status.getDescription();
		if (description == null || description.length() <= KEPT_DESCRIPTION || fits()) {
			return;
		}
		largestThatFits(KEPT_DESCRIPTION, description.length() - 1, (length) -> {
			int end = Character.isHighSurrogate(description.charAt(length - 1)) ? length - 1 : length;
			this.status = this.status.withDescription(description.substring(0, end) + CUT);
			updateDetails();
		});
	}

	/**
	 * Applies the largest value with which the error fits, the lowest one if it fits with
	 * none.
	 */
	private void largestThatFits(int lowest, int highest, IntConsumer apply) {
		int low = lowest;
		int high = highest;
		while (low < high) {
			int middle = (low + high + 1) >>> 1;
			apply.accept(middle);
			if (fits()) {
				low = middle;
			}
			else {
				high = middle - 1;
			}
		}
		apply.accept(low);
	}

	private void dropTrailers() {
		List<String> names = this.trailers.keys()
			.stream()
			.filter((name) -> !OWN_TRAILERS.contains(name))
			.sorted(Comparator.comparingInt((name) -> -sizeOf(this.trailers, name)))
			.toList();
		for (String name : names) {
			if (fits()) {
				return;
			}
			this.trailers.discardAll(key(name));
			this.dropped.add(name);
		}
	}

}
