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
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

import com.google.protobuf.ByteString;
import com.google.protobuf.StringValue;
import com.google.protobuf.UnknownFieldSet;
import com.google.rpc.BadRequest;
import com.google.rpc.DebugInfo;
import com.google.rpc.ErrorInfo;
import com.google.rpc.QuotaFailure;
import io.grpc.Metadata;
import io.grpc.Status;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of {@link BoundedError}.
 */
class BoundedErrorTests {

	private static final GrpcError ERROR = GrpcError.of(Status.Code.INVALID_ARGUMENT)
		.description("The route is not possible")
		.reason("OUT_OF_RANGE")
		.domain("maps.example.org");

	@Test
	void anErrorThatFitsIsTheSameObject() {
		Metadata trailers = ERROR.metadata("limit", "x".repeat(2000)).toTrailers();
		Status status = ERROR.toStatus();
		BoundedError bounded = BoundedError.of(status, trailers);
		assertThat(bounded.status()).isSameAs(status);
		assertThat(bounded.trailers()).isSameAs(trailers);
		assertThat(bounded.dropped()).isEmpty();
	}

	@Test
	void sizesAreThoseOfTheEncodedFields() {
		Metadata trailers = new Metadata();
		trailers.put(Metadata.Key.of("a", Metadata.ASCII_STRING_MARSHALLER), "12345");
		trailers.put(Metadata.Key.of("a", Metadata.ASCII_STRING_MARSHALLER), "1");
		trailers.put(Metadata.Key.of("b-bin", Metadata.BINARY_BYTE_MARSHALLER), new byte[4]);
		int empty = BoundedError.of(Status.INTERNAL, new Metadata()).size();
		assertThat(empty).isEqualTo((7 + 3 + 32) + (12 + 16 + 32) + (11 + 2 + 32));
		assertThat(BoundedError.of(Status.INTERNAL, trailers).size() - empty)
			.isEqualTo((1 + 5 + 32) + (1 + 1 + 32) + (5 + 6 + 32));
		assertThat(BoundedError.of(Status.INTERNAL.withDescription("5 % ä\n"), new Metadata()).size() - empty)
			.isEqualTo(12 + (2 + 3 + 1 + 6 + 3) + 32);
	}

	@Test
	void debugInfoGoesFirst() {
		BoundedError bounded = bounded(ERROR.detail(DebugInfo.newBuilder().setDetail("x".repeat(4000)).build())
			.help("The limits", "https://maps.example.org/limits"));
		assertThat(types(bounded)).containsExactly("ErrorInfo", "Help");
	}

	@Test
	void helpGoesBeforeTheMetadata() {
		GrpcError error = ERROR.metadata("limit", "x".repeat(1000)).help("x".repeat(2000), "https://example.org");
		assertThat(types(bounded(error))).containsExactly("ErrorInfo");
		assertThat(info(bounded(error)).getMetadataMap()).hasSize(1);
		BoundedError withoutMetadata = bounded(ERROR.metadata("limit", "x".repeat(4000)));
		assertThat(info(withoutMetadata).getReason()).isEqualTo("OUT_OF_RANGE");
		assertThat(info(withoutMetadata).getMetadataMap()).isEmpty();
	}

	@Test
	void asManyViolationsAreKeptAsFitAndTheOthersAreCounted() {
		BadRequest request = BadRequest.newBuilder()
			.addAllFieldViolations(IntStream.range(0, 1000)
				.mapToObj((i) -> BadRequest.FieldViolation.newBuilder()
					.setField("points[" + i + "]")
					.setDescription("must be between -90 and 90")
					.build())
				.toList())
			.build();
		BoundedError bounded = bounded(ERROR.violations(request.getFieldViolationsList()));
		BadRequest sent = GrpcErrorTests.details(message(bounded))
			.stream()
			.filter(BadRequest.class::isInstance)
			.map(BadRequest.class::cast)
			.findFirst()
			.orElseThrow();
		int kept = sent.getFieldViolationsCount() - 1;
		assertThat(kept).isGreaterThan(40);
		assertThat(sent.getFieldViolationsList().subList(0, kept))
			.isEqualTo(request.getFieldViolationsList().subList(0, kept));
		assertThat(sent.getFieldViolations(kept).getDescription()).isEqualTo((1000 - kept) + " more");
		assertThat(bounded.size()).isGreaterThan(BoundedError.MAX_SIZE - 100);
		assertThat(info(bounded).getDomain()).isEqualTo("maps.example.org");
	}

	@Test
	void violationsOfAQuotaAreCountedToo() {
		GrpcError error = ERROR;
		for (int i = 0; i < 200; i++) {
			error = error.quota("client:" + i, "10 routes a day");
		}
		QuotaFailure sent = (QuotaFailure) GrpcErrorTests.details(message(bounded(error))).get(1);
		int kept = sent.getViolationsCount() - 1;
		assertThat(sent.getViolations(kept).getDescription()).isEqualTo((200 - kept) + " more");
	}

	@Test
	void theDescriptionLosesItsEndAndTheDetailsStay() {
		BoundedError bounded = bounded(ERROR.description("x".repeat(8100)));
		assertThat(bounded.status().getDescription()).startsWith("xxxx").endsWith("xxx...");
		assertThat(message(bounded).getMessage()).isEqualTo(bounded.status().getDescription());
		assertThat(info(bounded).getReason()).isEqualTo("OUT_OF_RANGE");
		assertThat(bounded.size()).isGreaterThan(BoundedError.MAX_SIZE - 10);
		assertThat(bounded.status().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
	}

	@Test
	void aDescriptionIsNotCutWithinACharacter() {
		for (int i = 0; i < 4; i++) {
			BoundedError bounded = BoundedError
				.of(Status.INTERNAL.withDescription("x".repeat(i) + "\uD83D\uDE00".repeat(2000)), new Metadata());
			String kept = bounded.status().getDescription();
			assertThat(kept.substring(0, kept.length() - 3).codePoints().filter((c) -> c < 0x10000 && c != 'x'))
				.isEmpty();
			assertThat(bounded.trailers().keys()).isEmpty();
		}
	}

	@Test
	void aDetailThatIsTooLargeIsDropped() {
		assertThat(types(bounded(ERROR.detail(StringValue.of("x".repeat(4000)))))).containsExactly("ErrorInfo");
	}

	@Test
	void theLargestTrailersOfTheUserGoLastAndAreNamed() {
		Metadata trailers = ERROR.retryPushback(Duration.ofSeconds(1)).toTrailers();
		trailers.put(Metadata.Key.of("small", Metadata.ASCII_STRING_MARSHALLER), "kept");
		trailers.put(Metadata.Key.of("large", Metadata.ASCII_STRING_MARSHALLER), "x".repeat(5000));
		trailers.put(Metadata.Key.of("large-bin", Metadata.BINARY_BYTE_MARSHALLER), new byte[4000]);
		BoundedError bounded = BoundedError.of(ERROR.toStatus(), trailers);
		assertThat(bounded.dropped()).containsExactly("large-bin", "large");
		assertThat(bounded.trailers().keys()).containsExactlyInAnyOrder("small", "grpc-retry-pushback-ms");
		assertThat(trailers.keys()).hasSize(5);
	}

	@Test
	void trailersThatAreNoDetailsDespiteTheirNameAreDropped() {
		byte[] malformed = new byte[5000];
		Arrays.fill(malformed, (byte) 0xff);
		Metadata trailers = new Metadata();
		trailers.put(Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER), malformed);
		BoundedError bounded = BoundedError.of(Status.INTERNAL, trailers);
		assertThat(bounded.trailers().keys()).isEmpty();
		assertThat(bounded.dropped()).containsExactly("grpc-status-details-bin");
	}

	@Test
	void unknownFieldsOfTheDetailsAreDropped() {
		Metadata trailers = new Metadata();
		trailers.put(GrpcError.DETAILS,
				com.google.rpc.Status.newBuilder()
					.setUnknownFields(UnknownFieldSet.newBuilder()
						.addField(99,
								UnknownFieldSet.Field.newBuilder()
									.addLengthDelimited(ByteString.copyFrom(new byte[5000]))
									.build())
						.build())
					.build());
		assertThat(BoundedError.of(Status.INTERNAL, trailers).trailers().keys()).isEmpty();
	}

	private static BoundedError bounded(GrpcError error) {
		BoundedError bounded = BoundedError.of(error.toStatus(), error.toTrailers());
		assertThat(bounded.size()).isLessThanOrEqualTo(BoundedError.MAX_SIZE);
		assertThat(bounded.dropped()).isEmpty();
		return bounded;
	}

	private static com.google.rpc.Status message(BoundedError bounded) {
		com.google.rpc.Status message = bounded.trailers().get(GrpcError.DETAILS);
		assertThat(message).isNotNull();
		return message;
	}

	private static List<String> types(BoundedError bounded) {
		return GrpcErrorTests.details(message(bounded))
			.stream()
			.map((detail) -> detail.getClass().getSimpleName())
			.toList();
	}

	private static ErrorInfo info(BoundedError bounded) {
		return (ErrorInfo) GrpcErrorTests.details(message(bounded)).get(0);
	}

}
