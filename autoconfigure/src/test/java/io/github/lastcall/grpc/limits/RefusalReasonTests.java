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
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import io.github.lastcall.grpc.autoconfigure.ServersOf;
import io.github.lastcall.grpc.security.GrpcAuthenticationConverter;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.Echo;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.HeldThreads;
import io.github.lastcall.grpc.testing.Http2Frame;
import io.github.lastcall.grpc.testing.RogueClient;
import io.github.lastcall.grpc.testing.RogueClients;
import io.github.lastcall.grpc.testing.TestAuthority;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslBundleRegistrar;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.core.context.SecurityContextHolder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Whatever a server refuses is counted and has a line in the log that names the property,
 * if there is one.
 */
@Timeout(120)
@ExtendWith(OutputCaptureExtension.class)
class RefusalReasonTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	private static final String GET_FEATURE = "routeguide.RouteGuide/GetFeature";

	@RegisterExtension
	final RogueClients clients = new RogueClients();

	@ParameterizedTest
	@EnumSource
	void whatIsRefusedIsCountedAndLogged(RefusalReason reason, CapturedOutput output) {
		server(reason).run((context) -> {
			try {
				provoke(reason, context);
				await().atMost(TIMEOUT).untilAsserted(() -> {
					assertThat(ServersOf.refusals(context, "network").getCount(reason)).isPositive();
					assertThat(output.getAll().lines()).anySatisfy((line) -> assertThat(line)
						.containsSubsequence(reason.isWarning() ? "WARN" : "INFO", "Refusals", "gRPC server 'network' ")
						.endsWith(reason.hint()));
				});
				for (RefusalReason other : RefusalReason.values()) {
					if (other != reason) {
						assertThat(ServersOf.refusals(context, "network").getCount(other)).as(other.getTag()).isZero();
					}
				}
			}
			finally {
				context.getBean(BlockingService.class).held.release.countDown();
				this.clients.close();
			}
			assertThat(output).doesNotContain("\tat ");
		});
	}

	private static ApplicationContextRunner server(RefusalReason reason) {
		ApplicationContextRunner server = GrpcServerContextRunner.create()
			.withBean(BlockingService.class)
			.withPropertyValues("grpc.server.shutdown.grace-period=0");
		return switch (reason) {
			case CONNECTIONS -> server.withPropertyValues("grpc.server.limits.connections=1");
			case HANDSHAKE_TIMEOUT -> server.withPropertyValues("grpc.server.limits.handshake-timeout=300ms");
			case CALLS_PER_CONNECTION ->
				server.withPropertyValues("grpc.server.limits.concurrent-calls-per-connection=1");
			case CONCURRENT_CALLS -> server.withPropertyValues("grpc.server.limits.concurrent-calls=1");
			case INFRASTRUCTURE_STREAMS -> server.withBean(FewInfrastructureStreams.class);
			case EXECUTOR -> server.withPropertyValues("grpc.server.executor.type=platform",
					"grpc.server.executor.threads=1", "grpc.server.executor.queue-capacity=1");
			case OVERLOAD -> server.withPropertyValues("grpc.server.executor.type=platform",
					"grpc.server.executor.threads=1", "grpc.server.limits.queue-delay=5ms");
			case RESETS -> server.withPropertyValues("grpc.server.limits.resets-per-connection=5");
			case METADATA_SIZE -> server.withPropertyValues("grpc.server.limits.inbound-metadata-size=400B");
			case MESSAGE_SIZE -> server.withPropertyValues("grpc.server.limits.inbound-message-size=1KB");
			case INBOUND_BUFFER -> server.withPropertyValues("grpc.server.limits.inbound-message-size=1KB",
					"grpc.server.limits.inbound-buffer-size=4KB");
			case OUTBOUND_MESSAGES -> server.withPropertyValues("grpc.server.limits.outbound-message-buffer=128KB");
			case OUTBOUND_WAIT -> server.withPropertyValues("grpc.server.limits.outbound-message-buffer=128KB",
					"grpc.server.limits.outbound-wait=200ms");
			case OUTBOUND_BUFFER -> server.withPropertyValues("grpc.server.limits.outbound-message-buffer=0",
					"grpc.server.limits.outbound-buffer-size=128KB");
			case TLS -> tls(server);
			case CONTROL_FRAMES -> server.withPropertyValues("grpc.server.limits.control-frames-per-connection=50");
			case UNAUTHENTICATED -> server.withBean(GrpcAuthenticationConverter.class, () -> (call) -> {
				throw new BadCredentialsException("wrong");
			});
			case DENIED -> server.withBean(GrpcAuthenticationConverter.class,
					() -> (call) -> new TestingAuthenticationToken("alice", "", "ROLE_USER"));
			case INFRASTRUCTURE_MESSAGE_SIZE, PINGS, FLOOD, UNKNOWN_METHOD, PROTOCOL -> server;
		};
	}

	private static ApplicationContextRunner tls(ApplicationContextRunner server) {
		TestAuthority authority = new TestAuthority("refusals");
		return server.withConfiguration(AutoConfigurations.of(SslAutoConfiguration.class))
			.withBean(SslBundleRegistrar.class,
					() -> (registry) -> registry.registerBundle("server",
							authority.trustingBundle(authority.server("server"))))
			.withPropertyValues("grpc.server.ssl.bundle=server");
	}

	private void provoke(RefusalReason reason, ApplicationContext context) throws IOException {
		switch (reason) {
			case CONNECTIONS -> {
				this.clients.settled(context);
				assertThat(RogueClient.isRefused(GrpcClient.port(context))).isTrue();
			}
			case HANDSHAKE_TIMEOUT -> this.clients.connect(context);
			case CALLS_PER_CONNECTION ->
				this.clients.settled(context).call(1, GET_FEATURE).call(3, GET_FEATURE).flush();
			case CONCURRENT_CALLS, EXECUTOR -> {
				RogueClient client = this.clients.settled(context);
				client.call(1, GET_FEATURE).message(1, false, 0, new byte[0], true).flush();
				// Only then is the thread busy: a call begins before it has a message.
				BlockingService service = context.getBean(BlockingService.class);
				await().atMost(TIMEOUT).until(() -> service.held.entered.availablePermits() > 0);
				for (int stream = 3; stream < 10; stream += 2) {
					client.call(stream, GET_FEATURE);
				}
				client.flush();
			}
			case OVERLOAD -> {
				RogueClient client = this.clients.settled(context);
				BlockingService service = context.getBean(BlockingService.class);
				service.workNanos = TimeUnit.MILLISECONDS.toNanos(2);
				service.held.release.countDown();
				AtomicInteger stream = new AtomicInteger(1);
				await().atMost(TIMEOUT).pollInterval(Duration.ofMillis(50)).until(() -> {
					for (int i = 0; i < 50; i++) {
						client.call(stream.get(), GET_FEATURE)
							.message(stream.getAndAdd(2), false, 0, new byte[0], true);
					}
					client.flush();
					return ServersOf.refusals(context, "network").getCount(reason) > 0;
				});
			}
			case INFRASTRUCTURE_STREAMS -> {
				RogueClient client = this.clients.settled(context);
				for (int stream = 1; stream < 5; stream += 2) {
					client.call(stream, "grpc.health.v1.Health/Watch").message(stream, false, 0, new byte[0], true);
				}
				// The answer of the one, and the end of the other.
				client.flush();
				await().atMost(TIMEOUT).until(() -> client.received(Http2Frame.HEADERS), (count) -> count >= 2);
				// What ends is not counted.
				client.call(5, "grpc.health.v1.Health/Check").message(5, false, 0, new byte[0], true).flush();
				await().atMost(TIMEOUT).until(() -> client.received(Http2Frame.DATA), (count) -> count == 2);
			}
			case INFRASTRUCTURE_MESSAGE_SIZE -> {
				RogueClient client = this.clients.settled(context).call(1, "grpc.health.v1.Health/Check");
				client.message(1, false, 70_000, new byte[0], false);
				for (int i = 0; i < 5; i++) {
					client.frame(Http2Frame.DATA, 0, 1, new byte[16_000]);
				}
				client.flush();
			}
			case RESETS -> {
				RogueClient client = this.clients.settled(context);
				for (int stream = 1; stream < 20; stream += 2) {
					client.call(stream, GET_FEATURE).reset(stream);
				}
				client.flush();
			}
			case PINGS -> {
				RogueClient client = this.clients.settled(context);
				for (int i = 0; i < 10; i++) {
					client.ping();
				}
				client.flush();
			}
			case FLOOD -> {
				RogueClient client = this.clients.settled(context);
				client.frame(Http2Frame.HEADERS, 0, 1, new byte[] { 0 });
				for (int i = 0; i < 20; i++) {
					client.frame(Http2Frame.CONTINUATION, 0, 1, new byte[0]);
				}
				client.flush();
			}
			case CONTROL_FRAMES -> {
				RogueClient client = this.clients.settled(context);
				for (int i = 0; i < 200; i++) {
					client.frame(Http2Frame.PRIORITY, 0, 1, 0, 0, 0, 0, 16);
				}
				client.flush();
			}
			case UNKNOWN_METHOD -> this.clients.settled(context)
				.call(1, "unknown.Service/Method")
				.message(1, false, 0, new byte[0], true)
				.flush();
			case UNAUTHENTICATED, DENIED -> {
				context.getBean(BlockingService.class).held.release.countDown();
				this.clients.settled(context).call(1, GET_FEATURE).message(1, false, 0, new byte[0], true).flush();
			}
			case METADATA_SIZE -> this.clients.settled(context)
				.frame(Http2Frame.HEADERS, Http2Frame.END_HEADERS, 1,
						Http2Frame.headers(GET_FEATURE, Map.of("large", "x".repeat(250))))
				.flush();
			case MESSAGE_SIZE -> this.clients.settled(context)
				.call(1, GET_FEATURE)
				.message(1, false, 2000, new byte[2000], true)
				.flush();
			case INBOUND_BUFFER -> {
				RogueClient client = this.clients.settled(context);
				for (int stream = 1; stream < 40; stream += 2) {
					client.call(stream, GET_FEATURE).message(stream, false, 1000, new byte[100], false).flush();
				}
				await().atMost(TIMEOUT).until(() -> {
					for (int stream = 1; stream < 40; stream += 2) {
						client.frame(Http2Frame.DATA, 0, stream, new byte[1]).flush();
					}
					return ServersOf.refusals(context, "network").getCount(reason);
				}, (count) -> count > 0);
			}
			case OUTBOUND_MESSAGES,
					OUTBOUND_BUFFER ->
				this.clients.settled(context)
					.call(1, "routeguide.RouteGuide/RouteChat")
					.message(1, false, 0, new byte[0], true)
					.flush();
			case OUTBOUND_WAIT -> this.clients.settled(context)
				.call(1, "routeguide.RouteGuide/ListFeatures")
				.message(1, false, 0, new byte[0], true)
				.flush();
			case TLS -> this.clients.connect(context).bytes(new byte[] { 22, 3, 1, 0, 5, 1, 0, 0, 1, 0 }).flush();
			case PROTOCOL -> this.clients.connect(context)
				.bytes("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII))
				.flush();
		}
	}

	@GrpcService
	static class BlockingService extends TestRouteGuide {

		private final HeldThreads held = new HeldThreads();

		private volatile long workNanos;

		@Override
		public void listFeatures(Rectangle request, StreamObserver<Feature> responses) {
			Feature large = Feature.newBuilder().setName("x".repeat(60_000)).build();
			for (int i = 0; i < 10; i++) {
				responses.onNext(large);
			}
		}

		@Override
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> responses) {
			RouteNote large = RouteNote.newBuilder().setMessage("x".repeat(60_000)).build();
			return new Echo(responses) {

				@Override
				public void onNext(RouteNote note) {
					for (int i = 0; i < 10; i++) {
						super.onNext(large);
					}
				}

			};
		}

		@Override
		public void getFeature(Point request, StreamObserver<Feature> responses) {
			if (SecurityContextHolder.getContext().getAuthentication() != null) {
				throw new AccessDeniedException("not for alice");
			}
			this.held.hold();
			LockSupport.parkNanos(this.workNanos);
			super.getFeature(request, responses);
		}

	}

}
