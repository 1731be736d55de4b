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

import java.util.Iterator;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import com.google.protobuf.Message;
import com.google.rpc.ErrorInfo;
import com.google.rpc.LocalizedMessage;
import io.github.lastcall.grpc.server.GlobalServerInterceptor;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.grpc.testing.TestsProperty;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.Context;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.ContextConsumer;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.MessageSource;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.StaticMessageSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

/**
 * How calls end whose handlers fail.
 */
@Timeout(60)
@ExtendWith(OutputCaptureExtension.class)
class CallErrorsTests {

	private static final Metadata.Key<String> SHARD = Metadata.Key.of("shard", Metadata.ASCII_STRING_MARSHALLER);

	private static final Point DOWNSTREAM = Point.newBuilder().setLatitude(1).build();

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withUserConfiguration(Application.class);

	@Test
	void anExceptionThatNothingMapsIsAnErrorWithItsStackTraceAndTheClientIsToldNothing(CapturedOutput output) {
		test((context, client, handler) -> {
			handler.unary = (request, responses) -> {
				throw new IllegalStateException("secret");
			};
			assertThat(failure(client)).hasMessage("UNKNOWN: Application error processing RPC");
			await().untilAsserted(
					() -> assertThat(output).containsOnlyOnce("The handler of routeguide.RouteGuide/GetFeature failed")
						.containsOnlyOnce("java.lang.IllegalStateException: secret")
						.contains("at " + CallErrorsTests.class.getName())
						.doesNotContain("Exception while executing runnable"));
		});
	}

	@Test
	@TestsProperty("grpc.server.error.include-message")
	void clientsCanBeToldTheMessageOfAnException() {
		this.runner.withPropertyValues("grpc.server.error.include-message=always")
			.run(with((context, client, handler) -> {
				handler.unary = (request, responses) -> {
					throw new IllegalStateException("secret");
				};
				assertThat(failure(client)).hasMessage("UNKNOWN: java.lang.IllegalStateException: secret");
			}));
	}

	@Test
	void aThrownStatusIsNoErrorInTheLog(CapturedOutput output) {
		test((context, client, handler) -> {
			handler.unary = (request, responses) -> {
				throw Status.NOT_FOUND.withDescription("Nothing is here").asRuntimeException();
			};
			assertThat(failure(client)).hasMessage("NOT_FOUND: Nothing is here");
			assertThat(output).doesNotContain("NOT_FOUND").doesNotContain("\tat ");
		});
	}

	@Test
	void aStatusThatTellsOfAFaultIsAWarningOnce(CapturedOutput output) {
		test((context, client, handler) -> {
			handler.unary = (request, responses) -> {
				throw Status.UNAVAILABLE.withDescription("No database")
					.withCause(new IllegalStateException("refused"))
					.asRuntimeException();
			};
			for (int i = 0; i < 3; i++) {
				assertThat(failure(client)).hasMessage("UNAVAILABLE: No database");
			}
			await().untilAsserted(() -> assertThat(output)
				.containsOnlyOnce("routeguide.RouteGuide/GetFeature ended with UNAVAILABLE: No database "
						+ "(java.lang.IllegalStateException: refused)")
				.doesNotContain("\tat "));
		});
	}

	@Test
	void theDetailsOfADownstreamStatusReachTheClientAndItsOtherTrailersDoNot() {
		test((context, client, handler) -> {
			StatusRuntimeException failure = downstream(client, handler);
			assertThat(failure.getTrailers().get(SHARD)).isNull();
		});
	}

	@Test
	@TestsProperty("grpc.server.error.pass-downstream-trailers")
	void allTrailersOfADownstreamStatusCanBePassed() {
		this.runner.withPropertyValues("grpc.server.error.pass-downstream-trailers=true")
			.run(with((context, client, handler) -> assertThat(downstream(client, handler).getTrailers().get(SHARD))
				.isEqualTo("7")));
	}

	private static StatusRuntimeException downstream(GrpcClient client, Handler handler) {
		handler.unary = (request, responses) -> {
			if (request.equals(DOWNSTREAM)) {
				throw GrpcError.of(Status.NOT_FOUND.withDescription("Nothing is here"))
					.reason("NO_FEATURE")
					.trailer(SHARD, "7")
					.asException();
			}
			client.routeGuide().getFeature(DOWNSTREAM);
		};
		StatusRuntimeException failure = failure(client);
		assertThat(failure).hasMessage("NOT_FOUND: Nothing is here");
		assertThat(GrpcErrorTests.details(StatusProto.fromThrowable(failure)))
			.containsExactly(ErrorInfo.newBuilder().setReason("NO_FEATURE").build());
		return failure;
	}

	@Test
	void aHandlerThatHasFailedIsToldOfACancellationAndOfNothingElse() {
		test((context, client, handler) -> {
			CompletableFuture<Throwable> cancelled = new CompletableFuture<>();
			CountDownLatch messages = new CountDownLatch(2);
			handler.streaming = (responses) -> new StreamObserver<>() {

				@Override
				public void onNext(RouteNote note) {
					messages.countDown();
					throw new IllegalStateException("on purpose");
				}

				@Override
				public void onError(Throwable ex) {
					cancelled.complete(ex);
				}

				@Override
				public void onCompleted() {
					messages.countDown();
				}

			};
			Observer<RouteNote> notes = new Observer<>();
			StreamObserver<RouteNote> requests = RouteGuideGrpc.newStub(client.channel()).routeChat(notes);
			for (int i = 0; i < 10; i++) {
				requests.onNext(RouteNote.getDefaultInstance());
			}
			requests.onCompleted();
			assertThat(notes.awaitEnd()).isEqualTo(Status.Code.UNKNOWN);
			assertThat(cancelled.get(30, TimeUnit.SECONDS)).hasMessageContaining("CANCELLED");
			assertThat(messages.getCount()).isOne();
		});
	}

	@Test
	void whatAHandlerSendsAfterItHasFailedIsDropped() {
		test((context, client, handler) -> {
			CompletableFuture<Void> failed = new CompletableFuture<>();
			CompletableFuture<Void> sent = new CompletableFuture<>();
			handler.unary = (request, responses) -> {
				failed.thenRunAsync(() -> {
					responses.onNext(Feature.getDefaultInstance());
					responses.onCompleted();
				}).whenComplete((done, ex) -> sent.complete(null));
				throw Status.NOT_FOUND.asRuntimeException();
			};
			assertThat(failure(client)).hasMessage("NOT_FOUND");
			failed.complete(null);
			assertThat(sent).succeedsWithin(30, TimeUnit.SECONDS);
		});
	}

	@Test
	void anExceptionAfterTheEndOfACallIsLoggedOnly(CapturedOutput output) {
		test((context, client, handler) -> {
			handler.unary = (request, responses) -> {
				responses.onNext(Feature.getDefaultInstance());
				responses.onCompleted();
				throw new IllegalStateException("too late");
			};
			assertThat(client.routeGuide().getFeature(Point.getDefaultInstance()))
				.isEqualTo(Feature.getDefaultInstance());
			await().until(() -> output.getAll().contains("java.lang.IllegalStateException: too late"));
		});
	}

	@Test
	void whatACallbackThrowsThatIsToldOfRoomEndsItsCall() {
		test((context, client, handler) -> {
			handler.streaming = (responses) -> {
				((ServerCallStreamObserver<RouteNote>) responses).setOnReadyHandler(() -> {
					throw Status.DATA_LOSS.asRuntimeException();
				});
				return new Observer<>();
			};
			Observer<RouteNote> notes = new Observer<>();
			RouteGuideGrpc.newStub(client.channel()).routeChat(notes);
			assertThat(notes.awaitEnd()).isEqualTo(Status.Code.DATA_LOSS);
		});
	}

	@Test
	void anExceptionOfACallbackThatIsToldOfACancellationIsLoggedOnly(CapturedOutput output) {
		test((context, client, handler) -> {
			handler.serverStreaming = (request, responses) -> {
				((ServerCallStreamObserver<Feature>) responses).setOnCancelHandler(() -> {
					throw new IllegalStateException("too late");
				});
				responses.onNext(Feature.getDefaultInstance());
			};
			Observer<Feature> features = new Observer<>();
			try (Context.CancellableContext call = Context.current().withCancellation()) {
				call.run(() -> RouteGuideGrpc.newStub(client.channel())
					.listFeatures(Rectangle.getDefaultInstance(), features));
				features.awaitMessages(1);
			}
			await().until(() -> output.getAll().contains("java.lang.IllegalStateException: too late"));
		});
	}

	@Test
	void anExceptionOfACallbackAtTheEndIsLoggedOnly(CapturedOutput output) {
		test((context, client, handler) -> {
			handler.unary = (request, responses) -> {
				((ServerCallStreamObserver<Feature>) responses).setOnCloseHandler(() -> {
					throw new IllegalStateException("too late");
				});
				responses.onNext(Feature.getDefaultInstance());
				responses.onCompleted();
			};
			assertThat(client.routeGuide().getFeature(Point.getDefaultInstance()))
				.isEqualTo(Feature.getDefaultInstance());
			await().until(() -> output.getAll().contains("java.lang.IllegalStateException: too late"));
		});
	}

	@Test
	void messagesThatWereSentBeforeArrive() {
		test((context, client, handler) -> {
			handler.serverStreaming = (request, responses) -> {
				responses.onNext(Feature.newBuilder().setName("first").build());
				throw Status.DATA_LOSS.asRuntimeException();
			};
			Iterator<Feature> features = client.routeGuide().listFeatures(Rectangle.getDefaultInstance());
			assertThat(features.next().getName()).isEqualTo("first");
			assertThat(catchThrowableOfType(StatusRuntimeException.class, features::next)).hasMessage("DATA_LOSS");
		});
	}

	@Test
	void anInterceptorThatKeepsTheFailureToItselfDoesNotKeepTheCallOpen() {
		this.runner.withUserConfiguration(KeepingConfiguration.class).run(with((context, client, handler) -> {
			handler.unary = (request, responses) -> {
				throw Status.NOT_FOUND.asRuntimeException();
			};
			assertThat(failure(client)).hasMessage("NOT_FOUND");
		}));
	}

	@Test
	void anErrorThatIsTooLargeForItsClientIsShortened(CapturedOutput output) {
		test((context, client, handler) -> {
			handler.unary = (request,
					responses) -> responses.onError(GrpcError.of(Status.Code.INTERNAL)
						.description("x".repeat(8100))
						.reason("LONG")
						.trailer(SHARD, "7")
						.asException());
			StatusRuntimeException failure = failure(client);
			assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.INTERNAL);
			assertThat(failure.getStatus().getDescription()).startsWith("xxx").endsWith("x...");
			assertThat(GrpcErrorTests.details(StatusProto.fromThrowable(failure)))
				.containsExactly(ErrorInfo.newBuilder().setReason("LONG").build());
			handler.unary = (request, responses) -> {
				throw GrpcError.of(Status.Code.INTERNAL).trailer(SHARD, "7".repeat(8100)).asException();
			};
			assertThat(failure(client)).hasMessage("INTERNAL");
			await().untilAsserted(() -> assertThat(output)
				.containsOnlyOnce("Dropped the trailers [shard] of routeguide.RouteGuide/GetFeature"));
		});
	}

	@Test
	void theTrailersOfAnInterceptorThatClosesACallWithAnExceptionAreShortenedToo(CapturedOutput output) {
		this.runner.withUserConfiguration(ClosingConfiguration.class).run(with((context, client, handler) -> {
			assertThat(failure(client)).hasMessage("UNKNOWN: Application error processing RPC");
			await().untilAsserted(() -> assertThat(output)
				.containsOnlyOnce("Dropped the trailers [shard] of routeguide.RouteGuide/GetFeature"));
		}));
	}

	@Test
	void aTextForTheUserIsInTheLanguageOfTheClient() {
		this.runner.withBean("messageSource", MessageSource.class, CallErrorsTests::messages)
			.run(with((context, client, handler) -> {
				handler.unary = (request, responses) -> {
					throw GrpcError.of(Status.Code.NOT_FOUND).localized("feature.missing", "Berlin").asException();
				};
				assertThat(localized(client, "de-DE, en;q=0.5"))
					.isEqualTo(LocalizedMessage.newBuilder().setLocale("de-DE").setMessage("Nichts in Berlin").build());
				handler.unary = (request, responses) -> responses
					.onError(GrpcError.of(Status.Code.NOT_FOUND).localized("feature.missing", "Paris").asException());
				assertThat(localized(client, "fr"))
					.isEqualTo(LocalizedMessage.newBuilder().setLocale("fr").setMessage("Rien à Paris").build());
			}));
	}

	@ParameterizedTest
	@ValueSource(strings = { "no.such.message", "feature.count" })
	void aTextThatCannotBeResolvedIsLeftOutWithAWarning(String code, CapturedOutput output) {
		this.runner.withBean("messageSource", MessageSource.class, CallErrorsTests::messages)
			.run(with((context, client, handler) -> {
				handler.unary = (request, responses) -> {
					throw GrpcError.of(Status.Code.NOT_FOUND).localized(code, "many").asException();
				};
				for (int i = 0; i < 3; i++) {
					StatusRuntimeException failure = failure(client, "fr");
					assertThat(failure).hasMessage("NOT_FOUND");
					assertThat(failure.getTrailers().keys()).containsOnly("content-type");
				}
				assertThat(output)
					.containsOnlyOnce("routeguide.RouteGuide/GetFeature failed without a text for its user: message '"
							+ code + "' cannot be resolved for locale fr");
			}));
	}

	private static MessageSource messages() {
		StaticMessageSource messages = new StaticMessageSource();
		messages.addMessage("feature.missing", Locale.GERMANY, "Nichts in {0}");
		messages.addMessage("feature.missing", Locale.FRENCH, "Rien à {0}");
		messages.addMessage("feature.count", Locale.FRENCH, "{0,number}");
		return messages;
	}

	private static Message localized(GrpcClient client, String languages) {
		StatusRuntimeException failure = failure(client, languages);
		assertThat(failure.getTrailers().keys()).doesNotContain("lastcall-localized-text-bin");
		return GrpcErrorTests.details(StatusProto.fromThrowable(failure)).get(0);
	}

	private void test(Check check) {
		this.runner.run(with(check));
	}

	private static ContextConsumer<AssertableApplicationContext> with(Check check) {
		return (context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				check.check(context, client, context.getBean(Handler.class));
			}
		};
	}

	private static StatusRuntimeException failure(GrpcClient client) {
		return catchThrowableOfType(StatusRuntimeException.class,
				() -> client.routeGuide().getFeature(Point.getDefaultInstance()));
	}

	private static StatusRuntimeException failure(GrpcClient client, String languages) {
		Metadata headers = new Metadata();
		headers.put(Metadata.Key.of("accept-language", Metadata.ASCII_STRING_MARSHALLER), languages);
		return catchThrowableOfType(StatusRuntimeException.class,
				() -> client.routeGuide()
					.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
					.getFeature(Point.getDefaultInstance()));
	}

	private interface Check {

		void check(AssertableApplicationContext context, GrpcClient client, Handler handler) throws Exception;

	}

	private interface Call<Q, R> {

		void handle(Q request, StreamObserver<R> responses);

	}

	@GrpcService
	static final class Handler extends RouteGuideGrpc.RouteGuideImplBase {

		volatile Call<Point, Feature> unary = super::getFeature;

		volatile Call<Rectangle, Feature> serverStreaming = super::listFeatures;

		volatile Function<StreamObserver<RouteNote>, StreamObserver<RouteNote>> streaming = super::routeChat;

		@Override
		public void getFeature(Point request, StreamObserver<Feature> responses) {
			this.unary.handle(request, responses);
		}

		@Override
		public void listFeatures(Rectangle request, StreamObserver<Feature> responses) {
			this.serverStreaming.handle(request, responses);
		}

		@Override
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> responses) {
			return this.streaming.apply(responses);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Application {

		@Bean
		Handler handler() {
			return new Handler();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class KeepingConfiguration {

		@Bean
		@GlobalServerInterceptor
		ServerInterceptor keeping() {
			return new ServerInterceptor() {

				@Override
				public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
						ServerCallHandler<Q, R> next) {
					return next.startCall(new SimpleForwardingServerCall<>(call) {

						@Override
						public void close(Status status, Metadata trailers) {
						}

					}, headers);
				}

			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ClosingConfiguration {

		@Bean
		@GlobalServerInterceptor
		ServerInterceptor closing() {
			return new ServerInterceptor() {

				@Override
				public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
						ServerCallHandler<Q, R> next) {
					Metadata trailers = new Metadata();
					trailers.put(SHARD, "7".repeat(8100));
					call.close(Status.fromThrowable(new IllegalStateException("secret")), trailers);
					return new ServerCall.Listener<>() {
					};
				}

			};
		}

	}

}
