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

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.StringValue;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Help;
import com.google.rpc.LocalizedMessage;
import com.google.rpc.PreconditionFailure;
import com.google.rpc.QuotaFailure;
import com.google.rpc.ResourceInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests of {@link GrpcError}.
 */
class GrpcErrorTests {

	@Test
	void theExceptionHasTheStatusAndAllDetails() {
		StatusRuntimeException exception = GrpcError.of(Status.Code.INVALID_ARGUMENT)
			.description("The route is not possible")
			.reason("OUT_OF_RANGE")
			.domain("maps.example.org")
			.metadata("limit", "90")
			.violation("points[3].latitude", "must be between -90 and 90", "OUT_OF_RANGE")
			.violation("name", "must not be empty")
			.resource("maps.example.org/Route", "42", "is closed")
			.quota("client:orders", "10 routes a day")
			.help("The limits", "https://maps.example.org/limits")
			.asException();
		assertThat(exception.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
		assertThat(exception.getStatus().getDescription()).isEqualTo("The route is not possible");
		com.google.rpc.Status status = StatusProto.fromThrowable(exception);
		assertThat(status.getCode()).isEqualTo(3);
		assertThat(status.getMessage()).isEqualTo("The route is not possible");
		assertThat(details(status)).containsExactlyInAnyOrder(
				ErrorInfo.newBuilder()
					.setReason("OUT_OF_RANGE")
					.setDomain("maps.example.org")
					.putMetadata("limit", "90")
					.build(),
				BadRequest.newBuilder()
					.addFieldViolations(BadRequest.FieldViolation.newBuilder()
						.setField("points[3].latitude")
						.setDescription("must be between -90 and 90")
						.setReason("OUT_OF_RANGE"))
					.addFieldViolations(
							BadRequest.FieldViolation.newBuilder().setField("name").setDescription("must not be empty"))
					.build(),
				ResourceInfo.newBuilder()
					.setResourceType("maps.example.org/Route")
					.setResourceName("42")
					.setDescription("is closed")
					.build(),
				QuotaFailure.newBuilder()
					.addViolations(QuotaFailure.Violation.newBuilder()
						.setSubject("client:orders")
						.setDescription("10 routes a day"))
					.build(),
				Help.newBuilder()
					.addLinks(Help.Link.newBuilder()
						.setDescription("The limits")
						.setUrl("https://maps.example.org/limits"))
					.build());
	}

	@Test
	void anErrorThatIsExtendedStaysAsItWas() {
		GrpcError notFound = GrpcError.of(Status.Code.NOT_FOUND).reason("NO_FEATURE");
		GrpcError described = notFound.description("Nothing is here").reason("EMPTY");
		assertThat(notFound.toStatus().getDescription()).isNull();
		assertThat(details(notFound)).containsExactly(ErrorInfo.newBuilder().setReason("NO_FEATURE").build());
		assertThat(details(described)).containsExactly(ErrorInfo.newBuilder().setReason("EMPTY").build());
	}

	@Test
	void anErrorWithoutDetailsHasNoTrailers() {
		StatusRuntimeException exception = GrpcError.of(Status.Code.NOT_FOUND).asException();
		assertThat(exception.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND);
		assertThat(exception.getStatus().getDescription()).isNull();
		assertThat(exception.getTrailers().keys()).isEmpty();
	}

	@Test
	void theCauseIsThatOfTheStatusAndOfTheException() {
		IllegalStateException cause = new IllegalStateException("broken");
		GrpcError error = GrpcError.of(Status.INTERNAL.withDescription("Try again").withCause(cause)).reason("BROKEN");
		assertThat(error.toStatus().getCause()).isSameAs(cause);
		assertThat(error.asException()).hasCause(cause);
		assertThat(error.cause(null).asException()).hasNoCause();
		assertThat(GrpcError.of(Status.Code.INTERNAL).cause(cause).asException()).hasCause(cause);
	}

	@Test
	void retryAfterIsADetailOnly() {
		GrpcError error = GrpcError.of(Status.Code.UNAVAILABLE).retryAfter(Duration.ofMillis(1500));
		assertThat(details(error)).containsExactly(RetryInfo.newBuilder()
			.setRetryDelay(com.google.protobuf.Duration.newBuilder().setSeconds(1).setNanos(500_000_000))
			.build());
		assertThat(error.toTrailers().keys()).containsExactly("grpc-status-details-bin");
	}

	@Test
	void retryPushbackIsADetailAndTheTrailerThatClientsObey() {
		GrpcError error = GrpcError.of(Status.Code.UNAVAILABLE)
			.retryPushback(Duration.ofMillis(1500))
			.description("Busy");
		assertThat(details(error)).hasOnlyElementsOfType(RetryInfo.class).hasSize(1);
		assertThat(error.toTrailers().get(Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER)))
			.isEqualTo("1500");
	}

	@Test
	void aNegativeTimeIsRefused() {
		GrpcError error = GrpcError.of(Status.Code.UNAVAILABLE);
		assertThatIllegalArgumentException().isThrownBy(() -> error.retryAfter(Duration.ofMillis(-1)));
		assertThatIllegalArgumentException().isThrownBy(() -> error.retryPushback(Duration.ofMillis(-1)));
	}

	@Test
	void okIsNotAnError() {
		assertThatIllegalArgumentException().isThrownBy(() -> GrpcError.of(Status.Code.OK));
		assertThatIllegalArgumentException().isThrownBy(() -> GrpcError.of(com.google.rpc.Status.getDefaultInstance()));
	}

	@Test
	void detailsOfAMessageAreKeptAndCanBeExtended() {
		com.google.rpc.Status message = com.google.rpc.Status.newBuilder()
			.setCode(5)
			.setMessage("Nothing is here")
			.addDetails(Any.pack(ErrorInfo.newBuilder().setReason("EMPTY").build()))
			.addDetails(Any.pack(StringValue.of("ours")))
			.build();
		assertThat(GrpcError.of(message).toMessage()).isEqualTo(message);
		assertThat(details(GrpcError.of(message).domain("maps.example.org"))).containsExactlyInAnyOrder(
				ErrorInfo.newBuilder().setReason("EMPTY").setDomain("maps.example.org").build(),
				StringValue.of("ours"));
	}

	@Test
	void aDetailOfAnotherTypeReplacesOneOfItsType() {
		PreconditionFailure failure = PreconditionFailure.newBuilder()
			.addViolations(PreconditionFailure.Violation.newBuilder().setType("TOS"))
			.build();
		GrpcError error = GrpcError.of(Status.Code.FAILED_PRECONDITION)
			.detail(failure)
			.detail(StringValue.of("first"))
			.detail(StringValue.of("second"));
		assertThat(details(error)).containsExactlyInAnyOrder(failure, StringValue.of("second"));
	}

	private static List<Message> details(GrpcError error) {
		com.google.rpc.Status message = error.toTrailers().get(GrpcError.DETAILS);
		assertThat(message).isNotNull();
		return details(message);
	}

	static List<Message> details(com.google.rpc.Status status) {
		return status.getDetailsList().stream().map(GrpcErrorTests::unpack).toList();
	}

	private static Message unpack(Any detail) {
		List<Message> types = List.of(ErrorInfo.getDefaultInstance(), BadRequest.getDefaultInstance(),
				ResourceInfo.getDefaultInstance(), QuotaFailure.getDefaultInstance(), Help.getDefaultInstance(),
				RetryInfo.getDefaultInstance(), PreconditionFailure.getDefaultInstance(),
				StringValue.getDefaultInstance(), LocalizedMessage.getDefaultInstance());
		for (Message type : types) {
			if (detail.isSameTypeAs(type)) {
				try {
					return detail.unpackSameTypeAs(type);
				}
				catch (InvalidProtocolBufferException ex) {
					throw new IllegalStateException(ex);
				}
			}
		}
		throw new IllegalStateException(detail.getTypeUrl());
	}

}
