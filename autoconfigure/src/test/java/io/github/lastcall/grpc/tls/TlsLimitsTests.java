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
package io.github.lastcall.grpc.tls;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import javax.net.ssl.SSLSocket;

import io.github.lastcall.grpc.autoconfigure.ServersOf;
import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.Http2Frame;
import io.github.lastcall.grpc.testing.RogueClient;
import io.github.lastcall.grpc.testing.SmallSendBuffers;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.grpc.testing.TestAuthority;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * The limits hold on a port that speaks TLS too, where the frames are behind it.
 */
@Timeout(120)
@ExtendWith(OutputCaptureExtension.class)
class TlsLimitsTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	private static final String GET_FEATURE = "routeguide.RouteGuide/GetFeature";

	private static final String HANDSHAKE_TIMEOUT = "grpc.server.limits.handshake-timeout";

	private static final TestAuthority AUTHORITY = new TestAuthority("authority");

	private static final SslBundle BUNDLE = AUTHORITY.trustingBundle(AUTHORITY.server("server"));

	private final List<RogueClient> clients = new ArrayList<>();

	@AfterEach
	void closeClients() throws IOException {
		for (RogueClient client : this.clients) {
			// Not politely: TLS would wait for a server that has gone.
			client.abort();
		}
	}

	@Test
	void aConnectionTooManyIsClosedBeforeTls(CapturedOutput output) throws Exception {
		try (TestApplication app = run("grpc.server.limits.connections=2")) {
			settled(app);
			settled(app);
			assertThat(RogueClient.isRefused(app.port())).isTrue();
			assertThat(count(app, RefusalReason.CONNECTIONS)).isEqualTo(1);
			assertThat(output).containsPattern("refused a connection from /127.0.0.1:\\d+: 2 connections are open "
					+ "\\(grpc.server.limits.connections\\)");
		}
	}

	@Test
	void aHandshakeThatDoesNotEndInTimeIsClosedWhereverItStands(CapturedOutput output) throws Exception {
		byte[] hello = AUTHORITY.clientHello();
		try (TestApplication app = run(HANDSHAKE_TIMEOUT + "=1s")) {
			RogueClient settled = settled(app);
			List<RogueClient> slow = new ArrayList<>();
			slow.add(plain(app));
			slow.add(plain(app).bytes(new byte[] { hello[0], hello[1], hello[2] }).flush());
			// Never answers the server's part of the handshake.
			slow.add(plain(app).bytes(hello).flush());
			slow.add(tls(app));
			slow.add(tls(app).bytes(Http2Frame.PREFACE).flush());
			for (RogueClient client : slow) {
				assertThat(client.closed()).succeedsWithin(TIMEOUT);
			}
			assertThat(count(app, RefusalReason.HANDSHAKE_TIMEOUT)).isEqualTo(slow.size());
			assertThat(count(app, RefusalReason.TLS)).isZero();
			assertThat(output.getAll()
				.lines()
				.filter((line) -> line
					.contains("no HTTP/2 settings within 1000 ms (grpc.server.limits.handshake-timeout)")))
				.hasSize(slow.size());
			assertThat(settled.closed()).isNotDone();
			assertThatIsServed(app);
		}
	}

	/**
	 * Netty has a timeout of its own for TLS, which is as long as the default of ours.
	 */
	@Test
	@Tag("full")
	void aHandshakeThatTakesTooLongIsCountedOnceWhoeverNoticesFirst(CapturedOutput output) throws Exception {
		byte[] hello = AUTHORITY.clientHello();
		try (TestApplication byDefault = run(); TestApplication longer = run(HANDSHAKE_TIMEOUT + "=1m")) {
			List<RogueClient> slow = new ArrayList<>();
			for (TestApplication app : List.of(byDefault, longer)) {
				for (int i = 0; i < 20; i++) {
					slow.add(plain(app).bytes((i % 2 == 0) ? hello : new byte[0]).flush());
				}
			}
			for (RogueClient client : slow) {
				assertThat(client.closed()).succeedsWithin(TIMEOUT);
			}
			for (TestApplication app : List.of(byDefault, longer)) {
				await().atMost(TIMEOUT)
					.until(() -> count(app, RefusalReason.HANDSHAKE_TIMEOUT), (count) -> count == 20);
				assertThatIsServed(app);
				assertThat(count(app, RefusalReason.HANDSHAKE_TIMEOUT)).isEqualTo(20);
				assertThat(count(app, RefusalReason.TLS)).isZero();
			}
			assertThat(output).containsPattern("refused the connection from /127.0.0.1:\\d+: TLS handshake not "
					+ "completed within 10000 ms \\(grpc.server.limits.handshake-timeout\\)");
		}
	}

	@Test
	void aCallTooManyOnAConnectionIsRefusedAndTheOthersGoOn() throws Exception {
		try (TestApplication app = run("grpc.server.limits.concurrent-calls-per-connection=2")) {
			RogueClient client = settled(app);
			for (int stream = 1; stream < 9; stream += 2) {
				client.call(stream, GET_FEATURE);
			}
			client.flush();
			await().atMost(TIMEOUT).until(() -> client.received(Http2Frame.RST_STREAM), (count) -> count == 2);
			// The two, and that the limit was reached.
			assertThat(count(app, RefusalReason.CALLS_PER_CONNECTION)).isEqualTo(3);
			assertThat(client.closed()).isNotDone();
		}
	}

	@Test
	void aCallTooManyOnTheServerIsRefused() throws Exception {
		try (TestApplication app = run("grpc.server.limits.concurrent-calls=1");
				GrpcClient client = AUTHORITY.connect(app.port(), null)) {
			assertThat(client.featureName()).isEqualTo("somewhere");
			RogueClient holder = settled(app);
			holder.call(1, GET_FEATURE).ping().flush();
			await().atMost(TIMEOUT).until(() -> holder.received(Http2Frame.PING), (count) -> count == 1);
			assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(client::featureName)
				.satisfies((failure) -> assertThat(failure.getStatus().getCode())
					.isEqualTo(Status.Code.RESOURCE_EXHAUSTED));
			assertThat(count(app, RefusalReason.CONCURRENT_CALLS)).isEqualTo(1);
			holder.message(1, false, 0, new byte[0], true).flush();
			await().atMost(TIMEOUT).ignoreExceptions().until(client::featureName, "somewhere"::equals);
		}
	}

	@Test
	void aClientThatResetsTooManyCallsIsClosed(CapturedOutput output) throws Exception {
		try (TestApplication app = run("grpc.server.limits.resets-per-connection=5")) {
			RogueClient client = settled(app);
			for (int stream = 1; stream < 20; stream += 2) {
				client.call(stream, GET_FEATURE).reset(stream);
			}
			client.flush();
			assertThat(client.closed()).succeedsWithin(TIMEOUT).isEqualTo("too_many_rststreams");
			assertThat(count(app, RefusalReason.RESETS)).isEqualTo(1);
			assertThat(output).containsPattern("closed the connection from /127.0.0.1:\\d+: "
					+ "ENHANCE_YOUR_CALM, too_many_rststreams \\(grpc.server.limits.resets-per-connection\\)");
		}
	}

	@Test
	void aClientThatDoesNotReadWhatItHasAskedForIsClosed(CapturedOutput output) throws Exception {
		try (TestApplication app = TestApplication.of(SmallSendBuffers.class)
			.tls(BUNDLE)
			.run("grpc.server.limits.control-frames-per-connection=0")) {
			RogueClient deaf = RogueClient.deaf(handshaken(app)).preface();
			this.clients.add(deaf);
			await().atMost(TIMEOUT).until(() -> {
				try {
					for (int i = 0; i < 10_000; i++) {
						deaf.frame(Http2Frame.SETTINGS, 0, 0);
					}
				}
				catch (IOException ex) {
					return true;
				}
				return false;
			});
			assertThat(count(app, RefusalReason.FLOOD)).isEqualTo(1);
			assertThat(output.getAll().lines().filter((line) -> line.contains("/127.0.0.1:"))).singleElement()
				.asString()
				.contains("closed the connection from /127.0.0.1:", "are unread");
			assertThat(output).doesNotContain("\tat ");
			assertThatIsServed(app);
		}
	}

	private static TestApplication run(String... properties) {
		return TestApplication.of().tls(BUNDLE).run(properties);
	}

	/**
	 * A client that has said nothing yet, not even in TLS.
	 */
	private RogueClient plain(TestApplication app) throws IOException {
		RogueClient client = RogueClient.connect(app.port());
		this.clients.add(client);
		return client;
	}

	/**
	 * A client that has said nothing yet in TLS.
	 */
	private RogueClient tls(TestApplication app) throws Exception {
		RogueClient client = RogueClient.on(handshaken(app));
		this.clients.add(client);
		return client;
	}

	private static SSLSocket handshaken(TestApplication app) throws Exception {
		SSLSocket socket = AUTHORITY.socket(app.port(), "h2", null);
		socket.startHandshake();
		return socket;
	}

	/**
	 * A client whose settings the server has acknowledged.
	 */
	private RogueClient settled(TestApplication app) throws Exception {
		RogueClient client = tls(app).preface();
		await().atMost(TIMEOUT).until(() -> client.received(Http2Frame.SETTINGS), (count) -> count == 2);
		return client;
	}

	private static void assertThatIsServed(TestApplication app) {
		try (GrpcClient client = AUTHORITY.connect(app.port(), null)) {
			assertThat(client.featureName()).isEqualTo("somewhere");
		}
	}

	private static long count(TestApplication app, RefusalReason reason) {
		return ServersOf.refusals(app.context(), "network").getCount(reason);
	}

}
