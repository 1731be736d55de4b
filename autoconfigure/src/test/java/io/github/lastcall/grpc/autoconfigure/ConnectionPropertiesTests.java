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

package io.github.lastcall.grpc.autoconfigure;

import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.RawHttp2Connection;
import io.github.lastcall.grpc.testing.RawHttp2Connection.Response;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.github.lastcall.grpc.testing.TestsProperty;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.Attributes;
import io.grpc.ServerBuilder;
import io.grpc.ServerTransportFilter;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Error;
import io.grpc.netty.shaded.io.netty.handler.codec.http2.Http2Exception;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What a client sees of the properties of connections.
 */
@Timeout(120)
class ConnectionPropertiesTests {

	private static final String CHAT = RouteGuideGrpc.getRouteChatMethod().getFullMethodName();

	private static final byte[] NOTE = RouteNote.newBuilder().setMessage("still here").build().toByteArray();

	private final CountedConnections connections = new CountedConnections();

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withBean(EchoRouteGuide.class)
		.withBean(CountedConnections.class, () -> this.connections);

	@Test
	@Tag("full")
	@TestsProperty({ "grpc.server.keep-alive.time", "grpc.server.keep-alive.timeout" })
	void aClientThatAnswersNoPingIsDisconnectedAndOneThatDoesIsNot() {
		withServer((port) -> {
			try (RawHttp2Connection alive = new RawHttp2Connection(port)) {
				alive.preface().responseUntil((response) -> response.initialWindow() != null);
				try (RawHttp2Connection dead = new RawHttp2Connection(port)) {
					CompletableFuture<Response> answers = CompletableFuture.supplyAsync(() -> untilAPing(alive));
					dead.preface().ignorePings();
					assertThat(dead.responseUntil((response) -> response.pings() == 1).closed()).isFalse();
					// The default would be twenty seconds.
					Response response = dead.patience(Duration.ofSeconds(15)).responseUntilClosed();
					assertThat(response.pings()).isEqualTo(1);
					assertThat(answers).succeedsWithin(Duration.ofSeconds(60))
						.extracting(Response::closed)
						.isEqualTo(false);
				}
				// It was there first, so its answer was due before the other one's.
				assertThat(alive.call(CHAT, Map.of()).message(NOTE).response().headers()).containsEntry("grpc-status",
						"0");
			}
		}, "grpc.server.keep-alive.time=10s", "grpc.server.keep-alive.timeout=2s");
	}

	@Test
	void aClientMaySendFewPings() {
		withServer((port) -> {
			assertThatPingsAreRefused(port, false);
			assertThatPingsAreRefused(port, true);
		});
	}

	@Test
	@TestsProperty("grpc.server.keep-alive.permit.time")
	void aClientMaySendAsManyPingsAsArePermittedWhileItHasACall() {
		withServer((port) -> {
			assertThatPingsAreAnswered(port, true);
			assertThatPingsAreRefused(port, false);
		}, "grpc.server.keep-alive.permit.time=0");
	}

	@Test
	@TestsProperty("grpc.server.keep-alive.permit.time")
	void aClientMaySendPingsAsOftenAsIsPermittedAndNotMoreOften() {
		withServer((port) -> {
			assertThatPingsAreRefused(port, true);
			try (RawHttp2Connection connection = connect(port, true)) {
				// The default would not permit the fourth.
				for (int i = 1; i <= 6; i++) {
					int pings = i;
					await().pollDelay(Duration.ofMillis(150)).until(() -> true);
					connection.ping();
					assertThat(connection.responseUntil((response) -> response.pingsAnswered() == pings).closed())
						.isFalse();
				}
			}
		}, "grpc.server.keep-alive.permit.time=100ms");
	}

	@Test
	@TestsProperty("grpc.server.keep-alive.permit.without-calls")
	void aClientMaySendPingsWithoutACallIfThatIsPermitted() {
		withServer((port) -> {
			assertThatPingsAreAnswered(port, true);
			assertThatPingsAreAnswered(port, false);
		}, "grpc.server.keep-alive.permit.time=0", "grpc.server.keep-alive.permit.without-calls=true");
		withServer((port) -> assertThatPingsAreRefused(port, false),
				"grpc.server.keep-alive.permit.without-calls=true");
	}

	@Test
	@TestsProperty("grpc.server.connection.max-idle")
	void aConnectionWithoutACallIsClosed() {
		withServer((port) -> {
			try (RawHttp2Connection busy = new RawHttp2Connection(port);
					RawHttp2Connection idle = new RawHttp2Connection(port)) {
				busy.preface().call(CHAT, Map.of()).messageAndMore(NOTE);
				busy.responseUntil((response) -> response.data().length > 0);
				Response response = idle.preface().responseUntilClosed();
				assertThat(response.goAway()).isEqualTo("max_idle");
				assertThat(response.goAwayCode()).isEqualTo((int) Http2Error.NO_ERROR.code());
				response = busy.message(NOTE).response();
				assertThat(response.headers()).containsEntry("grpc-status", "0");
				assertThat(response.goAway()).isNull();
				assertThat(busy.responseUntilClosed().goAway()).isEqualTo("max_idle");
			}
		}, "grpc.server.connection.max-idle=1s");
	}

	@Test
	@TestsProperty("grpc.server.connection.max-age")
	void anOldConnectionIsReplacedWithoutALostCall() {
		withServer((port) -> {
			try (RawHttp2Connection old = new RawHttp2Connection(port); GrpcClient client = GrpcClient.of(port)) {
				old.preface().call(CHAT, Map.of()).messageAndMore(NOTE);
				while (this.connections.count.get() < 3) {
					assertThat(client.featureName()).isEqualTo("somewhere");
				}
				Response response = old.responseUntil((r) -> r.goAway() != null);
				assertThat(response.goAway()).isEqualTo("max_age");
				assertThat(response.goAwayCode()).isEqualTo((int) Http2Error.NO_ERROR.code());
				assertThat(old.message(NOTE).response().headers()).containsEntry("grpc-status", "0");
				assertThat(old.responseUntilClosed().closed()).isTrue();
			}
		}, "grpc.server.connection.max-age=1s");
	}

	@Test
	@TestsProperty("grpc.server.connection.max-age-grace")
	void theCallsOfAnOldConnectionAreClosedAfterItsGrace() {
		withServer((port) -> {
			try (RawHttp2Connection old = new RawHttp2Connection(port)) {
				Response response = old.preface().call(CHAT, Map.of()).messageAndMore(NOTE).responseUntilClosed();
				assertThat(response.data()).isNotEmpty();
				assertThat(response.headers()).doesNotContainKey("grpc-status");
				assertThat(response.goAway()).isEqualTo("max_age");
			}
		}, "grpc.server.connection.max-age=1s", "grpc.server.connection.max-age-grace=100ms");
	}

	@Test
	@TestsProperty("grpc.server.flow-control-window")
	void theFlowControlWindowIsWhatTheServerOffers() {
		withServer((port) -> assertThat(window(port)).isEqualTo(300 * 1024), "grpc.server.flow-control-window=300KB");
		withServer((port) -> assertThat(window(port)).isEqualTo(1024 * 1024));
	}

	@ParameterizedTest
	@ValueSource(strings = { "keep-alive.time=9s", "keep-alive.timeout=0", "keep-alive.permit.time=-1s",
			"connection.max-idle=999ms", "connection.max-age=0", "connection.max-age-grace=-1ms",
			"flow-control-window=0", "flow-control-window=2GB" })
	void aValueThatCannotTakeEffectIsRefused(String property) {
		this.runner.withPropertyValues("grpc.server." + property)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOfSatisfying(GrpcServerStartException.class,
						(ex) -> assertThat("grpc.server." + property).startsWith(ex.getProperties().get(0) + "=")));
	}

	private static Response untilAPing(RawHttp2Connection connection) {
		try {
			return connection.responseUntil((response) -> response.pings() == 1);
		}
		catch (IOException | Http2Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	private void assertThatPingsAreAnswered(int port, boolean withCall) throws IOException, Http2Exception {
		try (RawHttp2Connection connection = ping(port, withCall)) {
			assertThat(connection.responseUntil((response) -> response.pingsAnswered() == 20).closed()).isFalse();
		}
	}

	private void assertThatPingsAreRefused(int port, boolean withCall) throws IOException, Http2Exception {
		try (RawHttp2Connection connection = ping(port, withCall)) {
			Response response = connection.responseUntilClosed();
			assertThat(response.goAway()).isEqualTo("too_many_pings");
			assertThat(response.goAwayCode()).isEqualTo((int) Http2Error.ENHANCE_YOUR_CALM.code());
		}
	}

	private static RawHttp2Connection connect(int port, boolean withCall) throws IOException, Http2Exception {
		RawHttp2Connection connection = new RawHttp2Connection(port).preface();
		if (withCall) {
			// Nothing more is sent to the client, which would permit it a PING.
			connection.call(CHAT, Map.of()).messageAndMore(NOTE);
			connection.responseUntil((response) -> response.data().length > 0);
		}
		return connection;
	}

	private static RawHttp2Connection ping(int port, boolean withCall) throws IOException, Http2Exception {
		RawHttp2Connection connection = connect(port, withCall);
		try {
			for (int i = 0; i < 20; i++) {
				connection.ping();
			}
		}
		catch (SocketException ex) {
			// The server has had enough before the last of them: what it said is there to
			// read.
		}
		return connection;
	}

	private static @Nullable Long window(int port) throws IOException, Http2Exception {
		try (RawHttp2Connection connection = new RawHttp2Connection(port)) {
			return connection.preface().responseUntil((response) -> response.initialWindow() != null).initialWindow();
		}
	}

	private void withServer(Client client, String... properties) {
		this.runner.withPropertyValues(properties).run((context) -> client.use(GrpcClient.port(context)));
	}

	private interface Client {

		void use(int port) throws IOException, Http2Exception;

	}

	@GrpcService
	static class EchoRouteGuide extends TestRouteGuide {

		@Override
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> responses) {
			return responses;
		}

	}

	static class CountedConnections extends ServerTransportFilter
			implements GrpcServerBuilderCustomizer<ServerBuilder<?>> {

		final AtomicInteger count = new AtomicInteger();

		@Override
		public void customize(ServerBuilder<?> builder) {
			builder.addTransportFilter(this);
		}

		@Override
		public Attributes transportReady(Attributes attributes) {
			this.count.incrementAndGet();
			return attributes;
		}

	}

}
