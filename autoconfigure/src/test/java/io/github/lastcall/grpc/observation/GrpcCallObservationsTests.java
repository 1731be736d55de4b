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
package io.github.lastcall.grpc.observation;

import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.Stream;

import com.google.protobuf.Any;
import com.google.rpc.RequestInfo;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.observation.ObservedCalls.Callbacks;
import io.github.lastcall.grpc.observation.ObservedCalls.Counter;
import io.github.lastcall.grpc.observation.ObservedCalls.Handler;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.HealthClient;
import io.github.lastcall.grpc.testing.HeldThreads;
import io.github.lastcall.grpc.testing.ManualServerTimer;
import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.ClientCall;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static io.github.lastcall.grpc.observation.ObservedCalls.PARENT;
import static io.github.lastcall.grpc.observation.ObservedCalls.TRACE;
import static io.github.lastcall.grpc.observation.ObservedCalls.assertStatus;
import static io.github.lastcall.grpc.observation.ObservedCalls.span;
import static io.github.lastcall.grpc.observation.ObservedCalls.spans;
import static io.github.lastcall.grpc.observation.ObservedCalls.start;
import static io.github.lastcall.grpc.observation.ObservedCalls.tags;
import static io.github.lastcall.grpc.observation.ObservedCalls.traced;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * The span of a call: one for each call, with its parent, its tags and its status.
 */
@Timeout(60)
class GrpcCallObservationsTests {

	private final ApplicationContextRunner runner = ObservedCalls.runner();

	@Test
	void aCallIsASpanOfTheClientsTrace() {
		this.runner.run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				traced(client).getFeature(Point.getDefaultInstance());
				SpanData span = span(context);
				assertThat(span.getTraceId()).isEqualTo(TRACE);
				assertThat(span.getParentSpanId()).isEqualTo(PARENT);
				assertThat(span.getParentSpanContext().isRemote()).isTrue();
				assertThat(span.getKind()).isEqualTo(SpanKind.SERVER);
				assertThat(span.getName()).isEqualTo("routeguide.RouteGuide/GetFeature");
				assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
				assertThat(tags(span)).doesNotContainKey("error")
					.containsEntry("rpc.service", "routeguide.RouteGuide")
					.containsEntry("rpc.method", "GetFeature")
					.containsEntry("rpc.type", "UNARY")
					.containsEntry("grpc.status_code", "OK")
					.containsEntry("net.peer.name", "127.0.0.1")
					.hasEntrySatisfying("net.peer.port", (port) -> assertThat(port).isNotEqualTo("UNKNOWN"));
			}
		});
	}

	@Test
	void aCallWithoutAParentBeginsATrace() {
		this.runner.run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				client.featureName();
				assertThat(span(context).getParentSpanContext().isValid()).isFalse();
			}
		});
	}

	@Test
	void whatTheClientDidWrongIsNoError() {
		this.runner.run((context) -> {
			context.getBean(Handler.class).status = Status.NOT_FOUND;
			try (GrpcClient client = GrpcClient.of(context)) {
				assertStatus(client, Status.Code.NOT_FOUND);
				SpanData span = span(context);
				assertThat(tags(span)).containsEntry("grpc.status_code", "NOT_FOUND");
				assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
				assertThat(span.getEvents()).isEmpty();
			}
		});
	}

	@Test
	void aFailedCallTellsItsClientTheTraceId() {
		this.runner.run((context) -> {
			context.getBean(Handler.class).onCall = () -> {
				throw new IllegalStateException("on purpose");
			};
			try (GrpcClient client = GrpcClient.of(context)) {
				assertTellsTheTraceId(client);
			}
		});
	}

	@Test
	void aCallThatAnInterceptorFailsTellsItsClientTheTraceIdToo() {
		this.runner.run((context) -> {
			context.getBean(Callbacks.class).failure = new IllegalStateException("on purpose");
			try (GrpcClient client = GrpcClient.of(context)) {
				assertTellsTheTraceId(client);
			}
		});
	}

	private static void assertTellsTheTraceId(GrpcClient client) {
		StatusRuntimeException failure = catchThrowableOfType(StatusRuntimeException.class,
				() -> traced(client).getFeature(Point.getDefaultInstance()));
		com.google.rpc.Status status = StatusProto.fromThrowable(failure);
		assertThat(status).isNotNull();
		assertThat(status.getDetailsList())
			.containsExactly(Any.pack(RequestInfo.newBuilder().setRequestId(TRACE).build()));
	}

	@Test
	void aHandlerThatThrowsIsAnErrorWithItsException() {
		this.runner.run((context) -> {
			context.getBean(Handler.class).onCall = () -> {
				throw new IllegalStateException("on purpose");
			};
			try (GrpcClient client = GrpcClient.of(context)) {
				assertStatus(client, Status.Code.UNKNOWN);
				SpanData span = span(context);
				assertThat(tags(span)).containsEntry("grpc.status_code", "UNKNOWN");
				assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
				assertThat(span.getEvents()).singleElement()
					.satisfies(
							(event) -> assertThat(event.getAttributes().get(AttributeKey.stringKey("exception.type")))
								.isEqualTo(IllegalStateException.class.getName()));
			}
		});
	}

	@ParameterizedTest
	@MethodSource("failures")
	void theSpanHasTheExceptionThatTheTimerHas(RuntimeException failure, Status.Code status, boolean error) {
		this.runner.run((context) -> {
			context.getBean(Handler.class).onCall = () -> {
				throw failure;
			};
			try (GrpcClient client = GrpcClient.of(context)) {
				assertStatus(client, status);
				SpanData span = span(context);
				MeterRegistry meters = context.getBean(MeterRegistry.class);
				await().until(() -> meters.find("grpc.server").timer() != null);
				String name = meters.get("grpc.server")
					.tag("grpc.status_code", status.name())
					.timer()
					.getId()
					.getTag("error");
				assertThat(name).isEqualTo(failure.getClass().getSimpleName());
				assertThat(tags(span)).containsEntry("grpc.status_code", status.name()).containsEntry("error", name);
				assertThat(span.getStatus().getStatusCode()).isEqualTo(error ? StatusCode.ERROR : StatusCode.UNSET);
				assertThat(span.getEvents()).hasSize(error ? 1 : 0);
			}
		});
	}

	static Stream<Arguments> failures() {
		return Stream.of(arguments(new IllegalStateException("unmapped"), Status.Code.UNKNOWN, true),
				arguments(new RejectedExecutionException("mapped"), Status.Code.RESOURCE_EXHAUSTED, false),
				arguments(Status.INTERNAL.asRuntimeException(), Status.Code.INTERNAL, true));
	}

	@Test
	void anInterceptorThatThrowsIsAnErrorOfTheCall() {
		this.runner.run((context) -> {
			context.getBean(Callbacks.class).failure = Status.DATA_LOSS.asRuntimeException();
			try (GrpcClient client = GrpcClient.of(context)) {
				assertStatus(client, Status.Code.DATA_LOSS);
				assertThat(tags(span(context))).containsEntry("grpc.status_code", "DATA_LOSS");
				assertThat(span(context).getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
			}
		});
	}

	@Test
	void aHandlerThatForgetsToAnswerIsAnError() {
		this.runner.run((context) -> {
			context.getBean(Handler.class).answer = false;
			try (GrpcClient client = GrpcClient.of(context)) {
				// grpc-java resets the stream, which carries no other status.
				assertStatus(client, Status.Code.CANCELLED);
				assertThat(tags(span(context))).containsEntry("grpc.status_code", "INTERNAL");
				assertThat(span(context).getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
			}
		});
	}

	@Test
	void aCancelledCallEndsOnceWhenItsHandlerIsDone() {
		this.runner.run((context) -> {
			HeldThreads held = new HeldThreads();
			context.getBean(Handler.class).onCall = held::hold;
			try (GrpcClient client = GrpcClient.of(context)) {
				ClientCall<Point, Feature> call = start(client);
				held.entered.acquire();
				call.cancel("on purpose", null);
				await().until(() -> context.getBean(MeterRegistry.class)
					.find("grpc.server")
					.tags("grpc.status_code", "CANCELLED")
					.timer() != null);
				assertThat(spans(context)).isEmpty();
				held.release.countDown();
				assertThat(tags(span(context))).containsEntry("grpc.status_code", "CANCELLED");
			}
		});
	}

	@Test
	void aCallThatIsCancelledBeforeItsHandlerBeginsEndsOnce() {
		this.runner.withPropertyValues("grpc.server.executor.threads=1").run((context) -> {
			HeldThreads held = new HeldThreads();
			context.getBean(Handler.class).onCall = held::hold;
			try (GrpcClient client = GrpcClient.of(context)) {
				start(client);
				held.entered.acquire();
				ClientCall<Point, Feature> waiting = start(client);
				await().until(() -> context.getBean(GrpcServerDrain.class).getCalls().count() == 2);
				waiting.cancel("on purpose", null);
				assertThat(tags(span(context))).containsEntry("grpc.status_code", "CANCELLED");
				held.release.countDown();
				await().until(() -> context.getBean(GrpcServerDrain.class).getCalls().count() == 0);
				await().until(() -> spans(context).size() == 2);
				assertThat(tags(spans(context).get(1))).containsEntry("grpc.status_code", "OK");
			}
		});
	}

	@Test
	void aCallThatIsRefusedBeforeItHasAHandlerIsASpanToo() {
		this.runner.withPropertyValues("grpc.server.limits.concurrent-calls=1").run((context) -> {
			HeldThreads held = new HeldThreads();
			context.getBean(Handler.class).onCall = held::hold;
			try (GrpcClient client = GrpcClient.of(context)) {
				start(client);
				held.entered.acquire();
				assertStatus(client, Status.Code.RESOURCE_EXHAUSTED);
				assertThat(tags(span(context))).containsEntry("grpc.status_code", "RESOURCE_EXHAUSTED");
				held.release.countDown();
				await().until(() -> spans(context).size() == 2);
			}
		});
	}

	@Test
	void aCallThatIsForcedByTheDrainEndsOnceWithItsStatus() {
		this.runner.withUserConfiguration(TimerConfiguration.class).run((context) -> {
			ManualServerTimer timer = context.getBean(ManualServerTimer.class);
			try (GrpcClient client = GrpcClient.of(context)) {
				Observer<RouteNote> answers = new Observer<>();
				RouteGuideGrpc.newStub(client.channel()).routeChat(answers).onNext(RouteNote.getDefaultInstance());
				answers.awaitMessages(1);
				Thread stop = new Thread(() -> context.getSourceApplicationContext().stop());
				stop.start();
				await().until(() -> {
					timer.advance(Duration.ofSeconds(1));
					return !stop.isAlive();
				});
				assertThat(answers.awaitEnd()).isEqualTo(Status.Code.UNAVAILABLE);
				SpanData span = span(context);
				assertThat(tags(span)).containsEntry("grpc.status_code", "UNAVAILABLE");
				assertThat(span.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
			}
		});
	}

	@Test
	void aServerThatStartsAgainGoesOnObserving() {
		this.runner.run((context) -> {
			for (int i = 1; i <= 2; i++) {
				try (GrpcClient client = GrpcClient.of(context)) {
					client.featureName();
					int calls = i;
					await().until(() -> spans(context).size() == calls);
				}
				context.getSourceApplicationContext().stop();
				context.getSourceApplicationContext().start();
			}
		});
	}

	@Test
	void callsInTheSameProcessAreObserved() {
		this.runner.withPropertyValues("grpc.server.in-process.enabled=true", "grpc.server.in-process.name=observed")
			.run((context) -> {
				try (GrpcClient client = GrpcClient.of(InProcessChannelBuilder.forName("observed"))) {
					traced(client).getFeature(Point.getDefaultInstance());
					assertThat(span(context).getParentSpanId()).isEqualTo(PARENT);
					assertThat(tags(span(context))).containsEntry("grpc.status_code", "OK");
				}
			});
	}

	@Test
	void infrastructureServicesAndUnknownMethodsAreNotObserved() {
		this.runner.run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				new HealthClient(client.channel()).check("");
				Observer<ServerReflectionResponse> answers = new Observer<>();
				StreamObserver<ServerReflectionRequest> reflection = ServerReflectionGrpc.newStub(client.channel())
					.serverReflectionInfo(answers);
				reflection.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
				answers.awaitMessages(1);
				reflection.onCompleted();
				assertThat(answers.awaitEnd()).isEqualTo(Status.Code.OK);
				assertThatExceptionOfType(StatusRuntimeException.class)
					.isThrownBy(() -> OneMethodService.call(client.channel(), "a.Unknown"));
				client.featureName();
				assertThat(span(context).getName()).isEqualTo("routeguide.RouteGuide/GetFeature");
				assertThat(context.getBean(Counter.class).started).hasValue(1);
			}
		});
	}

	@Test
	void theTimerCountsEachCallOnce() {
		this.runner.run((context) -> {
			assertThat(context).hasSingleBean(DefaultMeterObservationHandler.class);
			try (GrpcClient client = GrpcClient.of(context)) {
				client.featureName();
				span(context);
				MeterRegistry meters = context.getBean(MeterRegistry.class);
				await().until(() -> meters.find("grpc.server").timer() != null);
				assertThat(meters.find("grpc.server").timers()).singleElement()
					.satisfies((timer) -> assertThat(timer.count()).isEqualTo(1));
				assertThat(meters.find("grpc.server.active").meters()).isEmpty();
			}
		});
	}

	@Configuration(proxyBeanMethods = false)
	static class TimerConfiguration {

		@Bean
		ManualServerTimer drainTimer() {
			return new ManualServerTimer();
		}

	}

}
