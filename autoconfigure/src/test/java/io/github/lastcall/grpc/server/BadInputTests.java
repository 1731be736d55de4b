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

package io.github.lastcall.grpc.server;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.testing.EnableServerAutoConfiguration;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.grpc.testing.RawHttp2Connection;
import io.github.lastcall.grpc.testing.RawHttp2Connection.Response;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.github.lastcall.sample.routeguide.RouteSummary;
import io.grpc.Compressor;
import io.grpc.CompressorRegistry;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.test.annotation.DirtiesContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

/**
 * What clients get that send what they should not, or meet a handler that fails. Each
 * time the server goes on serving, and the client learns nothing of its inside.
 */
@DirtiesContext
@SpringBootTest(webEnvironment = WebEnvironment.NONE, properties = "grpc.server.port=0")
@ExtendWith(OutputCaptureExtension.class)
class BadInputTests {

	private static final String SECRET = "password=hunter2";

	private static final String APPLICATION_ERROR = "Application error processing RPC";

	private static final long TIMEOUT_SECONDS = 30;

	private static final Duration TIMEOUT = Duration.ofSeconds(TIMEOUT_SECONDS);

	private static final String UNKNOWN = "2";

	private static final String RESOURCE_EXHAUSTED = "8";

	private static final String UNIMPLEMENTED = "12";

	private static final String INTERNAL = "13";

	private static final byte[] BYTES = { -1, -1, -1, -1 };

	private static final Feature ORDINARY = Feature.newBuilder().setName("ordinary").build();

	private static final Point THROW = Point.newBuilder().setLatitude(-1).build();

	private static final Point ON_ERROR = Point.newBuilder().setLatitude(-2).build();

	private static final Point STATUS = Point.newBuilder().setLatitude(-3).build();

	private static final Point NEVER = Point.newBuilder().setLatitude(-4).build();

	private static final String GET_FEATURE = "routeguide.RouteGuide/GetFeature";

	private final int port;

	private final GrpcServerDrain drain;

	private final BadRouteGuide routeGuide;

	private final GrpcClient client;

	BadInputTests(@LocalGrpcPort int port, @Autowired GrpcServerDrain drain, @Autowired BadRouteGuide routeGuide) {
		this.port = port;
		this.drain = drain;
		this.routeGuide = routeGuide;
		this.client = GrpcClient.of(port);
	}

	@AfterEach
	void theServerStillServes() {
		try (GrpcClient client = this.client) {
			assertThat(client.featureName()).isEqualTo("ordinary");
		}
		try (GrpcClient other = GrpcClient.of(this.port)) {
			assertThat(other.featureName()).isEqualTo("ordinary");
		}
		await().atMost(TIMEOUT).untilAsserted(() -> assertThat(this.drain.getCalls().count()).isZero());
	}

	@Test
	void anUnknownServiceIsUnimplemented() {
		assertThat(statusOf(() -> OneMethodService.call(this.client.channel(), "test.Unknown")))
			.isEqualTo("UNIMPLEMENTED: Method not found: test.Unknown/Call");
	}

	@Test
	void anUnknownMethodIsUnimplemented() {
		assertThat(statusOf(() -> OneMethodService.call(this.client.channel(), RouteGuideGrpc.SERVICE_NAME)))
			.isEqualTo("UNIMPLEMENTED: Method not found: routeguide.RouteGuide/Call");
	}

	@Test
	void aMethodThatTheHandlerDoesNotOverrideIsUnimplemented() {
		StreamResult<RouteSummary> result = new StreamResult<>();
		RouteGuideGrpc.newStub(this.client.channel()).recordRoute(result);
		assertThat(statusOf(result::get))
			.isEqualTo("UNIMPLEMENTED: Method routeguide.RouteGuide/RecordRoute is unimplemented");
	}

	@Test
	void aPathWithoutAMethodIsUnimplemented() throws Exception {
		Response response = raw((connection) -> connection.preface().call("nonsense", Map.of()).message(BYTES));
		assertThat(response.headers()).containsEntry("grpc-status", UNIMPLEMENTED)
			.containsEntry("grpc-message", "Method not found: nonsense");
	}

	@Test
	void theHealthOfAnUnknownServiceIsNotFound() {
		HealthCheckRequest request = HealthCheckRequest.newBuilder().setService("test.Unknown").build();
		assertThat(statusOf(() -> this.client.health().check(request))).isEqualTo("NOT_FOUND: unknown service");
	}

	@Test
	void anOversizedMessageExhaustsResources() {
		StreamResult<RouteNote> result = new StreamResult<>();
		RouteGuideGrpc.newStub(this.client.channel())
			.routeChat(result)
			.onNext(RouteNote.newBuilder().setMessage("x".repeat(4 * 1024 * 1024)).build());
		assertThat(statusOf(result::get))
			.startsWith("RESOURCE_EXHAUSTED: gRPC message exceeds maximum size 4194304: 41943");
	}

	@Test
	void aMessageThatOnlyClaimsToBeOversizedExhaustsResourcesAtOnce() throws Exception {
		Response response = raw((connection) -> connection.preface()
			.call(GET_FEATURE, Map.of())
			.message(false, Integer.MAX_VALUE, BYTES));
		assertThat(response.headers()).containsEntry("grpc-status", RESOURCE_EXHAUSTED);
	}

	@Test
	void oversizedMetadataIsNotEvenSentByAClientThatKnowsTheLimitOfTheServer() {
		Metadata headers = new Metadata();
		headers.put(Metadata.Key.of("large", Metadata.ASCII_STRING_MARSHALLER), "x".repeat(9 * 1024));
		assertThat(statusOf(() -> this.client.routeGuide()
			.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
			.getFeature(Point.getDefaultInstance()))).isEqualTo("INTERNAL: http2 exception");
	}

	@Test
	void oversizedMetadataIsRefusedByHttpStatus431() throws Exception {
		Response response = raw((connection) -> connection.preface()
			.call(GET_FEATURE, Map.of("large", "x".repeat(9 * 1024)))
			.message(BYTES));
		assertThat(response.headers()).containsOnly(Map.entry(":status", "431"));
	}

	@Test
	void garbageInsteadOfHttp2ClosesTheConnection() throws Exception {
		try (RawHttp2Connection connection = new RawHttp2Connection(this.port)) {
			connection.bytes("\0\1 garbage that is no HTTP at all".getBytes(StandardCharsets.US_ASCII));
			String answer = new String(connection.bytesUntilClosed(), StandardCharsets.ISO_8859_1);
			assertThatNothingLeaks(answer);
			assertThat(answer).contains("HTTP/2 client preface string missing or corrupt");
		}
	}

	@Test
	void anHttp1RequestIsToldSoAndItsConnectionClosed() throws Exception {
		try (RawHttp2Connection connection = new RawHttp2Connection(this.port)) {
			connection.bytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
			String answer = new String(connection.bytesUntilClosed(), StandardCharsets.ISO_8859_1);
			assertThatNothingLeaks(answer);
			assertThat(answer).contains("Unexpected HTTP/1.x request: GET /");
		}
	}

	@Test
	void garbageInsteadOfFramesClosesTheConnection() throws Exception {
		Response response = raw(
				(connection) -> connection.preface().bytes("x".repeat(100).getBytes(StandardCharsets.US_ASCII)));
		assertThat(response.closed()).isTrue();
		assertThat(response.goAway()).startsWith("Frame length: 7895160 exceeds maximum");
	}

	@Test
	void anotherContentTypeIsUnsupported() throws Exception {
		Response response = raw((connection) -> connection.preface()
			.call(GET_FEATURE, Map.of("content-type", "application/json"))
			.message(BYTES));
		assertThat(response.headers()).containsEntry(":status", "415");
	}

	@Test
	void anotherHttpMethodIsNotAllowed() throws Exception {
		Response response = raw(
				(connection) -> connection.preface().call(GET_FEATURE, Map.of(":method", "GET")).message(BYTES));
		assertThat(response.headers()).containsEntry(":status", "405");
	}

	@Test
	void anUnknownEncodingIsUnimplemented() {
		assertThat(statusOf(() -> callCompressedWith("zip")))
			.isEqualTo("UNIMPLEMENTED: Can't find decompressor for zip");
	}

	@Test
	void aMessageThatSaysItIsGzipAndIsNotIsAnUnknownError() {
		assertThat(statusOf(() -> callCompressedWith("gzip"))).isEqualTo("UNKNOWN");
	}

	@Test
	void aCompressedMessageInACallWithoutAnEncodingIsAnInternalError() throws Exception {
		Response response = raw(
				(connection) -> connection.preface().call(GET_FEATURE, Map.of()).message(true, BYTES.length, BYTES));
		assertThat(response.headers()).containsEntry("grpc-status", INTERNAL)
			.containsEntry("grpc-message", "Can't decode compressed gRPC message as compression not configured");
	}

	@Test
	void aMessageThatIsNoProtobufIsAnUnknownError() throws Exception {
		Response response = raw((connection) -> connection.preface().call(GET_FEATURE, Map.of()).message(BYTES));
		assertThat(response.headers()).containsEntry("grpc-status", UNKNOWN)
			.containsEntry("grpc-message", APPLICATION_ERROR);
	}

	@Test
	void aTruncatedMessageIsAnInternalError() throws Exception {
		Response response = raw(
				(connection) -> connection.preface().call(GET_FEATURE, Map.of()).message(false, 100, BYTES));
		assertThat(response.headers()).containsEntry("grpc-status", INTERNAL)
			.containsEntry("grpc-message", "Encountered end-of-stream mid-frame");
	}

	@Test
	void aUnaryCallWithoutAMessageIsAnInternalError() throws Exception {
		Response response = raw((connection) -> connection.preface().call(GET_FEATURE, Map.of()).end());
		assertThat(response.headers()).containsEntry("grpc-status", INTERNAL)
			.containsEntry("grpc-message", "Half-closed without a request");
	}

	@Test
	void aHandlerThatThrowsIsAnUnknownErrorWhoseCauseIsInTheLogOnly(CapturedOutput output) {
		assertThat(statusOf(() -> this.client.routeGuide().getFeature(THROW)))
			.isEqualTo("UNKNOWN: " + APPLICATION_ERROR);
		assertThatLogHasTheCause(output);
	}

	@Test
	void aHandlerThatThrowsAfterAMessageIsAnUnknownErrorAfterThatMessage(CapturedOutput output) {
		StreamResult<Feature> result = new StreamResult<>();
		RouteGuideGrpc.newStub(this.client.channel()).listFeatures(Rectangle.getDefaultInstance(), result);
		assertThat(statusOf(result::get)).isEqualTo("UNKNOWN: " + APPLICATION_ERROR);
		assertThat(result.messages).containsExactly(ORDINARY);
		assertThatLogHasTheCause(output);
	}

	@Test
	void aStreamingHandlerThatThrowsIsAnUnknownErrorAfterItsMessages(CapturedOutput output) throws Exception {
		StreamResult<RouteNote> result = new StreamResult<>();
		StreamObserver<RouteNote> requests = RouteGuideGrpc.newStub(this.client.channel()).routeChat(result);
		RouteNote note = RouteNote.newBuilder().setMessage("note").build();
		requests.onNext(note);
		assertThat(result.messages.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isEqualTo(note);
		requests.onNext(RouteNote.newBuilder().setMessage("throw").build());
		assertThat(statusOf(result::get)).isEqualTo("UNKNOWN: " + APPLICATION_ERROR);
		assertThatLogHasTheCause(output);
	}

	@Test
	void aHandlerThatReportsAnyExceptionIsAnUnknownError() {
		assertThat(statusOf(() -> this.client.routeGuide().getFeature(ON_ERROR)))
			.isEqualTo("UNKNOWN: " + APPLICATION_ERROR);
	}

	@Test
	void aHandlerThatReportsAStatusSendsItWithoutItsCause() {
		assertThat(statusOf(() -> this.client.routeGuide().getFeature(STATUS)))
			.isEqualTo("FAILED_PRECONDITION: not there yet");
	}

	@Test
	void aHandlerThatNeverAnswersEndsByTheDeadlineOfItsClientAndSeesTheCancellation() throws Exception {
		assertThat(statusOf(
				() -> this.client.routeGuide().withDeadlineAfter(500, TimeUnit.MILLISECONDS).getFeature(NEVER)))
			.startsWith("DEADLINE_EXCEEDED");
		assertThat(this.routeGuide.unanswered()).succeedsWithin(TIMEOUT);
	}

	@Test
	void aHandlerThatNeverAnswersSeesThatItsClientCancels() throws Exception {
		Future<Feature> call = RouteGuideGrpc.newFutureStub(this.client.channel()).getFeature(NEVER);
		CompletableFuture<Void> cancelled = this.routeGuide.unanswered();
		assertThat(cancelled).isNotDone();
		call.cancel(true);
		assertThat(cancelled).succeedsWithin(TIMEOUT);
	}

	@Test
	void aHandlerThatNeverAnswersSeesThatItsClientHasGone() throws Exception {
		CompletableFuture<Void> cancelled;
		try (RawHttp2Connection connection = new RawHttp2Connection(this.port)) {
			connection.preface().call(GET_FEATURE, Map.of()).message(NEVER.toByteArray());
			cancelled = this.routeGuide.unanswered();
			assertThat(cancelled).isNotDone();
		}
		assertThat(cancelled).succeedsWithin(TIMEOUT);
	}

	private Response raw(RawCall call) throws Exception {
		try (RawHttp2Connection connection = new RawHttp2Connection(this.port)) {
			Response response = call.send(connection).response();
			assertThatNothingLeaks(response.toString());
			return response;
		}
	}

	private void callCompressedWith(String encoding) {
		CompressorRegistry registry = CompressorRegistry.newEmptyInstance();
		registry.register(new FalseCompressor(encoding));
		try (GrpcClient client = GrpcClient.of(this.port, (builder) -> builder.compressorRegistry(registry))) {
			client.routeGuide().withCompression(encoding).getFeature(Point.newBuilder().setLatitude(1).build());
		}
	}

	private static String statusOf(ThrowingCallable call) {
		Throwable failure = catchThrowable(call);
		assertThat(failure).isNotNull();
		Status status = Status.fromThrowable(failure);
		assertThatNothingLeaks(String.valueOf(status.getDescription()));
		assertThatNothingLeaks(String.valueOf(Status.trailersFromThrowable(failure)));
		return (status.getDescription() != null) ? status.getCode() + ": " + status.getDescription()
				: status.getCode().toString();
	}

	private static void assertThatNothingLeaks(String text) {
		assertThat(text).doesNotContain(SECRET, "Exception", "java.", "io.grpc", "io.github.lastcall", "\tat ");
	}

	private static void assertThatLogHasTheCause(CapturedOutput output) {
		await().atMost(TIMEOUT)
			.untilAsserted(() -> assertThat(output).contains("IllegalStateException: " + SECRET,
					"at " + BadRouteGuide.class.getName()));
	}

	@FunctionalInterface
	private interface RawCall {

		RawHttp2Connection send(RawHttp2Connection connection) throws IOException;

	}

	/**
	 * The responses of a call, and its end.
	 */
	private static final class StreamResult<T> implements StreamObserver<T> {

		private final BlockingQueue<T> messages = new LinkedBlockingQueue<>();

		private final CompletableFuture<Void> end = new CompletableFuture<>();

		@Override
		public void onNext(T message) {
			this.messages.add(message);
		}

		@Override
		public void onError(Throwable ex) {
			this.end.completeExceptionally(ex);
		}

		@Override
		public void onCompleted() {
			this.end.complete(null);
		}

		void get() throws Exception {
			this.end.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
		}

	}

	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableServerAutoConfiguration
	static class Application {

		@Bean
		@GrpcService
		BadRouteGuide routeGuide() {
			return new BadRouteGuide();
		}

	}

	static class BadRouteGuide extends RouteGuideGrpc.RouteGuideImplBase {

		private final BlockingQueue<CompletableFuture<Void>> unanswered = new LinkedBlockingQueue<>();

		@Override
		public void getFeature(Point request, StreamObserver<Feature> observer) {
			if (request.equals(NEVER)) {
				CompletableFuture<Void> cancelled = new CompletableFuture<>();
				((ServerCallStreamObserver<Feature>) observer).setOnCancelHandler(() -> cancelled.complete(null));
				this.unanswered.add(cancelled);
			}
			else if (request.equals(ON_ERROR)) {
				observer.onError(new IllegalStateException(SECRET));
			}
			else if (request.equals(STATUS)) {
				observer.onError(Status.FAILED_PRECONDITION.withDescription("not there yet")
					.withCause(new IllegalStateException(SECRET))
					.asException());
			}
			else if (request.equals(THROW)) {
				throw new IllegalStateException(SECRET);
			}
			else {
				observer.onNext(ORDINARY);
				observer.onCompleted();
			}
		}

		@Override
		public void listFeatures(Rectangle request, StreamObserver<Feature> observer) {
			observer.onNext(ORDINARY);
			throw new IllegalStateException(SECRET);
		}

		@Override
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> observer) {
			return new StreamObserver<>() {

				@Override
				public void onNext(RouteNote note) {
					if (note.getMessage().equals("throw")) {
						throw new IllegalStateException(SECRET);
					}
					observer.onNext(note);
				}

				@Override
				public void onError(Throwable ex) {
				}

				@Override
				public void onCompleted() {
					observer.onCompleted();
				}

			};
		}

		/**
		 * The next call that gets no answer.
		 * @return completes when the call is cancelled
		 */
		CompletableFuture<Void> unanswered() throws InterruptedException {
			CompletableFuture<Void> cancelled = this.unanswered.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS);
			assertThat(cancelled).as("call that gets no answer").isNotNull();
			return cancelled;
		}

	}

	/**
	 * Says that it compresses, and sends something else.
	 */
	private record FalseCompressor(String encoding) implements Compressor {

		@Override
		public String getMessageEncoding() {
			return this.encoding;
		}

		@Override
		public OutputStream compress(OutputStream out) throws IOException {
			out.write(BYTES);
			return new OutputStream() {

				@Override
				public void write(int value) {
				}

				@Override
				public void close() throws IOException {
					out.close();
				}

			};
		}

	}

}
