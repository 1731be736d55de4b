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
package io.github.lastcall.grpc.lifecycle;

import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.grpc.executor.NettyEventLoop;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.testing.RawHttp2Connection;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.Attributes;
import io.grpc.ServerBuilder;
import io.grpc.ServerTransportFilter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Calls that cross the GOAWAY of a server whose event loop is late: the client may send
 * them until it has received the GOAWAY, so they are served.
 */
@Timeout(60)
class LateCallsTests {

	private final CountDownLatch eventLoopFree = new CountDownLatch(1);

	@Test
	void aCallIsServedThatWaitsInTheSocketUntilTheGoAwayIsSent() throws Exception {
		try (TestApplication app = TestApplication.of(ConnectionEventLoop.class).run();
				RawHttp2Connection client = connect(app)) {
			blockEventLoop(app);
			CompletableFuture<Void> closed = app.closeAsync();
			app.awaitState(GrpcServerState.DRAINING);
			call(client);
			app.drainTimer().advance(ConnectionLinger.TIME);
			this.eventLoopFree.countDown();
			assertThat(client.response().headers()).containsEntry("grpc-status", "0");
			client.responseUntilClosed();
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
		}
	}

	@Test
	void aCallIsServedThatWaitsInTheSocketWhenConnectionsAreClosed() throws Exception {
		try (TestApplication app = TestApplication.of(ConnectionEventLoop.class).run();
				RawHttp2Connection client = connect(app).ignorePings()) {
			CompletableFuture<Void> closed = app.closeAsync();
			client.responseUntil((response) -> response.goAway() != null);
			// For the grace period and for connections that do not close.
			await().until(() -> app.drainTimer().pending() == 2);
			blockEventLoop(app);
			call(client);
			app.drainTimer().advance(ConnectionLinger.TIME);
			this.eventLoopFree.countDown();
			assertThat(client.response().headers()).containsEntry("grpc-status", "0");
			// The call may have ended before or after the connections were looked at.
			await().until(() -> closed.isDone() || app.drainTimer().pending() == 2);
			app.drainTimer().advance(ConnectionLinger.TIME);
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
		}
	}

	private RawHttp2Connection connect(TestApplication app) throws Exception {
		RawHttp2Connection client = new RawHttp2Connection(app.port()).preface();
		client.responseUntil((response) -> response.initialWindow() != null);
		return client;
	}

	private void call(RawHttp2Connection client) throws Exception {
		client.call(RouteGuideGrpc.getGetFeatureMethod().getFullMethodName(), Map.of()).message(new byte[0]);
	}

	private void blockEventLoop(TestApplication app) throws InterruptedException {
		CountDownLatch blocked = new CountDownLatch(1);
		app.bean(ConnectionEventLoop.class).await().execute(() -> {
			blocked.countDown();
			awaitFree();
		});
		blocked.await();
	}

	private void awaitFree() {
		try {
			this.eventLoopFree.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * Event loop of the connection.
	 */
	static class ConnectionEventLoop extends ServerTransportFilter
			implements GrpcServerBuilderCustomizer<ServerBuilder<?>> {

		private final CompletableFuture<Executor> eventLoop = new CompletableFuture<>();

		@Override
		public void customize(ServerBuilder<?> builder) {
			builder.addTransportFilter(this);
		}

		@Override
		public Attributes transportReady(Attributes attributes) {
			this.eventLoop.complete(Objects.requireNonNull(NettyEventLoop.current()));
			return attributes;
		}

		Executor await() {
			return this.eventLoop.orTimeout(30, TimeUnit.SECONDS).join();
		}

	}

}
