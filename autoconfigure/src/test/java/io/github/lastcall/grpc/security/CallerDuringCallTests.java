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

package io.github.lastcall.grpc.security;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Date;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.grpc.autoconfigure.GrpcServerProperties.ExecutorType;
import io.github.lastcall.grpc.autoconfigure.ServersOf;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.HeldThreads;
import io.github.lastcall.grpc.testing.OnEachExecutor;
import io.github.lastcall.grpc.testing.TestTokens;
import io.github.lastcall.grpc.testing.TestsProperty;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.micrometer.common.KeyValue;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.ContextConsumer;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.core.context.SecurityContextImpl;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtTimestampValidator;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The caller during a call: in its callbacks, on every executor, and while it is
 * authenticated on another thread.
 */
@Timeout(120)
class CallerDuringCallTests {

	static final Metadata.Key<String> USER = Metadata.Key.of("user", Metadata.ASCII_STRING_MARSHALLER);

	private static final TestTokens TOKENS = new TestTokens();

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withBean(CallerRouteGuide.class)
		.withPropertyValues("grpc.server.address=127.0.0.1");

	@AfterAll
	static void stop() {
		TOKENS.close();
	}

	@OnEachExecutor
	void theCallerIsCurrentInEveryCallback(ExecutorType executor) {
		this.runner.withPropertyValues("grpc.server.executor.type=" + executor)
			.withBean(TestAuthorization.class)
			.withBean(GrpcAuthenticationConverter.class, CallerDuringCallTests::users)
			.run(client((context, client) -> {
				CallerRouteGuide handler = context.getBean(CallerRouteGuide.class);
				Chat cancelled = chat(client, "alice");
				assertThat(cancelled.exchange()).isEqualTo("alice");
				cancelled.call.cancel(null);
				assertThat(handler.ended.await(60, TimeUnit.SECONDS)).isTrue();
				assertThat(handler.callers).containsOnlyKeys("start", "ready", "message", "cancel", "error")
					.allSatisfy((callback, caller) -> assertThat(caller).as(callback).isEqualTo("alice"));
				handler.callers.clear();
				handler.ended = new CountDownLatch(1);
				Chat drained = chat(client, "bob");
				assertThat(drained.exchange()).isEqualTo("bob");
				ServersOf.calls(context).simulateDrain();
				assertThat(drained.ended()).isEqualTo(Status.Code.OK);
				assertThat(handler.ended.await(60, TimeUnit.SECONDS)).isTrue();
				assertThat(handler.callers).containsKeys("start", "message", "drain", "close")
					.allSatisfy((callback, caller) -> assertThat(caller).as(callback).isEqualTo("bob"));
				assertThat(client.routeGuide().listFeatures(Rectangle.getDefaultInstance()).next().getName())
					.isEqualTo("nobody");
			}));
	}

	@Test
	void theCallerGoesWhereTheContextOfTheCallGoes() {
		Queue<String> elsewhere = new ConcurrentLinkedQueue<>();
		this.runner.withBean(GrpcAuthenticationConverter.class, CallerDuringCallTests::users)
			.run(client((context, client) -> {
				context.getBean(CallerRouteGuide.class).onFeature = () -> {
					Runnable look = () -> elsewhere.add(CallerRouteGuide.caller());
					Thread thread = new Thread(Context.current().wrap(look));
					thread.start();
					try {
						thread.join();
					}
					catch (InterruptedException ex) {
						Thread.currentThread().interrupt();
					}
				};
				assertThat(name(client, "alice")).isEqualTo("alice");
				assertThat(elsewhere).containsExactly("alice");
				assertThat(SecurityContextHolder.getContext().getAuthentication()).isNull();
			}));
	}

	/**
	 * A coroutine, for example, may resume in a callback of another call.
	 */
	@Test
	void theContextOfAnotherCallHasItsOwnCaller() {
		Queue<String> seen = new ConcurrentLinkedQueue<>();
		Queue<Context> ofAlice = new ConcurrentLinkedQueue<>();
		this.runner.withBean(GrpcAuthenticationConverter.class, CallerDuringCallTests::users)
			.run(client((context, client) -> {
				CallerRouteGuide handler = context.getBean(CallerRouteGuide.class);
				handler.onFeature = () -> ofAlice.add(Context.current());
				assertThat(name(client, "alice")).isEqualTo("alice");
				handler.onFeature = () -> ofAlice.remove().run(() -> {
					seen.add(CallerRouteGuide.caller());
					SecurityContext deferred = SecurityContextHolder.getDeferredContext().get();
					seen.add(Objects.requireNonNull(deferred.getAuthentication()).getName());
				});
				assertThat(name(client, "bob")).isEqualTo("bob");
				assertThat(seen).containsExactly("alice", "alice");
			}));
	}

	@Test
	void aCallerThatAHandlerSetsIsCurrentUntilItsCallbackEnds() {
		Queue<String> seen = new ConcurrentLinkedQueue<>();
		this.runner.withBean(GrpcAuthenticationConverter.class, CallerDuringCallTests::users)
			.run(client((context, client) -> {
				context.getBean(CallerRouteGuide.class).onFeature = () -> {
					SecurityContextHolder
						.setContext(new SecurityContextImpl(new TestingAuthenticationToken("system", "")));
					seen.add(CallerRouteGuide.caller());
				};
				assertThat(name(client, "alice")).isEqualTo("system");
				assertThat(seen).containsExactly("system");
			}));
	}

	@Test
	void whatMayBlockRunsOnNoEventLoop() {
		Queue<String> threads = new ConcurrentLinkedQueue<>();
		direct((call) -> {
			threads.add(Thread.currentThread().getName());
			return users().convert(call);
		}).run(client((context, client) -> {
			assertThat(name(client, "alice")).isEqualTo("alice");
			assertThat(threads).singleElement().asString().startsWith("grpc-authentication-");
			assertThat(client.health().check(HealthCheckRequest.getDefaultInstance())).isNotNull();
			assertThat(threads).hasSize(1);
		}));
	}

	@Test
	void aConverterThatDoesNotBlockRunsWhereTheCallRuns() {
		Queue<String> threads = new ConcurrentLinkedQueue<>();
		GrpcAuthenticationConverter converter = (call) -> {
			threads.add(Thread.currentThread().getName());
			return users().convert(call);
		};
		direct(converter.nonBlocking()).run(client((context, client) -> {
			assertThat(name(client, "alice")).isEqualTo("alice");
			assertThat(threads).singleElement().asString().doesNotStartWith("grpc-authentication-");
		}));
	}

	@Test
	void aCallThatIsCancelledWhileItWaitsNeverStartsAndIsNotLost() {
		HeldThreads held = new HeldThreads();
		direct((call) -> {
			held.hold();
			return users().convert(call);
		}).run(client((context, client) -> {
			Chat chat = chat(client, "alice");
			assertThat(held.entered.tryAcquire(60, TimeUnit.SECONDS)).isTrue();
			assertThat(ServersOf.calls(context).count()).isOne();
			chat.call.cancel(null);
			await().until(() -> ServersOf.calls(context).count() == 0);
			held.release.countDown();
			assertThat(name(client, "bob")).isEqualTo("bob");
			assertThat(context.getBean(CallerRouteGuide.class).callers).isEmpty();
		}));
	}

	@Test
	void aDrainWaitsForACallThatWaits() {
		HeldThreads held = new HeldThreads();
		direct((call) -> {
			held.hold();
			return users().convert(call);
		}).run(client((context, client) -> {
			Chat chat = chat(client, "alice");
			assertThat(held.entered.tryAcquire(60, TimeUnit.SECONDS)).isTrue();
			Semaphore idle = new Semaphore(0);
			ServersOf.calls(context).drain(idle::release);
			assertThat(idle.availablePermits()).isZero();
			held.release.countDown();
			// Its action at the drain signal ends the call.
			assertThat(chat.ended()).isEqualTo(Status.Code.OK);
			assertThat(idle.tryAcquire(60, TimeUnit.SECONDS)).isTrue();
		}));
	}

	@Test
	@TestsProperty("grpc.server.security.end-streams-on-expiry")
	void aStreamEndsWithTheTokenOfItsCaller() {
		// Good for the decoder, whose time stands still, and expired for the call.
		Instant start = Instant.now().minusSeconds(600);
		String expired = TOKENS.token("alice",
				(claims) -> claims.issueTime(Date.from(start)).expirationTime(Date.from(start.plusSeconds(60))));
		ApplicationContextRunner runner = this.runner.withBean(JwtDecoder.class, () -> decoderAt(start));
		runner.run(client((context, client) -> assertThat(bearer(client, expired).exchange()).isEqualTo("alice")));
		runner.withPropertyValues("grpc.server.security.end-streams-on-expiry=true").run(client((context, client) -> {
			Chat chat = bearer(client, expired);
			assertThat(chat.ended()).isEqualTo(Status.Code.UNAUTHENTICATED);
			assertThat(chat.challenge()).isEqualTo("Bearer error=\"invalid_token\"");
			assertThat(context.getBean(CallerRouteGuide.class).ended.await(60, TimeUnit.SECONDS)).isTrue();
			assertThat(bearer(client, TOKENS.token("bob")).exchange()).isEqualTo("bob");
		}));
	}

	private static JwtDecoder decoderAt(Instant time) {
		JwtTimestampValidator timestamps = new JwtTimestampValidator(Duration.ZERO);
		timestamps.setClock(Clock.fixed(time, ZoneOffset.UTC));
		NimbusJwtDecoder decoder = (NimbusJwtDecoder) TOKENS.decoder();
		decoder.setJwtValidator(timestamps);
		return decoder;
	}

	@Test
	@TestsProperty("grpc.server.security.enabled")
	void securityCanBeSwitchedOff() {
		this.runner.withPropertyValues("grpc.server.security.enabled=false")
			.withBean(GrpcAuthenticationConverter.class, CallerDuringCallTests::users)
			.run(client((context, client) -> assertThat(name(client, "alice")).isEqualTo("nobody")));
	}

	@Test
	@TestsProperty("grpc.server.security.principal-in-spans")
	void spansNameTheCallerOnlyIfConfigured() {
		Map<String, String> names = new ConcurrentHashMap<>();
		ObservationHandler<Observation.Context> handler = new ObservationHandler<>() {

			@Override
			public void onStop(Observation.Context observed) {
				KeyValue name = observed.getHighCardinalityKeyValue("enduser.id");
				names.put("span", (name != null) ? name.getValue() : "none");
			}

			@Override
			public boolean supportsContext(Observation.Context observed) {
				return true;
			}

		};
		ObservationRegistry registry = ObservationRegistry.create();
		registry.observationConfig().observationHandler(handler);
		ApplicationContextRunner runner = this.runner
			.withBean(GrpcAuthenticationConverter.class, CallerDuringCallTests::users)
			.withBean(ObservationHandler.class, () -> handler)
			.withBean(ObservationRegistry.class, () -> registry);
		runner.run(client((context, client) -> {
			name(client, "alice");
			await().untilAsserted(() -> assertThat(names).containsEntry("span", "none"));
		}));
		names.clear();
		runner.withPropertyValues("grpc.server.security.principal-in-spans=true").run(client((context, client) -> {
			name(client, "alice");
			await().untilAsserted(() -> assertThat(names).containsEntry("span", "alice"));
		}));
	}

	@Test
	@Tag("full")
	void noneOfManyInterleavedCallersSeesAnother() {
		int users = 64;
		int calls = 100_000;
		this.runner.withPropertyValues("grpc.server.executor.type=platform", "grpc.server.executor.threads=2")
			.withBean(GrpcAuthenticationConverter.class, CallerDuringCallTests::users)
			.run(client((context, client) -> {
				Semaphore inFlight = new Semaphore(users);
				Queue<String> wrong = new ConcurrentLinkedQueue<>();
				for (int i = 0; i < calls; i++) {
					String user = (i % users == 0) ? null : "user-" + i % users;
					String expected = (user != null) ? user : "nobody";
					inFlight.acquire();
					stub(client, user).getFeature(Point.getDefaultInstance(), new StreamObserver<>() {

						@Override
						public void onNext(Feature feature) {
							if (!feature.getName().equals(expected)) {
								wrong.add(expected + " was " + feature.getName());
							}
						}

						@Override
						public void onError(Throwable ex) {
							wrong.add(String.valueOf(ex));
							inFlight.release();
						}

						@Override
						public void onCompleted() {
							inFlight.release();
						}

					});
				}
				assertThat(inFlight.tryAcquire(users, 60, TimeUnit.SECONDS)).isTrue();
				assertThat(wrong).isEmpty();
			}));
	}

	/**
	 * Trusts each call to name its user.
	 */
	static GrpcAuthenticationConverter users() {
		return (call) -> {
			String user = call.headers().get(USER);
			return (user != null) ? new TestingAuthenticationToken(user, "", "ROLE_USER") : null;
		};
	}

	private ApplicationContextRunner direct(GrpcAuthenticationConverter converter) {
		return this.runner.withPropertyValues("grpc.server.executor.type=direct")
			.withBean(GrpcAuthenticationConverter.class, () -> converter);
	}

	private static ContextConsumer<AssertableApplicationContext> client(WithClient test) {
		return (context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				test.accept(context, client);
			}
		};
	}

	static String name(GrpcClient client, String user) {
		return client.routeGuide()
			.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers(USER, user)))
			.getFeature(Point.getDefaultInstance())
			.getName();
	}

	static RouteGuideGrpc.RouteGuideStub stub(GrpcClient client, @Nullable String user) {
		RouteGuideGrpc.RouteGuideStub stub = RouteGuideGrpc.newStub(client.channel());
		return (user != null) ? stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers(USER, user)))
				: stub;
	}

	private static Chat chat(GrpcClient client, String user) {
		return new Chat(stub(client, user));
	}

	private static Chat bearer(GrpcClient client, String token) {
		return new Chat(RouteGuideGrpc.newStub(client.channel())
			.withInterceptors(MetadataUtils
				.newAttachHeadersInterceptor(headers(HeaderCredentials.AUTHORIZATION, "Bearer " + token))));
	}

	private static Metadata headers(Metadata.Key<String> key, String value) {
		Metadata headers = new Metadata();
		headers.put(key, value);
		return headers;
	}

	@FunctionalInterface
	private interface WithClient {

		void accept(AssertableApplicationContext context, GrpcClient client) throws Exception;

	}

	/**
	 * An open stream in both directions.
	 */
	private static final class Chat implements StreamObserver<RouteNote> {

		private final BlockingQueue<Object> received = new LinkedBlockingQueue<>();

		private final Context.CancellableContext call = Context.current().withCancellation();

		private final StreamObserver<RouteNote> requests;

		private volatile @Nullable Metadata trailers;

		Chat(RouteGuideGrpc.RouteGuideStub stub) {
			this.requests = open(stub);
		}

		private StreamObserver<RouteNote> open(RouteGuideGrpc.RouteGuideStub stub) {
			Context previous = this.call.attach();
			try {
				return stub.routeChat(this);
			}
			finally {
				this.call.detach(previous);
			}
		}

		String exchange() throws InterruptedException {
			this.requests.onNext(RouteNote.getDefaultInstance());
			return String.valueOf(this.received.poll(60, TimeUnit.SECONDS));
		}

		Status.Code ended() {
			await().atMost(Duration.ofSeconds(60))
				.until(() -> this.received.stream().anyMatch(Status.Code.class::isInstance));
			return this.received.stream()
				.filter(Status.Code.class::isInstance)
				.map(Status.Code.class::cast)
				.findFirst()
				.orElseThrow();
		}

		@Nullable String challenge() {
			Metadata trailers = this.trailers;
			return (trailers != null) ? trailers.get(SecurityStatus.WWW_AUTHENTICATE) : null;
		}

		@Override
		public void onNext(RouteNote note) {
			this.received.add(note.getMessage());
		}

		@Override
		public void onError(Throwable ex) {
			this.trailers = Status.trailersFromThrowable(ex);
			this.received.add(Status.fromThrowable(ex).getCode());
		}

		@Override
		public void onCompleted() {
			this.received.add(Status.Code.OK);
		}

	}

}
