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

package io.github.lastcall.grpc.error;

import java.lang.reflect.UndeclaredThrowableException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;

import com.google.rpc.ErrorInfo;
import io.github.lastcall.grpc.autoconfigure.GrpcServerProperties.ExecutorType;
import io.github.lastcall.grpc.server.GlobalServerInterceptor;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.OnEachExecutor;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.github.lastcall.sample.routeguide.RouteSummary;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Timeout;

import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * What clients receive of what is thrown: wherever it is thrown, in each kind of call and
 * on each executor.
 */
@Timeout(60)
class FailedCallTests {

	private static final Metadata.Key<String> TRAILER = Metadata.Key.of("shard", Metadata.ASCII_STRING_MARSHALLER);

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withUserConfiguration(FailingConfiguration.class);

	@OnEachExecutor
	void whatIsThrownReachesTheClient(ExecutorType executor) {
		this.runner.withPropertyValues("grpc.server.executor.type=" + executor).run((context) -> {
			SoftAssertions assertions = new SoftAssertions();
			try (GrpcClient client = GrpcClient.of(context)) {
				for (Place place : Place.values()) {
					for (Kind kind : Kind.values()) {
						for (Thrown thrown : Thrown.values()) {
							check(context, client, place, kind, thrown, assertions);
						}
					}
				}
			}
			assertions.assertAll();
		});
	}

	private static void check(AssertableApplicationContext context, GrpcClient client, Place place, Kind kind,
			Thrown thrown, SoftAssertions assertions) {
		String description = "%s thrown by %s in %s".formatted(thrown, place, kind);
		Failing failing = context.getBean(Failing.class);
		failing.next(place, thrown);
		Throwable failure = null;
		try {
			kind.call(client);
		}
		catch (StatusRuntimeException ex) {
			failure = ex;
		}
		assertions.assertThat(failure).as(description).isInstanceOf(StatusRuntimeException.class);
		if (failure instanceof StatusRuntimeException received) {
			thrown.check(received, assertions, description);
			if (place != Place.INTERCEPTOR) {
				assertions.assertThat(failing.closes).as(description).containsExactly(received.getStatus().getCode());
			}
		}
	}

	/**
	 * A kind of call.
	 */
	private enum Kind {

		UNARY {

			@Override
			void call(GrpcClient client) {
				client.featureName();
			}

		},

		SERVER_STREAMING {

			@Override
			void call(GrpcClient client) {
				client.routeGuide().listFeatures(Rectangle.getDefaultInstance()).forEachRemaining((feature) -> {
				});
			}

		},

		CLIENT_STREAMING {

			@Override
			void call(GrpcClient client) {
				Response<RouteSummary> response = new Response<>();
				send(RouteGuideGrpc.newStub(client.channel()).recordRoute(response), Point.getDefaultInstance());
				response.await();
			}

		},

		BIDIRECTIONAL_STREAMING {

			@Override
			void call(GrpcClient client) {
				Response<RouteNote> response = new Response<>();
				send(RouteGuideGrpc.newStub(client.channel()).routeChat(response), RouteNote.getDefaultInstance());
				response.await();
			}

		};

		abstract void call(GrpcClient client);

		private static <Q> void send(StreamObserver<Q> requests, Q request) {
			for (int i = 0; i < 3; i++) {
				requests.onNext(request);
			}
			requests.onCompleted();
		}

	}

	/**
	 * Where something is thrown.
	 */
	private enum Place {

		HANDLER, ON_ERROR, FUTURE, INTERCEPTOR, LISTENER_OF_AN_INTERCEPTOR

	}

	/**
	 * What is thrown.
	 */
	private enum Thrown {

		STATUS_RUNTIME_EXCEPTION {

			@Override
			Throwable create() {
				return status().asRuntimeException(trailers());
			}

		},

		STATUS_EXCEPTION {

			@Override
			Throwable create() {
				return status().asException(trailers());
			}

		},

		IN_COMPLETION_EXCEPTION {

			@Override
			Throwable create() {
				return new CompletionException(status().asRuntimeException(trailers()));
			}

		},

		IN_EXECUTION_EXCEPTION {

			@Override
			Throwable create() {
				return new ExecutionException(status().asRuntimeException(trailers()));
			}

		},

		IN_UNDECLARED_THROWABLE_EXCEPTION {

			@Override
			Throwable create() {
				return new UndeclaredThrowableException(status().asException(trailers()));
			}

		},

		GRPC_ERROR {

			@Override
			Throwable create() {
				return GrpcError.of(status()).reason("NO_FEATURE").trailer(TRAILER, "7").asException();
			}

			@Override
			void check(StatusRuntimeException received, SoftAssertions assertions, String description) {
				super.check(received, assertions, description);
				com.google.rpc.Status details = StatusProto.fromThrowable(received);
				assertions.assertThat((details != null) ? GrpcErrorTests.details(details) : List.of())
					.as(description)
					.contains(ErrorInfo.newBuilder().setReason("NO_FEATURE").build());
			}

		},

		MAPPED {

			@Override
			Throwable create() {
				return new CompletionException(new MappedException());
			}

		},

		EXCEPTION {

			@Override
			Throwable create() {
				return new IllegalStateException("secret");
			}

			@Override
			void check(StatusRuntimeException received, SoftAssertions assertions, String description) {
				assertions.assertThat(received).as(description).hasMessage("UNKNOWN: Application error processing RPC");
			}

		},

		ERROR {

			@Override
			Throwable create() {
				return new LinkageError("secret");
			}

			@Override
			void check(StatusRuntimeException received, SoftAssertions assertions, String description) {
				EXCEPTION.check(received, assertions, description);
			}

		};

		private static Status status() {
			return Status.NOT_FOUND.withDescription("Nothing is here");
		}

		private static Metadata trailers() {
			Metadata trailers = new Metadata();
			trailers.put(TRAILER, "7");
			return trailers;
		}

		abstract Throwable create();

		void check(StatusRuntimeException received, SoftAssertions assertions, String description) {
			assertions.assertThat(received).as(description).hasMessage("NOT_FOUND: Nothing is here");
			assertions.assertThat(Objects.requireNonNullElseGet(received.getTrailers(), Metadata::new).get(TRAILER))
				.as(description)
				.isEqualTo("7");
		}

	}

	private static final class MappedException extends RuntimeException {

	}

	private static final class Response<T> implements StreamObserver<T> {

		private final CompletableFuture<Void> end = new CompletableFuture<>();

		@Override
		public void onNext(T message) {
		}

		@Override
		public void onError(Throwable ex) {
			this.end.completeExceptionally(ex);
		}

		@Override
		public void onCompleted() {
			this.end.complete(null);
		}

		void await() {
			try {
				this.end.join();
			}
			catch (CompletionException ex) {
				throw (StatusRuntimeException) ex.getCause();
			}
		}

	}

	/**
	 * Fails where it is told to.
	 */
	static final class Failing {

		final List<Status.Code> closes = new CopyOnWriteArrayList<>();

		private volatile Place place = Place.HANDLER;

		private volatile Thrown thrown = Thrown.EXCEPTION;

		void next(Place place, Thrown thrown) {
			this.closes.clear();
			this.place = place;
			this.thrown = thrown;
		}

		void at(Place place) {
			if (this.place == place) {
				Failing.<RuntimeException>sneakyThrow(this.thrown.create());
			}
		}

		void handle(StreamObserver<?> responses) {
			at(Place.HANDLER);
			if (this.place == Place.ON_ERROR) {
				responses.onError(this.thrown.create());
			}
			else if (this.place == Place.FUTURE) {
				CompletableFuture.runAsync(() -> at(Place.FUTURE)).whenComplete((done, ex) -> responses.onError(ex));
			}
		}

		@SuppressWarnings({ "unchecked", "TypeParameterUnusedInFormals" })
		private static <X extends Throwable> void sneakyThrow(Throwable ex) throws X {
			throw (X) ex;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class FailingConfiguration {

		@Bean
		Failing failing() {
			return new Failing();
		}

		@Bean
		@GrpcService
		FailingRouteGuide routeGuide(Failing failing) {
			return new FailingRouteGuide(failing);
		}

		@Bean
		@GlobalServerInterceptor
		ServerInterceptor failingInterceptor(Failing failing) {
			return new FailingInterceptor(failing);
		}

		@Bean
		GrpcExceptionMapper mapper() {
			return (exception, call) -> (exception instanceof MappedException)
					? GrpcError.of(Status.NOT_FOUND.withDescription("Nothing is here")).trailer(TRAILER, "7") : null;
		}

	}

	static final class FailingInterceptor implements ServerInterceptor {

		private final Failing failing;

		FailingInterceptor(Failing failing) {
			this.failing = failing;
		}

		@Override
		public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
				ServerCallHandler<Q, R> next) {
			ServerCall<Q, R> recorded = new SimpleForwardingServerCall<>(call) {

				@Override
				public void close(Status status, Metadata trailers) {
					FailingInterceptor.this.failing.closes.add(status.getCode());
					super.close(status, trailers);
				}

			};
			this.failing.at(Place.INTERCEPTOR);
			return new SimpleForwardingServerCallListener<>(next.startCall(recorded, headers)) {

				@Override
				public void onMessage(Q message) {
					FailingInterceptor.this.failing.at(Place.LISTENER_OF_AN_INTERCEPTOR);
					super.onMessage(message);
				}

			};
		}

	}

	static final class FailingRouteGuide extends RouteGuideGrpc.RouteGuideImplBase {

		private final Failing failing;

		FailingRouteGuide(Failing failing) {
			this.failing = failing;
		}

		@Override
		public void getFeature(Point request, StreamObserver<Feature> responses) {
			this.failing.handle(responses);
		}

		@Override
		public void listFeatures(Rectangle request, StreamObserver<Feature> responses) {
			responses.onNext(Feature.getDefaultInstance());
			this.failing.handle(responses);
		}

		@Override
		public StreamObserver<Point> recordRoute(StreamObserver<RouteSummary> responses) {
			return new FailingObserver<>(responses);
		}

		@Override
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> responses) {
			return new FailingObserver<>(responses);
		}

		/**
		 * Fails at the second message.
		 */
		private final class FailingObserver<Q> implements StreamObserver<Q> {

			private final StreamObserver<?> responses;

			private int messages;

			FailingObserver(StreamObserver<?> responses) {
				this.responses = responses;
			}

			@Override
			public void onNext(Q message) {
				if (++this.messages == 2) {
					FailingRouteGuide.this.failing.handle(this.responses);
				}
			}

			@Override
			public void onError(Throwable ex) {
			}

			@Override
			public void onCompleted() {
			}

		}

	}

}
