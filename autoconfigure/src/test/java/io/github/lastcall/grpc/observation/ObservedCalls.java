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

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import io.github.lastcall.grpc.server.GlobalServerInterceptor;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.Echo;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.binder.grpc.GrpcServerObservationContext;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration;
import org.springframework.boot.micrometer.tracing.autoconfigure.MicrometerTracingAutoConfiguration;
import org.springframework.boot.micrometer.tracing.autoconfigure.NoopTracerAutoConfiguration;
import org.springframework.boot.micrometer.tracing.opentelemetry.autoconfigure.OpenTelemetryEventPublisherBeansApplicationListener;
import org.springframework.boot.micrometer.tracing.opentelemetry.autoconfigure.OpenTelemetryTracingAutoConfiguration;
import org.springframework.boot.opentelemetry.autoconfigure.OpenTelemetrySdkAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Calls over a real socket, traced by Micrometer Tracing and OpenTelemetry as Spring Boot
 * configures them. Only the exporter keeps spans instead of sending them.
 */
final class ObservedCalls {

	static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

	static final String PARENT = "00f067aa0ba902b7";

	static {
		// As a starting application does; too late once a trace has begun.
		OpenTelemetryEventPublisherBeansApplicationListener.addWrapper();
	}

	private ObservedCalls() {
	}

	/**
	 * Contexts whose calls are traced.
	 */
	static ApplicationContextRunner runner() {
		return untraced()
			.withConfiguration(
					AutoConfigurations.of(MicrometerTracingAutoConfiguration.class, NoopTracerAutoConfiguration.class,
							OpenTelemetrySdkAutoConfiguration.class, OpenTelemetryTracingAutoConfiguration.class))
			.withUserConfiguration(ExporterConfiguration.class)
			.withPropertyValues("management.tracing.sampling.probability=1");
	}

	/**
	 * Contexts with observations and without a tracer.
	 */
	static ApplicationContextRunner untraced() {
		return GrpcServerContextRunner.create()
			.withUserConfiguration(ServiceConfiguration.class)
			.withConfiguration(
					AutoConfigurations.of(ObservationAutoConfiguration.class, MetricsAutoConfiguration.class));
	}

	static void assertStatus(GrpcClient client, Status.Code expected) {
		assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(client::featureName)
			.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(expected));
	}

	static RouteGuideGrpc.RouteGuideBlockingStub traced(GrpcClient client) {
		Metadata headers = new Metadata();
		headers.put(Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER),
				"00-" + TRACE + "-" + PARENT + "-01");
		return client.routeGuide().withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
	}

	static ClientCall<Point, Feature> start(GrpcClient client) {
		ClientCall<Point, Feature> call = client.channel()
			.newCall(RouteGuideGrpc.getGetFeatureMethod(), CallOptions.DEFAULT.withWaitForReady());
		call.start(new ClientCall.Listener<>() {
		}, new Metadata());
		call.request(1);
		call.sendMessage(Point.getDefaultInstance());
		call.halfClose();
		return call;
	}

	/**
	 * The only span, once it has ended, and no observation that ends again.
	 */
	static SpanData span(ApplicationContext context) {
		await().until(() -> !spans(context).isEmpty());
		assertThat(spans(context)).hasSize(1);
		return spans(context).get(0);
	}

	static List<SpanData> spans(ApplicationContext context) {
		assertThat(context.getBean(Counter.class).endedAgain).hasValue(0);
		// Boot's batch exports, after a while, what has been exported at once.
		Map<String, SpanData> spans = new LinkedHashMap<>();
		context.getBean(InMemorySpanExporter.class)
			.getFinishedSpanItems()
			.forEach((span) -> spans.putIfAbsent(span.getSpanId(), span));
		return List.copyOf(spans.values());
	}

	static Map<String, String> tags(SpanData span) {
		Map<String, String> tags = new ConcurrentHashMap<>();
		span.getAttributes().forEach((key, value) -> tags.put(key.getKey(), value.toString()));
		return tags;
	}

	/**
	 * Answers when it may, and with what it is told.
	 */
	static class Handler extends TestRouteGuide {

		volatile Runnable onCall = () -> {
		};

		volatile Consumer<StreamObserver<RouteNote>> onChat = (responses) -> {
		};

		volatile boolean answer = true;

		volatile @Nullable Status status;

		@Override
		public void getFeature(Point request, StreamObserver<Feature> responses) {
			this.onCall.run();
			Status status = this.status;
			if (status != null) {
				responses.onError(status.asRuntimeException());
				return;
			}
			if (this.answer) {
				responses.onNext(Feature.newBuilder().setName("somewhere").build());
			}
			responses.onCompleted();
		}

		@Override
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> responses) {
			this.onChat.accept(responses);
			return new Echo(responses);
		}

	}

	/**
	 * An interceptor of the application that notes what it sees: the current span and the
	 * thread in the callbacks of the last call.
	 */
	static class Callbacks implements ServerInterceptor {

		final Map<String, String> seen = new ConcurrentHashMap<>();

		final ObjectProvider<Tracer> tracer;

		volatile @Nullable RuntimeException failure;

		Callbacks(ObjectProvider<Tracer> tracer) {
			this.tracer = tracer;
		}

		/**
		 * What there was to see in the callbacks of a call, once it had its last one.
		 */
		Map<String, String> of(String last) {
			await().until(() -> this.seen.containsKey(last));
			return Map.copyOf(this.seen);
		}

		void note(String callback) {
			Tracer tracer = this.tracer.getIfAvailable();
			Span span = (tracer != null) ? tracer.currentSpan() : null;
			this.seen.put(callback, ((span != null) ? span.context().traceId() + "/" + span.context().spanId() : "none")
					+ " " + Thread.currentThread().getName());
		}

		@Override
		public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
				ServerCallHandler<Q, R> next) {
			this.seen.clear();
			note("startCall");
			RuntimeException failure = this.failure;
			if (failure != null) {
				throw failure;
			}
			return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {

				@Override
				public void onMessage(Q message) {
					note("onMessage");
					super.onMessage(message);
				}

				@Override
				public void onHalfClose() {
					note("onHalfClose");
					super.onHalfClose();
				}

				@Override
				public void onReady() {
					note("onReady");
					super.onReady();
				}

				@Override
				public void onCancel() {
					note("onCancel");
					super.onCancel();
				}

				@Override
				public void onComplete() {
					note("onComplete");
					super.onComplete();
				}

			};
		}

	}

	/**
	 * A handler of the application that has nothing to do with tracing.
	 */
	static class Counter implements ObservationHandler<GrpcServerObservationContext> {

		final AtomicInteger started = new AtomicInteger();

		final AtomicInteger stopped = new AtomicInteger();

		final AtomicInteger endedAgain = new AtomicInteger();

		@Override
		public void onStart(GrpcServerObservationContext context) {
			this.started.incrementAndGet();
		}

		@Override
		public void onStop(GrpcServerObservationContext context) {
			this.stopped.incrementAndGet();
			if (context.containsKey("ended")) {
				this.endedAgain.incrementAndGet();
			}
			context.put("ended", true);
		}

		@Override
		public boolean supportsContext(Observation.Context context) {
			return context instanceof GrpcServerObservationContext;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ServiceConfiguration {

		@Bean
		@GrpcService
		Handler handler() {
			return new Handler();
		}

		@Bean
		@GlobalServerInterceptor
		@Order(Ordered.HIGHEST_PRECEDENCE)
		Callbacks callbacks(ObjectProvider<Tracer> tracer) {
			return new Callbacks(tracer);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class MetersConfiguration {

		@Bean
		SimpleMeterRegistry meterRegistry() {
			return new SimpleMeterRegistry();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class CounterConfiguration {

		@Bean
		Counter counter() {
			return new Counter();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Import({ MetersConfiguration.class, CounterConfiguration.class })
	static class ExporterConfiguration {

		@Bean
		InMemorySpanExporter spanExporter() {
			return InMemorySpanExporter.create();
		}

		@Bean
		SimpleSpanProcessor spanProcessor(InMemorySpanExporter exporter) {
			return SimpleSpanProcessor.builder(exporter).build();
		}

	}

}
