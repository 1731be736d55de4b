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
package io.github.lastcall.grpc.call;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.github.lastcall.grpc.autoconfigure.GrpcServerProperties.ExecutorType;
import io.github.lastcall.grpc.error.GrpcExceptionMapper;
import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.executor.ThreadState;
import io.github.lastcall.grpc.server.GlobalServerInterceptor;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.Echo;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.grpc.testing.OnEachExecutor;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * What a call leaves behind on a thread is not there for the next one.
 */
@Timeout(60)
class ThreadStateTests {

	private static final Metadata.Key<String> USER = Metadata.Key.of("user", Metadata.ASCII_STRING_MARSHALLER);

	private static final String NOBODY = "null null null";

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withUserConfiguration(Config.class)
		.withPropertyValues("grpc.server.executor.threads=1");

	@AfterEach
	void forget() {
		State.clear();
	}

	@OnEachExecutor
	void whatAnInterceptorLeavesIsNotSeenByTheNextCall(ExecutorType executor) {
		this.runner.withPropertyValues("grpc.server.executor.type=" + executor).run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				call(client.channel(), "alice");
				assertThat(call(client.channel(), null)).isEqualTo(NOBODY);
			}
		});
	}

	@OnEachExecutor
	void whatAnInterceptorSetsIsSeenInTheSameRun(ExecutorType executor) {
		this.runner.withPropertyValues("grpc.server.executor.type=" + executor).run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				assertThat(OneMethodService.call(user(client.channel(), "alice"), "test.Begin").getName())
					.isEqualTo("alice alice alice");
				assertThat(OneMethodService.call(client.channel(), "test.Begin").getName()).isEqualTo(NOBODY);
			}
		});
	}

	@OnEachExecutor
	void whatAnInterceptorSetsIsThereWhileAnExceptionIsMappedAndLogged(ExecutorType executor) {
		Queue<String> mapped = new ConcurrentLinkedQueue<>();
		GrpcExceptionMapper mapper = (exception, call) -> {
			mapped.add(State.current());
			return null;
		};
		this.runner.withBean(GrpcExceptionMapper.class, () -> mapper)
			.withPropertyValues("grpc.server.executor.type=" + executor)
			.run((context) -> {
				StateAppender log = new StateAppender();
				try (GrpcClient client = GrpcClient.of(context)) {
					log.attach();
					assertThatExceptionOfType(StatusRuntimeException.class)
						.isThrownBy(() -> OneMethodService.call(user(client.channel(), "alice"), "test.Fail"));
					assertThat(mapped).containsExactly("alice alice alice");
					await().until(() -> !log.states.isEmpty());
					assertThat(log.states).containsExactly("alice alice alice");
				}
				finally {
					log.detach();
				}
			});
	}

	@OnEachExecutor
	void theThreadOfAClientInTheSameProcessGetsItsOwnStateBack(ExecutorType executor) {
		this.runner
			.withPropertyValues("grpc.server.executor.type=" + executor, "grpc.server.port=-1",
					"grpc.server.in-process.name=thread-state")
			.run((context) -> {
				try (GrpcClient client = GrpcClient
					.of(InProcessChannelBuilder.forName("thread-state").directExecutor())) {
					State.set("client");
					ClientCalls.futureUnaryCall(user(client.channel(), "alice")
						.newCall(RouteGuideGrpc.getGetFeatureMethod(), CallOptions.DEFAULT), Point.getDefaultInstance())
						.get(30, TimeUnit.SECONDS);
					assertThat(State.current()).isEqualTo("client client client");
				}
			});
	}

	@Test
	void aThreadOfTheApplicationGetsBackWhatWasThereBefore() throws Exception {
		ExecutorService pool = Executors.newSingleThreadExecutor();
		try {
			pool.submit(() -> State.set("pool")).get();
			this.runner.withBean(ServerExecutor.class, () -> ServerExecutor.of(pool)).run((context) -> {
				try (GrpcClient client = GrpcClient.of(context)) {
					assertThat(call(client.channel(), "alice")).isNotNull();
					assertThat(pool.submit(State::current).get()).isEqualTo("pool pool pool");
				}
			});
		}
		finally {
			pool.shutdownNow();
		}
	}

	@Test
	void aScopeThatWasLeftOpenIsClosedSoThatItsHandlersTakeBackWhatTheyDid() {
		this.runner.run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				call(client.channel(), "alice");
				call(client.channel(), null);
				assertThat(context.getBean(Scopes.class).open).isZero();
			}
		});
	}

	/**
	 * As the guide has it.
	 */
	@OnEachExecutor
	void aValueInTheContextIsThereInEveryCallback(ExecutorType executor) {
		this.runner.withBean(TenantInterceptor.class)
			.withPropertyValues("grpc.server.executor.type=" + executor)
			.run((context) -> {
				try (GrpcClient client = GrpcClient.of(context)) {
					Metadata headers = new Metadata();
					headers.put(TenantInterceptor.HEADER, "acme");
					Channel channel = ClientInterceptors.intercept(client.channel(),
							MetadataUtils.newAttachHeadersInterceptor(headers));
					RouteNote note = RouteNote.newBuilder().setMessage("to ").build();
					Observer<RouteNote> call = new Observer<>();
					StreamObserver<RouteNote> requests = RouteGuideGrpc.newStub(channel).routeChat(call);
					for (int i = 1; i <= 3; i++) {
						requests.onNext(note);
						call.awaitMessages(i);
					}
					requests.onCompleted();
					assertThat(call.awaitEnd()).isEqualTo(Status.Code.OK);
					assertThat(call.messages).extracting(RouteNote::getMessage)
						.containsExactly("to acme", "to acme", "to acme");
				}
			});
	}

	@Test
	void aServerStartsWithoutTheLibraries() {
		this.runner
			.withClassLoader(new FilteredClassLoader("org.springframework.security", "io.micrometer.observation"))
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(context).hasSingleBean(ThreadState.class);
			});
	}

	private static String call(Channel channel, @Nullable String user) {
		return RouteGuideGrpc.newBlockingStub((user != null) ? user(channel, user) : channel)
			.withDeadlineAfter(30, TimeUnit.SECONDS)
			.getFeature(Point.getDefaultInstance())
			.getName();
	}

	private static Channel user(Channel channel, String user) {
		Metadata headers = new Metadata();
		headers.put(USER, user);
		return ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
	}

	/**
	 * What code may leave behind.
	 */
	static final class State {

		private static final ObservationRegistry REGISTRY = ObservationRegistry.create();

		private State() {
		}

		static void set(String name) {
			// In place, as many interceptors do it.
			SecurityContextHolder.getContext().setAuthentication(new TestingAuthenticationToken(name, "n/a"));
			MDC.put("user", name);
			Observation.start(name, REGISTRY).openScope();
		}

		static void clear() {
			SecurityContextHolder.clearContext();
			MDC.clear();
			REGISTRY.setCurrentObservationScope(null);
		}

		static String current() {
			Authentication authentication = SecurityContextHolder.getContext().getAuthentication();
			Observation observation = REGISTRY.getCurrentObservation();
			return ((authentication != null) ? authentication.getName() : null) + " " + MDC.get("user") + " "
					+ ((observation != null) ? observation.getContext().getName() : null);
		}

	}

	/**
	 * Notes the state of the thread at each line of the log about a failed call.
	 */
	private static final class StateAppender extends AppenderBase<ILoggingEvent> {

		private static final Logger logger = (Logger) LoggerFactory.getLogger("io.github.lastcall.grpc.error");

		final Queue<String> states = new ConcurrentLinkedQueue<>();

		void attach() {
			start();
			logger.addAppender(this);
		}

		void detach() {
			logger.detachAppender(this);
		}

		@Override
		protected void append(ILoggingEvent event) {
			this.states.add(State.current());
		}

	}

	@GlobalServerInterceptor
	static class TenantInterceptor implements ServerInterceptor {

		static final Context.Key<String> TENANT = Context.key("tenant");

		private static final Metadata.Key<String> HEADER = Metadata.Key.of("tenant", Metadata.ASCII_STRING_MARSHALLER);

		@Override
		public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
				ServerCallHandler<Q, R> next) {
			Context context = Context.current().withValue(TENANT, headers.get(HEADER));
			return Contexts.interceptCall(context, call, headers, next);
		}

	}

	static final class Scopes implements ObservationHandler<Observation.Context> {

		private volatile int open;

		Scopes() {
			State.REGISTRY.observationConfig().observationHandler(this);
		}

		@Override
		public synchronized void onScopeOpened(Observation.Context context) {
			this.open++;
		}

		@Override
		public synchronized void onScopeClosed(Observation.Context context) {
			this.open--;
		}

		@Override
		public boolean supportsContext(Observation.Context context) {
			return true;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Config {

		@Bean
		Scopes scopes() {
			return new Scopes();
		}

		@Bean
		@GrpcService
		BindableService routeGuide() {
			return new RouteGuideGrpc.RouteGuideImplBase() {

				@Override
				public void getFeature(Point request, StreamObserver<Feature> responses) {
					responses.onNext(Feature.newBuilder().setName(State.current()).build());
					responses.onCompleted();
				}

				@Override
				public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> responses) {
					return new Echo(responses) {

						@Override
						public void onNext(RouteNote note) {
							super.onNext(note.toBuilder()
								.setMessage(note.getMessage() + TenantInterceptor.TENANT.get())
								.build());
						}

					};
				}

			};
		}

		/**
		 * Answers where the call begins, which is always the run of the interceptors.
		 */
		@Bean
		@GrpcService
		BindableService begin() {
			return () -> ServerServiceDefinition.builder("test.Begin")
				.addMethod(OneMethodService.method("test.Begin"), (call, headers) -> {
					call.sendHeaders(new Metadata());
					call.sendMessage(Feature.newBuilder().setName(State.current()).build());
					call.close(Status.OK, new Metadata());
					return new ServerCall.Listener<>() {
					};
				})
				.build();
		}

		/**
		 * Fails where the call begins.
		 */
		@Bean
		@GrpcService
		BindableService fail() {
			return () -> ServerServiceDefinition.builder("test.Fail")
				.addMethod(OneMethodService.method("test.Fail"), (call, headers) -> {
					throw new IllegalStateException("on purpose");
				})
				.build();
		}

		@Bean
		@GlobalServerInterceptor
		ServerInterceptor user() {
			return new ServerInterceptor() {

				@Override
				public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
						ServerCallHandler<Q, R> next) {
					String user = headers.get(USER);
					if (user != null) {
						State.set(user);
					}
					return next.startCall(call, headers);
				}

			};
		}

	}

}
