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

package io.github.lastcall.grpc.test;

import java.util.List;
import java.util.stream.Stream;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.TextFormat;
import com.google.protobuf.TypeRegistry;
import com.google.rpc.ErrorDetailsProto;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import org.jspecify.annotations.Nullable;

/**
 * Reads and describes statuses with their details.
 */
final class Failures {

	private static final TypeRegistry DETAILS = TypeRegistry.newBuilder()
		.add(ErrorDetailsProto.getDescriptor().getMessageTypes())
		.build();

	private Failures() {
	}

	/**
	 * Returns whether a failure is the status that a call has ended with.
	 */
	static boolean isStatus(Throwable failure) {
		return failure instanceof StatusRuntimeException || failure instanceof StatusException;
	}

	/**
	 * Returns the details of one type.
	 */
	static <T extends Message> List<T> details(Throwable failure, Class<T> type) {
		com.google.rpc.Status status = StatusProto.fromThrowable(failure);
		return (status == null) ? List.of() : status.getDetailsList().stream().flatMap((detail) -> {
			try {
				return detail.is(type) ? Stream.of(detail.unpack(type)) : Stream.<T>empty();
			}
			catch (InvalidProtocolBufferException ex) {
				throw new AssertionError("Malformed detail of type " + type.getSimpleName(), ex);
			}
		}).toList();
	}

	/**
	 * Describes a status with its details.
	 */
	static String text(Status status, @Nullable Throwable failure) {
		StringBuilder text = new StringBuilder(status.getCode().name());
		if (status.getDescription() != null) {
			text.append(": ").append(status.getDescription());
		}
		com.google.rpc.Status details = (failure != null) ? StatusProto.fromThrowable(failure) : null;
		if (details != null) {
			details.getDetailsList()
				.forEach((detail) -> text.append("%n    ".formatted())
					.append(TextFormat.printer()
						.usingTypeRegistry(DETAILS)
						.emittingSingleLine(true)
						.printToString(detail)));
		}
		return text.toString();
	}

}
