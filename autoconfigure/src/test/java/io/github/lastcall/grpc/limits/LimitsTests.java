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
package io.github.lastcall.grpc.limits;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import io.github.lastcall.grpc.autoconfigure.GrpcServerProperties.ExecutorType;
import io.github.lastcall.grpc.autoconfigure.ServersOf;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.metrics.GrpcServerMetrics;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.Echo;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.HealthClient;
import io.github.lastcall.grpc.testing.HeldThreads;
import io.github.lastcall.grpc.testing.Http2Frame;
import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.grpc.testing.OnEachExecutor;
import io.github.lastcall.grpc.testing.RogueClient;
import io.github.lastcall.grpc.testing.RogueClients;
import io.github.lastcall.grpc.testing.SmallSendBuffers;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.github.lastcall.grpc.testing.TestsProperty;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc.RouteGuideStub;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.github.lastcall.sample.routeguide.RouteSummary;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.buffer.PooledByteBufAllocator;
import io.grpc.netty.shaded.io.netty.channel.ChannelOption;
import io.grpc.netty.shaded.io.netty.util.NettyRuntime;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.test.util.TestSocketUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * What each limit does to a real connection.
 */
@Timeout(120)
@ExtendWith(OutputCaptureExtension.class)
class LimitsTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	private static final String GET_FEATURE = "routeguide.RouteGuide/GetFeature";

	private static final String ROUTE_CHAT = "routeguide.RouteGuide/RouteChat";

	@RegisterExtension
	final RogueClients clients = new RogueClients();

	@Test
	@TestsProperty("grpc.server.limits.connections")
	void aConnectionTooManyIsClosedAtOnceAndAnotherMayComeWhenOneHasGone(CapturedOutput output) {
		run((context) -> {
			RogueClient first = this.clients.settled(context);
			this.clients.settled(context);
			assertThat(RogueClient.isRefused(GrpcClient.port(context))).isTrue();
			assertThat(refusals(context).getCount(RefusalReason.CONNECTIONS)).isEqualTo(1);
			assertThat(output)
				.containsPattern("WARN .*refused a connection from /127.0.0.1:\\d+: 2 connections are open "
						+ "\\(grpc.server.limits.connections\\)");
			first.close();
			try (GrpcClient client = GrpcClient.of(context)) {
				await().atMost(TIMEOUT).ignoreExceptions().until(client::featureName, "somewhere"::equals);
			}
		}, "grpc.server.limits.connections=2");
	}

	@Test
	void withoutALimitThereMayBeMoreConnections() {
		run((context) -> {
			for (int i = 0; i < 20; i++) {
				this.clients.settled(context);
			}
			assertThat(refusals(context).getCount(RefusalReason.CONNECTIONS)).isZero();
		}, "grpc.server.limits.connections=0");
	}

	@Test
	void aBurstOnTwoAddressesLeavesNeitherOfThemDeaf() {
		run((context) -> {
			int port = GrpcClient.port(context);
			List<RogueClient> holding = new ArrayList<>();
			for (int i = 0; i < NettyRuntime.availableProcessors() * 2; i++) {
				holding.add(this.clients.settled(context));
			}
			// One connection for each event loop, which now accept no other ones.
			for (RogueClient client : holding) {
				client.call(1, "routeguide.RouteGuide/RecordRoute").flush();
			}
			TestService service = context.getBean(TestService.class);
			await().atMost(TIMEOUT).until(() -> service.held.entered.availablePermits() == holding.size());
			for (int i = 0; i < 200; i++) {
				this.clients.add(connect((i % 2 == 0) ? "127.0.0.1" : "127.0.0.2", port));
			}
			service.held.release.countDown();
			for (String address : List.of("127.0.0.1", "127.0.0.2")) {
				RogueClient client = this.clients.add(connect(address, port).preface());
				client.settle();
			}
		}, "grpc.server.address=127.0.0.1,127.0.0.2", "grpc.server.port=" + TestSocketUtils.findAvailableTcpPort(),
				"grpc.server.executor.type=direct");
	}

	@Test
	@TestsProperty("grpc.server.limits.handshake-timeout")
	void aClientThatDoesNotBeginWithHttp2InTimeIsClosed(CapturedOutput output) {
		run((context) -> {
			RogueClient settled = this.clients.settled(context);
			RogueClient silent = this.clients.connect(context);
			RogueClient half = this.clients.connect(context).bytes(new byte[] { 'P', 'R', 'I' }).flush();
			RogueClient withoutSettings = this.clients.connect(context).bytes(Http2Frame.PREFACE).flush();
			for (RogueClient slow : List.of(silent, half, withoutSettings)) {
				assertThat(slow.closed()).succeedsWithin(TIMEOUT);
			}
			assertThat(refusals(context).getCount(RefusalReason.HANDSHAKE_TIMEOUT)).isEqualTo(3);
			assertThat(output).containsPattern("closed the connection from /127.0.0.1:\\d+: "
					+ "no HTTP/2 settings within 1000 ms \\(grpc.server.limits.handshake-timeout\\)");
			// It is older than the others, and has begun in time.
			assertThat(settled.closed()).isNotDone();
			try (GrpcClient client = GrpcClient.of(context)) {
				assertThat(client.featureName()).isEqualTo("somewhere");
			}
		}, "grpc.server.limits.handshake-timeout=1s");
	}

	@OnEachExecutor
	@TestsProperty("grpc.server.limits.concurrent-calls")
	void aCallTooManyIsRefusedAndTheOthersGoOn(ExecutorType executor) {
		run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				Observer<RouteNote> first = new Observer<>();
				Observer<RouteNote> second = new Observer<>();
				StreamObserver<RouteNote> requests = RouteGuideGrpc.newStub(client.channel()).routeChat(first);
				RouteGuideGrpc.newStub(client.channel()).routeChat(second);
				await().atMost(TIMEOUT).until(() -> callsInFlight(context) == 2);
				assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(client::featureName)
					.withMessageContaining("RESOURCE_EXHAUSTED")
					.withMessageContaining("Concurrent call limit exceeded (2)");
				// An answer is enough: nothing is SERVING here.
				assertThat(new HealthClient(client.channel()).check("")).isEqualTo("NOT_SERVING");
				requests.onNext(RouteNote.getDefaultInstance());
				requests.onCompleted();
				assertThat(first.awaitEnd()).isEqualTo(Status.Code.OK);
				assertThat(first.messages).hasSize(1);
				await().atMost(TIMEOUT).until(() -> callsInFlight(context) == 1);
				assertThat(client.featureName()).isEqualTo("somewhere");
				assertThat(second.ended).isNotDone();
			}
			assertThat(refusals(context).getCount(RefusalReason.CONCURRENT_CALLS)).isEqualTo(1);
		}, "grpc.server.limits.concurrent-calls=2", "grpc.server.executor.type=" + executor);
	}

	@Test
	void headersThatDoNotEndInTimeCloseTheConnection(CapturedOutput output) {
		run((context) -> {
			byte[] headers = Http2Frame.headers(GET_FEATURE, Map.of());
			byte[] whole = new Http2Frame(Http2Frame.HEADERS, Http2Frame.END_HEADERS, 1, headers).encode();
			RogueClient idle = this.clients.settled(context);
			RogueClient open = this.clients.settled(context).call(1, ROUTE_CHAT).flush();
			RogueClient unended = this.clients.settled(context).frame(Http2Frame.HEADERS, 0, 1, headers).flush();
			RogueClient continued = this.clients.settled(context)
				.frame(Http2Frame.HEADERS, 0, 1, new byte[] { headers[0] })
				.frame(Http2Frame.CONTINUATION, 0, 1, new byte[] { headers[1] })
				.flush();
			RogueClient withinAFrame = this.clients.settled(context)
				.bytes(Arrays.copyOf(whole, whole.length - 1))
				.flush();
			for (RogueClient client : List.of(unended, continued, withinAFrame)) {
				assertThat(client.closed()).succeedsWithin(TIMEOUT);
			}
			assertThat(refusals(context).getCount(RefusalReason.HANDSHAKE_TIMEOUT)).isEqualTo(3);
			assertThat(output).containsPattern("closed the connection from /127.0.0.1:\\d+: headers not completed "
					+ "within 1000 ms \\(grpc.server.limits.handshake-timeout\\)");
			assertThat(idle.closed()).isNotDone();
			assertThat(open.closed()).isNotDone();
		}, "grpc.server.limits.handshake-timeout=1s");
	}

	@Test
	@TestsProperty({ "grpc.server.limits.concurrent-calls", "grpc.server.limits.concurrent-calls-per-connection" })
	void withoutALimitMoreCallsThanByDefaultAreServedAtTheSameTime() {
		assertThatAreServedAtTheSameTime(1_100, "grpc.server.limits.concurrent-calls-per-connection=0");
		assertThatAreServedAtTheSameTime(10_100, "grpc.server.limits.concurrent-calls-per-connection=0",
				"grpc.server.limits.concurrent-calls=0");
	}

	private void assertThatAreServedAtTheSameTime(int calls, String... properties) {
		run((context) -> {
			RogueClient client = this.clients.settled(context);
			int last = 2 * calls - 1;
			for (int stream = 1; stream <= last; stream += 2) {
				client.call(stream, ROUTE_CHAT);
			}
			client.flush();
			await().atMost(TIMEOUT).until(() -> callsInFlight(context) == calls);
			assertThat(client.received(Http2Frame.HEADERS)).isZero();
			client.message(last, false, 0, new byte[0], true).flush();
			// Headers and trailers.
			await().atMost(TIMEOUT).until(() -> client.received(Http2Frame.HEADERS) == 2);
			assertThat(client.received(Http2Frame.DATA)).isOne();
			assertThat(client.received(Http2Frame.RST_STREAM)).isZero();
		}, properties);
	}

	@OnEachExecutor
	@TestsProperty("grpc.server.limits.concurrent-calls-per-connection")
	void aCallTooManyOnAConnectionIsRefusedAndTheOthersGoOn(ExecutorType executor, CapturedOutput output) {
		run((context) -> {
			RogueClient client = this.clients.settled(context);
			client.call(1, ROUTE_CHAT).call(3, ROUTE_CHAT).call(5, ROUTE_CHAT).call(7, ROUTE_CHAT).flush();
			await().atMost(TIMEOUT).until(() -> client.received(Http2Frame.RST_STREAM), (count) -> count == 2);
			// The two, and that the limit was reached.
			assertThat(refusals(context).getCount(RefusalReason.CALLS_PER_CONNECTION)).isEqualTo(3);
			assertThat(output).containsOnlyOnce("reached the limit of 2 calls on the connection from ")
				.contains(
						"further calls wait or are refused; this is now only counted (grpc.server.limits.concurrent-calls-per-connection)");
			assertThat(client.closed()).isNotDone();
		}, "grpc.server.limits.concurrent-calls-per-connection=2", "grpc.server.executor.type=" + executor);
	}

	@Test
	void anHonestClientKnowsHowManyCallsItMayOpenAndWaits(CapturedOutput output) {
		run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				assertThat(client.featureName()).isEqualTo("somewhere");
				StreamObserver<RouteNote> open = RouteGuideGrpc.newStub(client.channel()).routeChat(new Observer<>());
				var waiting = RouteGuideGrpc.newFutureStub(client.channel()).getFeature(Point.getDefaultInstance());
				assertThat(waiting).isNotDone();
				open.onCompleted();
				assertThat(waiting.get(60, TimeUnit.SECONDS).getName()).isEqualTo("somewhere");
			}
			// Those after which no other could begin: the server cannot see who waits.
			assertThat(refusals(context).getCount(RefusalReason.CALLS_PER_CONNECTION)).isEqualTo(3);
			assertThat(output).containsOnlyOnce("reached the limit of 1 calls on the connection from ")
				.contains(
						"further calls wait or are refused; this is now only counted (grpc.server.limits.concurrent-calls-per-connection)");
		}, "grpc.server.limits.concurrent-calls-per-connection=1");
	}

	@OnEachExecutor
	@TestsProperty("grpc.server.limits.inbound-message-size")
	void aMessageThatIsTooLargeIsRefusedAndCounted(ExecutorType executor) {
		run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				Status refused = send(RouteGuideGrpc.newStub(client.channel()), 2000);
				assertThat(refused.getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
				assertThat(refused.getDescription()).isEqualTo("gRPC message exceeds maximum size 1024: 2003");
				// Small on the wire: it is found out by the one who reads it.
				Status refusedInflated = send(RouteGuideGrpc.newStub(client.channel()).withCompression("gzip"), 2000);
				assertThat(refusedInflated.getCode()).isEqualTo(Status.Code.UNKNOWN);
				assertThat(send(RouteGuideGrpc.newStub(client.channel()).withCompression("gzip"), 1000).isOk())
					.isTrue();
			}
			await().atMost(TIMEOUT)
				.until(() -> refusals(context).getCount(RefusalReason.MESSAGE_SIZE), (count) -> count == 2);
		}, "grpc.server.limits.inbound-message-size=1KB", "grpc.server.executor.type=" + executor);
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void aMessageThatWasTooLargeForAServerThatAHandlerCalledIsNoRefusal(boolean thrown) {
		run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				StreamObserver<RouteNote> requests = RouteGuideGrpc.newStub(client.channel())
					.withWaitForReady()
					.routeChat(new Observer<>());
				StatusRuntimeException downstream = Status.RESOURCE_EXHAUSTED
					.withDescription("gRPC message exceeds maximum size 1024: 2003")
					.asRuntimeException();
				context.getBean(TestService.class).failure = (observer) -> {
					if (thrown) {
						throw downstream;
					}
					observer.onError(downstream);
				};
				assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(client::featureName);
				// On the same event loop, so the server has seen the end of the other
				// one.
				requests.onNext(RouteNote.getDefaultInstance());
				requests.onCompleted();
				await().atMost(TIMEOUT).until(() -> callsInFlight(context) == 0);
			}
			assertThat(refusals(context).getCount(RefusalReason.MESSAGE_SIZE)).isZero();
		});
	}

	private static Status send(RouteGuideStub routeGuide, int length) {
		Observer<RouteNote> call = new Observer<>();
		StreamObserver<RouteNote> requests = routeGuide.routeChat(call);
		requests.onNext(RouteNote.newBuilder().setMessage("x".repeat(length)).build());
		requests.onCompleted();
		return call.status();
	}

	@Test
	@TestsProperty("grpc.server.limits.inbound-metadata-size")
	void aCallWithTooMuchMetadataIsRefusedAndCounted(CapturedOutput output) {
		run((context) -> {
			RogueClient client = this.clients.settled(context);
			for (int stream = 1; stream < 20; stream += 2) {
				client.frame(Http2Frame.HEADERS, Http2Frame.END_HEADERS, stream,
						Http2Frame.headers(GET_FEATURE, Map.of("large", "x".repeat(250))));
			}
			client.flush();
			await().atMost(TIMEOUT).until(() -> client.received(Http2Frame.RST_STREAM), (count) -> count == 10);
			assertThat(refusals(context).getCount(RefusalReason.METADATA_SIZE)).isEqualTo(10);
			assertThat(output).containsOnlyOnce("(metadata-size); further refusals are only counted "
					+ "(grpc.server.limits.inbound-metadata-size)");
			assertThat(output).doesNotContain("\tat ");
		}, "grpc.server.limits.inbound-metadata-size=400B");
	}

	@Test
	void aConnectionIsClosedForMoreThanAQuarterTooMuchMetadata() {
		run((context) -> {
			RogueClient client = this.clients.settled(context);
			client.frame(Http2Frame.HEADERS, Http2Frame.END_HEADERS, 1,
					Http2Frame.headers(GET_FEATURE, Map.of("large", "x".repeat(1000))));
			client.flush();
			assertThat(client.closed()).succeedsWithin(TIMEOUT).asString().startsWith("Header size exceeded");
			assertThat(refusals(context).getCount(RefusalReason.METADATA_SIZE)).isEqualTo(1);
		}, "grpc.server.limits.inbound-metadata-size=400B");
	}

	@Test
	@TestsProperty("grpc.server.limits.resets-per-connection")
	void aClientThatResetsTooManyCallsIsClosed(CapturedOutput output) {
		run((context) -> {
			RogueClient client = this.clients.settled(context);
			for (int stream = 1; stream < 20; stream += 2) {
				client.call(stream, ROUTE_CHAT).reset(stream);
			}
			client.flush();
			assertThat(client.closed()).succeedsWithin(TIMEOUT).isEqualTo("too_many_rststreams");
			assertThat(refusals(context).getCount(RefusalReason.RESETS)).isEqualTo(1);
			assertThat(output).containsPattern("closed the connection from /127.0.0.1:\\d+: "
					+ "ENHANCE_YOUR_CALM, too_many_rststreams \\(grpc.server.limits.resets-per-connection\\)");
		}, "grpc.server.limits.resets-per-connection=5");
	}

	@Test
	@TestsProperty("grpc.server.limits.resets-per-connection")
	void withoutALimitMoreCallsThanByDefaultMayBeReset() {
		run((context) -> {
			RogueClient client = this.clients.settled(context);
			for (int stream = 1; stream < 2 * 10_100; stream += 2) {
				client.call(stream, ROUTE_CHAT).reset(stream);
			}
			client.frame(Http2Frame.SETTINGS, 0, 0).flush();
			await().atMost(TIMEOUT).until(() -> client.received(Http2Frame.SETTINGS), (count) -> count == 3);
			assertThat(client.closed()).isNotDone();
		}, "grpc.server.limits.resets-per-connection=0", "grpc.server.limits.reset-window=60s");
	}

	@Test
	@TestsProperty("grpc.server.limits.reset-window")
	void resetsAreCountedAnewInEachWindow() {
		run((context) -> {
			RogueClient client = this.clients.settled(context);
			reset(client, 1, 3, 5, 7);
			await().atMost(TIMEOUT).until(() -> client.received(Http2Frame.SETTINGS), (count) -> count == 3);
			// The window in which the server has seen the last of them is over then,
			// however
			// slow the machine is, and it sees the next ones in another.
			await().pollDelay(Duration.ofSeconds(1)).until(() -> true);
			reset(client, 9, 11, 13, 15);
			await().atMost(TIMEOUT).until(() -> client.received(Http2Frame.SETTINGS), (count) -> count == 4);
			assertThat(client.closed()).isNotDone();
		}, "grpc.server.limits.resets-per-connection=4", "grpc.server.limits.reset-window=1s");
	}

	/**
	 * Calls that are reset, and a question that is answered when the server has seen
	 * them.
	 */
	private static void reset(RogueClient client, int... streams) throws IOException {
		for (int stream : streams) {
			client.call(stream, ROUTE_CHAT).reset(stream);
		}
		client.frame(Http2Frame.SETTINGS, 0, 0).flush();
	}

	@Test
	void garbageOnThePortIsOneLineEachUntilThereIsTooMuch(CapturedOutput output) {
		run((context) -> {
			// All at once: they are counted anew after ten seconds.
			for (int i = 0; i < 30; i++) {
				this.clients.connect(context);
			}
			for (RogueClient client : this.clients) {
				client.bytes("GET /\u001b[31m HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII)).flush();
			}
			for (RogueClient client : this.clients) {
				assertThat(client.closed()).succeedsWithin(TIMEOUT);
			}
			assertThat(refusals(context).getCount(RefusalReason.PROTOCOL)).isEqualTo(30);
			assertThat(output.getAll().lines().filter((line) -> line.contains("PROTOCOL_ERROR"))).hasSize(10)
				.allSatisfy((line) -> assertThat(line).matches(".*INFO.* gRPC server 'network' closed the connection "
						+ "from /127.0.0.1:\\d+: PROTOCOL_ERROR, Unexpected HTTP/1.x request: GET /\\?\\[31m "));
			assertThat(output).doesNotContain("\tat ", "Transport failed");
		});
	}

	@ParameterizedTest
	@ValueSource(ints = { Http2Frame.SETTINGS, Http2Frame.PING })
	void aClientThatDoesNotReadWhatItHasAskedForIsClosed(int question, CapturedOutput output) {
		runner().withBean(SmallSendBuffers.class)
			.withPropertyValues("grpc.server.keep-alive.permit.time=0",
					"grpc.server.keep-alive.permit.without-calls=true",
					"grpc.server.limits.control-frames-per-connection=0")
			.run((context) -> {
				RogueClient deaf = this.clients.add(RogueClient.deaf(GrpcClient.port(context)).preface());
				byte[] payload = new byte[(question == Http2Frame.PING) ? 8 : 0];
				await().atMost(TIMEOUT).until(() -> {
					try {
						for (int i = 0; i < 10_000; i++) {
							deaf.frame(question, 0, 0, payload);
						}
					}
					catch (IOException ex) {
						return true;
					}
					return false;
				});
				assertThat(refusals(context).getCount(RefusalReason.FLOOD)).isEqualTo(1);
				assertThat(output.getAll().lines().filter((line) -> line.contains("/127.0.0.1:"))).singleElement()
					.asString()
					.matches(".*WARN.* gRPC server 'network' closed the connection from /127.0.0.1:\\d+: "
							+ "9999 answers to PING, SETTINGS and RST_STREAM are unread");
				assertThat(output).doesNotContain("\tat ", "Exception");
				try (GrpcClient honest = GrpcClient.of(context)) {
					assertThat(honest.featureName()).isEqualTo("somewhere");
				}
			});
	}

	@Test
	void aClientThatReadsMayAskAsMuchAsItLikes() {
		run((context) -> {
			RogueClient client = this.clients.settled(context);
			for (int i = 0; i < 30_000; i++) {
				client.frame(Http2Frame.SETTINGS, 0, 0);
			}
			client.flush();
			await().atMost(TIMEOUT).until(() -> client.received(Http2Frame.SETTINGS), (count) -> count == 30_002);
			assertThat(refusals(context).getCount(RefusalReason.FLOOD)).isZero();
		}, "grpc.server.limits.control-frames-per-connection=0");
	}

	@Test
	void aClientThatGoesAwayIsNoRefusal(CapturedOutput output) {
		run((context) -> {
			RogueClient client = this.clients.settled(context);
			client.call(1, ROUTE_CHAT).flush();
			client.abort();
			try (GrpcClient honest = GrpcClient.of(context)) {
				assertThat(honest.featureName()).isEqualTo("somewhere");
			}
			for (RefusalReason reason : RefusalReason.values()) {
				assertThat(refusals(context).getCount(reason)).as(reason.getTag()).isZero();
			}
			assertThat(output).doesNotContain("closed the connection");
		});
	}

	@Test
	@TestsProperty("grpc.server.limits.inbound-buffer-size")
	void messagesThatAreNotCompleteAreRefusedBeforeTheyKeepTooMuchAndSmallOnesAreServed() {
		run((context) -> {
			RogueClient client = this.clients.settled(context);
			for (int stream = 1; stream < 20; stream += 2) {
				client.call(stream, GET_FEATURE).message(stream, false, 1000, new byte[100], false);
			}
			// Each piece keeps at least as much as itself.
			await().atMost(TIMEOUT).until(() -> {
				for (int stream = 1; stream < 20; stream += 2) {
					client.frame(Http2Frame.DATA, 0, stream, new byte[1]);
				}
				client.flush();
				return refusals(context).getCount(RefusalReason.INBOUND_BUFFER);
			}, (count) -> count > 0);
			try (GrpcClient honest = GrpcClient.of(context)) {
				assertThat(honest.featureName()).isEqualTo("somewhere");
			}
			client.close();
			await().atMost(TIMEOUT).until(() -> callsInFlight(context) == 0);
			long before = refusals(context).getCount(RefusalReason.INBOUND_BUFFER);
			RogueClient other = this.clients.settled(context);
			other.call(1, GET_FEATURE).message(1, false, 1000, new byte[100], false);
			other.frame(Http2Frame.DATA, Http2Frame.END_STREAM, 1, new byte[900]).flush();
			await().atMost(TIMEOUT).until(() -> other.received(Http2Frame.HEADERS), (count) -> count > 0);
			assertThat(refusals(context).getCount(RefusalReason.INBOUND_BUFFER)).isEqualTo(before);
		}, "grpc.server.limits.inbound-message-size=1KB", "grpc.server.limits.inbound-buffer-size=16KB");
	}

	@Test
	@TestsProperty("grpc.server.limits.inbound-buffer-size")
	void aMessageOfTheLargestSizeIsServedWithTheLeastMemory() {
		run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				// Its tag and its length are four bytes.
				assertThat(send(RouteGuideGrpc.newStub(client.channel()), 1024 * 1024 - 4)).isEqualTo(Status.OK);
			}
		}, "grpc.server.limits.inbound-message-size=1MB", "grpc.server.limits.inbound-buffer-size=4MB");
	}

	@Test
	void aPieceOfAMessageKeepsNoMoreThanAFrameAndWhatIsReadAtOnce() throws IOException {
		ByteArrayOutputStream frames = new ByteArrayOutputStream();
		byte[] windowUpdate = new Http2Frame(Http2Frame.WINDOW_UPDATE, 0, 1, new byte[] { 0, 0, 0, 1 }).encode();
		while (frames.size() < 512 * 1024) {
			frames.writeBytes(windowUpdate);
		}
		frames.writeBytes(new Http2Frame(Http2Frame.DATA, 0, 1, new byte[1]).encode());
		PooledByteBufAllocator memory = new PooledByteBufAllocator(true);
		runner()
			.withBean(NettyCustomizer.class,
					() -> (builder) -> builder.withChildOption(ChannelOption.ALLOCATOR, memory))
			.withPropertyValues("grpc.server.limits.control-frames-per-connection=0")
			.run((context) -> {
				RogueClient client = this.clients.settled(context)
					.call(1, GET_FEATURE)
					.message(1, false, 1000, new byte[1], false);
				int pieces = 20;
				for (int i = 0; i < pieces; i++) {
					client.bytes(frames.toByteArray()).flush();
				}
				client.ping().flush();
				await().atMost(TIMEOUT).until(() -> client.received(Http2Frame.PING) == 1);
				assertThat(memory.pinnedDirectMemory()).isLessThan((pieces + 2) * 96 * 1024);
			});
	}

	@Test
	void aCallWithAMalformedTimeoutIsResetAndNotCountedForEver() {
		run((context) -> {
			RogueClient client = this.clients.settled(context);
			int stream = 1;
			for (String timeout : List.of("", "1", "1x", "S", "abcS", "123456789S", "-1S")) {
				client.frame(Http2Frame.HEADERS, Http2Frame.END_HEADERS, stream,
						Http2Frame.headers(GET_FEATURE, Map.of("grpc-timeout", timeout)));
				stream += 2;
			}
			client.flush();
			await().atMost(TIMEOUT).until(() -> client.received(Http2Frame.RST_STREAM), (count) -> count == 7);
			assertThat(callsInFlight(context)).isZero();
		});
	}

	@Test
	void theMeterTellsWhatWasRefusedAndWhy() {
		run((context) -> {
			SimpleMeterRegistry registry = new SimpleMeterRegistry();
			new GrpcServerMetrics(List.of(context.getBean(GrpcServerDrain.class)), List.of(refusals(context)))
				.bindTo(registry);
			RogueClient client = this.clients.connect(context);
			client.bytes(new byte[100]).flush();
			assertThat(client.closed()).succeedsWithin(TIMEOUT);
			for (RefusalReason reason : RefusalReason.values()) {
				assertThat(registry.get("grpc.server.refused")
					.tags("server", "network", "reason", reason.getTag())
					.functionCounter()
					.count()).isEqualTo((reason == RefusalReason.PROTOCOL) ? 1 : 0);
			}
		});
	}

	@Test
	void thePortForProbesHasTheLimitsToo() {
		run((context) -> {
			int port = context.getEnvironment().getRequiredProperty("local.grpc.health.port", Integer.class);
			RogueClient first = this.clients.add(RogueClient.connect(port).preface());
			await().atMost(TIMEOUT).until(() -> first.received(Http2Frame.SETTINGS), (count) -> count == 2);
			assertThat(RogueClient.isRefused(port)).isTrue();
			assertThat(ServersOf.refusals(context, "health").getCount(RefusalReason.CONNECTIONS)).isEqualTo(1);
		}, "grpc.server.limits.connections=1", "grpc.server.health.port=0");
	}

	@Test
	void allServersOfAnApplicationShareOneMemory() {
		run((context) -> {
			int port = context.getEnvironment().getRequiredProperty("local.grpc.health.port", Integer.class);
			RogueClient client = this.clients.settled(context);
			for (int stream = 1; stream < 40; stream += 2) {
				client.call(stream, GET_FEATURE).message(stream, false, 1000, new byte[100], false);
			}
			client.flush();
			RogueClient probe = this.clients.add(connect("127.0.0.1", port).preface());
			probe.call(1, "grpc.health.v1.Health/Check").message(1, false, 1000, new byte[100], false).flush();
			Refusals refusals = ServersOf.refusals(context, "health");
			await().atMost(TIMEOUT).until(() -> {
				probe.frame(Http2Frame.DATA, 0, 1, new byte[1]).flush();
				return refusals.getCount(RefusalReason.INBOUND_BUFFER);
			}, (count) -> count == 1);
		}, "grpc.server.limits.inbound-message-size=1KB", "grpc.server.limits.inbound-buffer-size=16KB",
				"grpc.server.health.port=0");
	}

	@Test
	void aMessageOfWhichTheMemoryDoesNotHoldOneFailsTheStartAndBothPropertiesAreNamed() {
		long tooLarge = Runtime.getRuntime().maxMemory() / 8 + 1;
		GrpcServerContextRunner.create()
			.withBean(TestService.class)
			.withPropertyValues("grpc.server.limits.inbound-message-size=" + Math.min(tooLarge, Integer.MAX_VALUE))
			.run((context) -> {
				if (tooLarge > Integer.MAX_VALUE) {
					// Half of such a heap holds the largest message that there may be.
					assertThat(context).hasNotFailed();
					return;
				}
				assertThat(context).getFailure()
					.rootCause()
					.isInstanceOf(GrpcServerStartException.class)
					.hasMessageContainingAll("grpc.server.limits.inbound-message-size",
							"grpc.server.limits.inbound-buffer-size defaults to half of the heap");
			});
	}

	@Test
	void aLimitThatIsNoLimitFailsTheStart() {
		for (String wrong : List.of("connections=-1", "concurrent-calls-per-connection=-1", "inbound-message-size=0B",
				"inbound-message-size=2GB", "inbound-metadata-size=-1B", "inbound-buffer-size=3MB",
				"resets-per-connection=-1", "reset-window=500ms", "reset-window=1500ms", "handshake-timeout=0s")) {
			GrpcServerContextRunner.create()
				.withBean(TestService.class)
				.withPropertyValues("grpc.server.limits." + wrong)
				.run((context) -> assertThat(context).getFailure()
					.rootCause()
					.isInstanceOf(GrpcServerStartException.class)
					.hasMessageContaining("grpc.server.limits." + wrong.substring(0, wrong.indexOf('='))));
		}
	}

	private static RogueClient connect(String address, int port) throws IOException {
		return RogueClient.on(new Socket(address, port));
	}

	private static int callsInFlight(ApplicationContext context) {
		return context.getBean(GrpcServerDrain.class).getCalls().count();
	}

	private static Refusals refusals(ApplicationContext context) {
		return ServersOf.refusals(context, "network");
	}

	private static void run(Check check, String... properties) {
		runner().withPropertyValues(properties).run((context) -> check.run(context));
	}

	private static ApplicationContextRunner runner() {
		return GrpcServerContextRunner.create()
			.withBean(TestService.class)
			// Nobody waits for calls that a test has left open.
			.withPropertyValues("grpc.server.shutdown.grace-period=0");
	}

	@FunctionalInterface
	private interface NettyCustomizer extends GrpcServerBuilderCustomizer<NettyServerBuilder> {

	}

	@FunctionalInterface
	private interface Check {

		void run(AssertableApplicationContext context) throws Exception;

	}

	@GrpcService
	static class TestService extends TestRouteGuide {

		private final HeldThreads held = new HeldThreads();

		private volatile @Nullable Consumer<StreamObserver<Feature>> failure;

		@Override
		public void getFeature(Point request, StreamObserver<Feature> observer) {
			Consumer<StreamObserver<Feature>> failure = this.failure;
			if (failure == null) {
				super.getFeature(request, observer);
			}
			else {
				failure.accept(observer);
			}
		}

		@Override
		public StreamObserver<Point> recordRoute(StreamObserver<RouteSummary> responses) {
			this.held.hold();
			return new Observer<>();
		}

		@Override
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> responses) {
			return new Echo(responses);
		}

	}

}
