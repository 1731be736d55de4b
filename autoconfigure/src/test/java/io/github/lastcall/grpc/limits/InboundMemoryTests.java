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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.github.lastcall.grpc.autoconfigure.ServersOf;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.HeldThreads;
import io.github.lastcall.grpc.testing.Http2Frame;
import io.github.lastcall.grpc.testing.RogueClient;
import io.github.lastcall.grpc.testing.RogueClients;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc.RouteGuideFutureStub;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.context.assertj.AssertableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * The memory of messages is bounded from their first byte until the handler has done with
 * them, and is all there again afterwards.
 */
@Timeout(120)
class InboundMemoryTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	private static final String GET_FEATURE = "routeguide.RouteGuide/GetFeature";

	private static final int BLOCKS = 77;

	@RegisterExtension
	final RogueClients clients = new RogueClients();

	/**
	 * Messages of calls whose handler has asked for them before its thread was taken
	 * away, and of calls that have not had a thread yet.
	 */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void messagesThatWaitForAThreadAreRefusedBeforeTheyHoldTooMuch(boolean begun) {
		run((context, service) -> {
			RogueClient client = this.clients.connect(context).preface();
			if (begun) {
				open(client);
				try (GrpcClient other = GrpcClient.of(context)) {
					// The one thread has come to all of them.
					assertThat(other.featureName()).isEqualTo("somewhere");
				}
			}
			int blocking = begun ? 43 : 1;
			client.call(blocking, GET_FEATURE).message(blocking, false, 2, new byte[] { 8, BLOCKS }, true).flush();
			await().atMost(TIMEOUT).until(() -> service.held.entered.availablePermits() == 1);
			if (!begun) {
				open(client);
			}
			byte[] message = Http2Frame.message(false, 30_000, new byte[30_000]);
			for (int stream = 3; stream < 43; stream += 2) {
				client.frame(Http2Frame.DATA, 0, stream, Arrays.copyOf(message, 16_000));
				client.frame(Http2Frame.DATA, Http2Frame.END_STREAM, stream,
						Arrays.copyOfRange(message, 16_000, message.length));
			}
			client.flush();
			await().atMost(TIMEOUT).until(() -> refused(context), (count) -> count > 0);
			assertThat(context.getBean(InboundMemory.class).held()).isLessThan(400 * 1024);
		}, "grpc.server.executor.type=platform", "grpc.server.executor.threads=1",
				"grpc.server.limits.inbound-message-size=64KB", "grpc.server.limits.inbound-buffer-size=256KB");
	}

	@Test
	void smallMessagesAreServedBeyondTheLimitUntilNothingIsLeft() {
		run((context, service) -> {
			InboundMemory memory = context.getBean(InboundMemory.class);
			try (GrpcClient client = GrpcClient.of(context)) {
				memory.add(300 * 1024);
				assertThat(client.featureName()).isEqualTo("somewhere");
				memory.add(100 * 1024);
				assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(client::featureName)
					.extracting((ex) -> ex.getStatus().getCode())
					.isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
				memory.add(-400 * 1024);
				assertThat(client.featureName()).isEqualTo("somewhere");
			}
		}, "grpc.server.limits.inbound-message-size=64KB", "grpc.server.limits.inbound-buffer-size=256KB");
	}

	private static void open(RogueClient client) throws IOException {
		for (int stream = 3; stream < 43; stream += 2) {
			client.call(stream, GET_FEATURE);
		}
		client.flush();
	}

	@ParameterizedTest
	@ValueSource(strings = { "identity", "gzip" })
	void requestsOfHandlersThatBlockCountAndAnHonestCallIsServed(String codec) {
		run((context, service) -> {
			try (GrpcClient client = GrpcClient.of(context); GrpcClient honest = GrpcClient.of(context)) {
				RouteGuideFutureStub attacker = RouteGuideGrpc.newFutureStub(client.channel()).withCompression(codec);
				Point large = Point.newBuilder()
					.setLatitude(BLOCKS)
					.setUnknownFields(UnknownFieldSet.newBuilder()
						.addField(15,
								UnknownFieldSet.Field.newBuilder()
									.addLengthDelimited(ByteString.copyFrom(new byte[1_000_000]))
									.build())
						.build())
					.build();
				List<Future<Feature>> calls = new ArrayList<>();
				for (int i = 0; i < 15; i++) {
					calls.add(attacker.getFeature(large));
					long ended = calls.size();
					await().atMost(TIMEOUT)
						.until(() -> service.held.entered.availablePermits() + refused(context) == ended);
				}
				assertThat(service.held.entered.availablePermits()).isBetween(2, 6);
				assertThat(honest.featureName()).isEqualTo("somewhere");
				service.held.release.countDown();
				assertThat(calls.stream().filter((call) -> code(call) == Status.Code.OK))
					.hasSize(service.held.entered.availablePermits());
				assertThat(calls.stream().filter((call) -> code(call) == Status.Code.RESOURCE_EXHAUSTED))
					.hasSize(15 - service.held.entered.availablePermits());
			}
		}, "grpc.server.executor.type=platform", "grpc.server.executor.threads=20",
				"grpc.server.limits.inbound-message-size=1MB", "grpc.server.limits.inbound-buffer-size=4MB");
	}

	private static Status.Code code(Future<Feature> call) {
		try {
			call.get(60, TimeUnit.SECONDS);
			return Status.Code.OK;
		}
		catch (ExecutionException ex) {
			return Status.fromThrowable(ex).getCode();
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static long refused(AssertableApplicationContext context) {
		return ServersOf.refusals(context, "network").getCount(RefusalReason.INBOUND_BUFFER);
	}

	private void run(Check check, String... properties) {
		GrpcServerContextRunner.create()
			.withBean(BlockingService.class)
			.withPropertyValues("grpc.server.shutdown.grace-period=0")
			.withPropertyValues(properties)
			.run((context) -> {
				BlockingService service = context.getBean(BlockingService.class);
				try {
					check.run(context, service);
				}
				finally {
					service.held.release.countDown();
				}
				this.clients.close();
				await().atMost(TIMEOUT).until(() -> context.getBean(GrpcServerDrain.class).getCalls().count() == 0);
				await().atMost(TIMEOUT).until(() -> context.getBean(InboundMemory.class).held() == 0);
			});
	}

	@FunctionalInterface
	private interface Check {

		void run(AssertableApplicationContext context, BlockingService service) throws Exception;

	}

	/**
	 * Blocks those who ask for it.
	 */
	@GrpcService
	static class BlockingService extends TestRouteGuide {

		private final HeldThreads held = new HeldThreads();

		@Override
		public void getFeature(Point request, StreamObserver<Feature> responses) {
			if (request.getLatitude() == BLOCKS) {
				this.held.hold();
			}
			super.getFeature(Point.getDefaultInstance(), responses);
		}

	}

}
