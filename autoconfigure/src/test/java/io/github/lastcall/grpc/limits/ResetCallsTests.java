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
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.lastcall.grpc.autoconfigure.ServersOf;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.HeldThreads;
import io.github.lastcall.grpc.testing.Http2Frame;
import io.github.lastcall.grpc.testing.RogueClient;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.boot.test.context.assertj.AssertableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A call that its client has reset holds no place that another one could have.
 */
@Timeout(120)
class ResetCallsTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	private static final String GET_FEATURE = "routeguide.RouteGuide/GetFeature";

	private static final String ROUTE_CHAT = "routeguide.RouteGuide/RouteChat";

	@Test
	void aCallThatIsResetBeforeAThreadComesGivesItsPlaceBackAtOnce() {
		run((context, service, client) -> {
			block(client, service);
			for (int stream = 3; stream < 203; stream += 2) {
				client.call(stream, ROUTE_CHAT).message(stream, false, 2, new byte[2], false).reset(stream);
			}
			client.frame(Http2Frame.SETTINGS, 0, 0).flush();
			await().atMost(TIMEOUT).until(() -> client.received(Http2Frame.SETTINGS) == 3);
			assertThat(callsInFlight(context)).isEqualTo(1);
			assertThat(ServersOf.refusals(context, "network").getCount(RefusalReason.CONCURRENT_CALLS)).isZero();
			assertThat(ServersOf.refusals(context, "network").getCount(RefusalReason.EXECUTOR)).isZero();
			try (GrpcClient honest = GrpcClient.of(context)) {
				var waiting = RouteGuideGrpc.newFutureStub(honest.channel()).getFeature(Point.getDefaultInstance());
				await().atMost(TIMEOUT).until(() -> callsInFlight(context) == 2);
				service.held.release.countDown();
				assertThat(waiting.get().getName()).isEqualTo("somewhere");
			}
			assertThat(service.chats).hasValue(0);
			await().atMost(TIMEOUT).until(() -> callsInFlight(context) == 0);
		});
	}

	@Test
	void aCallWhoseHandlerRunsIsInFlightUntilItHasReturned() {
		run((context, service, client) -> {
			block(client, service);
			client.reset(1).frame(Http2Frame.SETTINGS, 0, 0).flush();
			await().atMost(TIMEOUT).until(() -> client.received(Http2Frame.SETTINGS) == 3);
			assertThat(callsInFlight(context)).isEqualTo(1);
			service.held.release.countDown();
			await().atMost(TIMEOUT).until(() -> callsInFlight(context) == 0);
		});
	}

	private static void block(RogueClient client, BlockingService service) throws IOException {
		client.call(1, GET_FEATURE).message(1, false, 0, new byte[0], true).flush();
		await().atMost(TIMEOUT).until(() -> service.held.entered.availablePermits() > 0);
	}

	private static int callsInFlight(AssertableApplicationContext context) {
		return context.getBean(GrpcServerDrain.class).getCalls().count();
	}

	private static void run(Check check) {
		GrpcServerContextRunner.create()
			.withBean(BlockingService.class)
			.withPropertyValues("grpc.server.shutdown.grace-period=0", "grpc.server.executor.type=platform",
					"grpc.server.executor.threads=1", "grpc.server.executor.queue-capacity=20",
					"grpc.server.limits.concurrent-calls=10")
			.run((context) -> {
				BlockingService service = context.getBean(BlockingService.class);
				try (RogueClient client = RogueClient.connect(GrpcClient.port(context)).preface().settle()) {
					check.run(context, service, client);
				}
				finally {
					service.held.release.countDown();
				}
			});
	}

	@FunctionalInterface
	private interface Check {

		void run(AssertableApplicationContext context, BlockingService service, RogueClient client) throws Exception;

	}

	/**
	 * Blocks the first call of one method, and counts those of another.
	 */
	@GrpcService
	static class BlockingService extends TestRouteGuide {

		private final HeldThreads held = new HeldThreads();

		private final AtomicInteger chats = new AtomicInteger();

		@Override
		public void getFeature(Point request, StreamObserver<Feature> responses) {
			this.held.hold();
			super.getFeature(request, responses);
		}

		@Override
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> responses) {
			this.chats.incrementAndGet();
			return super.routeChat(responses);
		}

	}

}
