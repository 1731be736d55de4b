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

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Map;

import io.github.lastcall.grpc.autoconfigure.ServersOf;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.Http2Frame;
import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.grpc.testing.RogueClient;
import io.github.lastcall.grpc.testing.RogueClients;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.github.lastcall.grpc.testing.TestsProperty;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.github.lastcall.sample.routeguide.RouteSummary;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

import org.springframework.context.ApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What becomes of a connection whose client sends frames that serve no call.
 */
@Timeout(120)
class ControlFrameLimitTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	private static final String ROUTE_CHAT = "routeguide.RouteGuide/RouteChat";

	private static final int LIMIT = 1000;

	@RegisterExtension
	final RogueClients clients = new RogueClients();

	@Test
	@TestsProperty("grpc.server.limits.control-frames-per-connection")
	void clientsThatSendTooManyOfAnyKindAreClosed() {
		run(LIMIT, (context) -> {
			for (Frame frame : Frame.values()) {
				RogueClient client = begin(context, frame);
				flood(client, frame, LIMIT + LIMIT / 10);
				assertThat(client.closed()).as(frame.name())
					.succeedsWithin(TIMEOUT)
					.isEqualTo("too_many_control_frames");
				assertThat(refusals(context)).as(frame.name()).isEqualTo(1 + frame.ordinal());
			}
		});
	}

	@Test
	@TestsProperty("grpc.server.limits.control-frames-per-connection")
	void clientsThatSendFewOfAnyKindAreServed() {
		run(LIMIT, (context) -> {
			for (Frame frame : Frame.values()) {
				RogueClient client = begin(context, frame);
				flood(client, frame, LIMIT / 10 - 10);
				assertThatIsServed(client, frame);
			}
			assertThat(refusals(context)).isZero();
		});
	}

	@Test
	@TestsProperty("grpc.server.limits.control-frames-per-connection")
	void withoutALimitAnyNumberIsServed() {
		run(0, (context) -> {
			for (Frame frame : Frame.values()) {
				RogueClient client = begin(context, frame);
				flood(client, frame, 3 * LIMIT);
				assertThatIsServed(client, frame);
			}
		});
	}

	@Test
	void aClientThatDoesNotReadIsClosedToo() {
		run(LIMIT, (context) -> {
			Socket socket = new Socket();
			socket.setReceiveBufferSize(4096);
			RogueClient client = stuffed(socket, context);
			flood(client, Frame.EMPTY_DATA, LIMIT + 1);
			await().atMost(TIMEOUT).until(() -> refusals(context), (count) -> count == 1);
			await().atMost(TIMEOUT).until(() -> flood(client, Frame.EMPTY_DATA, LIMIT), (stillOpen) -> !stillOpen);
		});
	}

	@Test
	void aClientThatAcknowledgesEachFrameItGetsIsServed() {
		run(LIMIT, (context) -> {
			try (GrpcClient client = GrpcClient.of(GrpcClient.port(context),
					(builder) -> builder.flowControlWindow(100))) {
				int[] features = { 0 };
				client.routeGuide()
					.listFeatures(Rectangle.getDefaultInstance())
					.forEachRemaining((feature) -> features[0]++);
				assertThat(features[0]).isEqualTo(3 * LIMIT);
			}
			assertThat(refusals(context)).isZero();
		});
	}

	@Test
	void aClientThatStreamsEmptyMessagesIsServed() {
		run(LIMIT, (context) -> {
			RogueClient client = begin(context, Frame.EMPTY_DATA);
			for (int i = 0; i < 10 * LIMIT; i++) {
				client.message(1, false, 0, new byte[0], false);
			}
			assertThatIsServed(client, Frame.EMPTY_DATA);
		});
	}

	@Test
	void aClientThatCancelsEachCallIsServed() {
		run(LIMIT, (context) -> {
			RogueClient client = this.clients.settled(context);
			for (int stream = 1; stream < 10 * LIMIT; stream += 2) {
				client.call(stream, ROUTE_CHAT).frame(Http2Frame.WINDOW_UPDATE, 0, stream, 0, 0, 0, 1).reset(stream);
			}
			assertThatIsServed(client, Frame.WINDOW_UPDATE_OF_A_CALL);
		});
	}

	private RogueClient begin(ApplicationContext context, Frame frame) throws IOException {
		RogueClient client = this.clients.settled(context).call(1, ROUTE_CHAT).flush();
		if (frame == Frame.DATA_OF_A_RESET_CALL) {
			// Twice the same headers.
			client.call(1, ROUTE_CHAT).flush();
			await().atMost(TIMEOUT).until(() -> client.received(Http2Frame.RST_STREAM), (count) -> count > 0);
		}
		return client;
	}

	/**
	 * A client that does not read, with so much to read that nothing more can be sent.
	 */
	private RogueClient stuffed(Socket socket, ApplicationContext context) throws IOException {
		socket.connect(new InetSocketAddress("127.0.0.1", GrpcClient.port(context)));
		RogueClient client = this.clients.add(RogueClient.deaf(socket));
		client.preface(Integer.MAX_VALUE)
			.frame(Http2Frame.WINDOW_UPDATE, 0, 0, 0x7f, 0, 0, 0)
			.call(1, "routeguide.RouteGuide/ListFeatures")
			.message(1, false, 0, new byte[0], true)
			.flush();
		return client;
	}

	/**
	 * Whether everything could be sent.
	 */
	private static boolean flood(RogueClient client, Frame frame, int count) {
		try {
			for (int i = 0; i < count; i++) {
				frame.send(client);
			}
			client.flush();
			return true;
		}
		catch (IOException ex) {
			return false;
		}
	}

	private static void assertThatIsServed(RogueClient client, Frame frame) throws IOException {
		int before = client.received(Http2Frame.HEADERS);
		client
			.frame(Http2Frame.HEADERS, Http2Frame.END_HEADERS, 99_999,
					Http2Frame.headers("routeguide.RouteGuide/GetFeature", Map.of()))
			.message(99_999, false, 0, new byte[0], true)
			.flush();
		await(frame.name()).atMost(TIMEOUT)
			.until(() -> client.received(Http2Frame.HEADERS), (count) -> count >= before + 2);
		assertThat(client.closed()).as(frame.name()).isNotDone();
	}

	private static long refusals(ApplicationContext context) {
		return ServersOf.refusals(context, "network").getCount(RefusalReason.CONTROL_FRAMES);
	}

	private static void run(int limit, Check check) {
		GrpcServerContextRunner.create()
			.withBean(TestService.class)
			.withPropertyValues("grpc.server.shutdown.grace-period=0",
					"grpc.server.limits.control-frames-per-connection=" + limit)
			.run((context) -> check.run(context));
	}

	@FunctionalInterface
	private interface Check {

		void run(ApplicationContext context) throws Exception;

	}

	enum Frame {

		SETTINGS(Http2Frame.SETTINGS, 0, 0),

		SETTINGS_ACK(Http2Frame.SETTINGS, Http2Frame.ACK, 0),

		PRIORITY(Http2Frame.PRIORITY, 0, 1, 0, 0, 0, 0, 16),

		PING_ACK(Http2Frame.PING, Http2Frame.ACK, 0, 0, 0, 0, 0, 0, 0, 0, 0),

		WINDOW_UPDATE(Http2Frame.WINDOW_UPDATE, 0, 0, 0, 0, 0, 1),

		WINDOW_UPDATE_OF_A_CALL(Http2Frame.WINDOW_UPDATE, 0, 1, 0, 0, 0, 1),

		EMPTY_DATA(Http2Frame.DATA, 0, 1),

		PADDED_DATA(Http2Frame.DATA, Http2Frame.PADDED, 1, 3, 0, 0, 0),

		DATA_OF_A_RESET_CALL(Http2Frame.DATA, 0, 1, 0, 0, 0, 0, 0),

		UNKNOWN(200, 0, 1);

		private final int type;

		private final int flags;

		private final int stream;

		private final int[] payload;

		Frame(int type, int flags, int stream, int... payload) {
			this.type = type;
			this.flags = flags;
			this.stream = stream;
			this.payload = payload;
		}

		void send(RogueClient client) throws IOException {
			client.frame(this.type, this.flags, this.stream, this.payload);
		}

	}

	@GrpcService
	static class TestService extends TestRouteGuide {

		@Override
		public void listFeatures(Rectangle request, StreamObserver<Feature> responses) {
			for (int i = 0; i < 3 * LIMIT; i++) {
				responses.onNext(Feature.newBuilder().setName("x".repeat(150)).build());
			}
			responses.onCompleted();
		}

		@Override
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> responses) {
			return new Observer<>();
		}

		@Override
		public StreamObserver<Point> recordRoute(StreamObserver<RouteSummary> responses) {
			return new Observer<>();
		}

	}

}
