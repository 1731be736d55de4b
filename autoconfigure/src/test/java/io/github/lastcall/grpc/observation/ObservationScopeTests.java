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

import java.util.List;
import java.util.function.Supplier;

import io.github.lastcall.grpc.call.DrainSignal;
import io.github.lastcall.grpc.observation.ObservedCalls.Callbacks;
import io.github.lastcall.grpc.observation.ObservedCalls.Handler;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.grpc.util.MutableHandlerRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import io.opentelemetry.sdk.trace.data.SpanData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static io.github.lastcall.grpc.observation.ObservedCalls.PARENT;
import static io.github.lastcall.grpc.observation.ObservedCalls.TRACE;
import static io.github.lastcall.grpc.observation.ObservedCalls.span;
import static io.github.lastcall.grpc.observation.ObservedCalls.spans;
import static io.github.lastcall.grpc.observation.ObservedCalls.traced;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Where the observation of a call is current: in every callback, on whatever thread.
 */
@Timeout(60)
class ObservationScopeTests {

	private final ApplicationContextRunner runner = ObservedCalls.runner();

	@Test
	void theSpanIsCurrentInEveryCallbackOnTheThreadsOfThePool() {
		this.runner.run((context) -> assertThatEveryCallbackIsInTheSpan(context, "grpc-executor-"));
	}

	@Test
	void theSpanIsCurrentInEveryCallbackOnTheEventLoop() {
		this.runner.withPropertyValues("grpc.server.executor.type=direct")
			.run((context) -> assertThatEveryCallbackIsInTheSpan(context, "grpc-worker-"));
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21)
	void theSpanIsCurrentInEveryCallbackOnVirtualThreads() {
		this.runner.withPropertyValues("spring.threads.virtual.enabled=true")
			.run((context) -> assertThatEveryCallbackIsInTheSpan(context, "grpc-executor-"));
	}

	private static void assertThatEveryCallbackIsInTheSpan(AssertableApplicationContext context, String threads)
			throws InterruptedException {
		Callbacks callbacks = context.getBean(Callbacks.class);
		try (GrpcClient client = GrpcClient.of(context)) {
			StreamObserver<RouteNote> requests = RouteGuideGrpc.newStub(client.channel()).routeChat(new Observer<>());
			requests.onNext(RouteNote.getDefaultInstance());
			requests.onCompleted();
			SpanData completed = span(context);
			assertThat(callbacks.of("onComplete")).hasSizeGreaterThanOrEqualTo(4)
				.containsKeys("startCall", "onMessage", "onHalfClose", "onComplete")
				.allSatisfy((callback, seen) -> assertThat(seen).as(callback)
					.startsWith(completed.getTraceId() + "/" + completed.getSpanId() + " " + threads));
			Observer<RouteNote> answers = new Observer<>();
			RouteGuideGrpc.newStub(client.channel()).routeChat(answers).onNext(RouteNote.getDefaultInstance());
			answers.awaitMessages(1);
			await().until(() -> callbacks.seen.containsKey("onReady"));
			client.channel().shutdownNow();
			await().until(() -> spans(context).size() == 2);
			SpanData cancelled = spans(context).get(1);
			assertThat(callbacks.of("onCancel")).containsKeys("startCall", "onMessage", "onReady", "onCancel")
				.allSatisfy((callback, seen) -> assertThat(seen).as(callback)
					.startsWith(cancelled.getTraceId() + "/" + cancelled.getSpanId() + " " + threads));
		}
		assertThatTheDrainSignalIsInTheSpan(context, threads);
	}

	private static void assertThatTheDrainSignalIsInTheSpan(AssertableApplicationContext context, String threads)
			throws InterruptedException {
		Callbacks callbacks = context.getBean(Callbacks.class);
		context.getBean(Handler.class).onChat = (responses) -> DrainSignal.current().onDrain(() -> {
			callbacks.note("onDrain");
			responses.onCompleted();
		});
		try (GrpcClient client = GrpcClient.of(context)) {
			Observer<RouteNote> answers = new Observer<>();
			RouteGuideGrpc.newStub(client.channel()).routeChat(answers).onNext(RouteNote.getDefaultInstance());
			answers.awaitMessages(1);
			context.getSourceApplicationContext().stop();
			assertThat(answers.awaitEnd()).isEqualTo(Status.Code.OK);
			await().until(() -> spans(context).size() == 3);
			SpanData drained = spans(context).get(2);
			assertThat(callbacks.of("onDrain").get("onDrain"))
				.startsWith(drained.getTraceId() + "/" + drained.getSpanId() + " " + threads);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "a.Added", "a.Fallback" })
	void aCallOfAServiceThatACustomizerAddsIsASpanThatIsCurrentInItsHandler(String service) {
		Supplier<String> current = () -> io.opentelemetry.api.trace.Span.current().getSpanContext().getSpanId();
		this.runner.withBean(GrpcServerBuilderCustomizer.class, () -> (builder) -> {
			MutableHandlerRegistry fallback = new MutableHandlerRegistry();
			fallback.addService(new OneMethodService("a.Fallback", current));
			builder.addService(new OneMethodService("a.Added", current)).fallbackHandlerRegistry(fallback);
		}).run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				String inHandler = OneMethodService.call(client.channel(), service).getName();
				assertThat(span(context).getName()).isEqualTo(service + "/Call");
				assertThat(inHandler).isEqualTo(span(context).getSpanId());
			}
		});
	}

	@Test
	void whatTheHandlerObservesIsPartOfTheCall() {
		this.runner.run((context) -> {
			context.getBean(Handler.class).onCall = () -> Observation
				.createNotStarted("child", context.getBean(ObservationRegistry.class))
				.observe(() -> {
					Span span = context.getBean(Tracer.class).nextSpan().name("grandchild").start();
					span.end();
				});
			try (GrpcClient client = GrpcClient.of(context)) {
				traced(client).getFeature(Point.getDefaultInstance());
				await().until(() -> spans(context).size() == 3);
				SpanData call = spans(context).get(2);
				SpanData child = spans(context).get(1);
				SpanData grandchild = spans(context).get(0);
				assertThat(call.getParentSpanId()).isEqualTo(PARENT);
				assertThat(child.getName()).isEqualTo("child");
				assertThat(child.getParentSpanId()).isEqualTo(call.getSpanId());
				assertThat(grandchild.getParentSpanId()).isEqualTo(child.getSpanId());
				assertThat(List.of(child.getTraceId(), grandchild.getTraceId())).containsOnly(TRACE);
			}
		});
	}

}
