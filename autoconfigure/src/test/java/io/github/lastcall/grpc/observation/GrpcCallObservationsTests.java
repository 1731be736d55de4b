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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.github.lastcall.grpc.call.CallHooks;
import io.github.lastcall.grpc.call.DrainSignal;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.server.GlobalServerInterceptor;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.Echo;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.HealthClient;
import io.github.lastcall.grpc.testing.ManualServerTimer;
import io.github.lastcall.grpc.testing.OneMethodService;
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
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.grpc.util.MutableHandlerRegistry;
import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.grpc.DefaultGrpcServerObservationConvention;
import io.micrometer.core.instrument.binder.grpc.GrpcServerObservationContext;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationFilter;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationPredicate;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.Tracer;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration;
import org.springframework.boot.micrometer.observation.autoconfigure.ObservationRegistryCustomizer;
import org.springframework.boot.micrometer.tracing.autoconfigure.MicrometerTracingAutoConfiguration;
import org.springframework.boot.micrometer.tracing.autoconfigure.NoopTracerAutoConfiguration;
import org.springframework.boot.micrometer.tracing.opentelemetry.autoconfigure.OpenTelemetryEventPublisherBeansApplicationListener;
import org.springframework.boot.micrometer.tracing.opentelemetry.autoconfigure.OpenTelemetryTracingAutoConfiguration;
import org.springframework.boot.opentelemetry.autoconfigure.OpenTelemetrySdkAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Calls over a real socket, traced by Micrometer Tracing and OpenTelemetry as Spring Boot
 * configures them. Only the exporter keeps spans instead of sending them.
 */
@Timeout(60)
class GrpcCallObservationsTests {

	private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

	private static final String PARENT = "00f067aa0ba902b7";

	static {
		// As a starting application does; too late once a trace has begun.
		OpenTelemetryEventPublisherBeansApplicationListener.addWrapper();
	}

	private final ApplicationContextRunner plain = GrpcServerContextRunner.create()
		.withUserConfiguration(ServiceConfiguration.class)
		.withConfiguration(AutoConfigurations.of(ObservationAutoConfiguration.class, MetricsAutoConfiguration.class));

	private final ApplicationContextRunner runner = this.plain
		.withConfiguration(
				AutoConfigurations.of(MicrometerTracingAutoConfiguration.class, NoopTracerAutoConfiguration.class,
						OpenTelemetrySdkAutoConfiguration.class, OpenTelemetryTracingAutoConfiguration.class))
		.withUserConfiguration(ExporterConfiguration.class)
		.withPropertyValues("management.tracing.sampling.probability=1");

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
				assertThat(tags(span)).containsEntry("rpc.service", "routeguide.RouteGuide")
					.containsEntry("rpc.method", "GetFeature")
					.containsEntry("rpc.type", "UNARY")
					.containsEntry("grpc.status_code", "OK")
					.containsEntry("net.peer.name", "127.0.0.1")
					.hasEntrySatisfying("net.peer.port", (port) -> assertThat(port).isNotEqualTo("UNKNOWN"));
			}
		});
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
	void aCallWithoutAParentBeginsATrace() {
		this.runner.run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				client.featureName();
				assertThat(span(context).getParentSpanContext().isValid()).isFalse();
			}
		});
	}

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
			StreamObserver<RouteNote> requests = RouteGuideGrpc.newStub(client.channel()).routeChat(new Answers());
			requests.onNext(RouteNote.getDefaultInstance());
			requests.onCompleted();
			SpanData completed = span(context);
			assertThat(callbacks.of("onComplete")).hasSizeGreaterThanOrEqualTo(4)
				.containsKeys("startCall", "onMessage", "onHalfClose", "onComplete")
				.allSatisfy((callback, seen) -> assertThat(seen).as(callback)
					.startsWith(completed.getTraceId() + "/" + completed.getSpanId() + " " + threads));
			Answers answers = new Answers();
			RouteGuideGrpc.newStub(client.channel()).routeChat(answers).onNext(RouteNote.getDefaultInstance());
			answers.all.take();
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
			Answers answers = new Answers();
			RouteGuideGrpc.newStub(client.channel()).routeChat(answers).onNext(RouteNote.getDefaultInstance());
			assertThat(answers.all.take()).isEqualTo("message");
			context.getSourceApplicationContext().stop();
			assertThat(answers.all.take()).isEqualTo("completed");
			await().until(() -> spans(context).size() == 3);
			SpanData drained = spans(context).get(2);
			assertThat(callbacks.of("onDrain").get("onDrain"))
				.startsWith(drained.getTraceId() + "/" + drained.getSpanId() + " " + threads);
		}
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

	@Test
	void anOrdinaryApplicationTracesItsCallsAndItsLogHasTheIds() {
		Logger logger = (Logger) LoggerFactory.getLogger("the.handler.of." + getClass().getName());
		ListAppender<ILoggingEvent> lines = new ListAppender<>();
		lines.start();
		try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
			.web(WebApplicationType.NONE)
			.registerShutdownHook(false)
			.properties("grpc.server.port=0", "spring.main.banner-mode=off",
					"management.tracing.sampling.probability=1")
			.run(); GrpcClient client = GrpcClient.of(context)) {
			// Not before: a starting application configures its log anew.
			logger.addAppender(lines);
			context.getBean(Handler.class).onCall = () -> {
				logger.warn("a line");
				// Read when asked for, and later is too late.
				lines.list.forEach(ILoggingEvent::getMDCPropertyMap);
			};
			traced(client).getFeature(Point.getDefaultInstance());
			SpanData span = span(context);
			assertThat(span.getParentSpanId()).isEqualTo(PARENT);
			assertThat(lines.list).hasSize(1);
			assertThat(lines.list.get(0).getMDCPropertyMap()).containsEntry("traceId", TRACE)
				.containsEntry("spanId", span.getSpanId());
			assertThat(context.getBean(MeterRegistry.class).get("grpc.server").timers()).singleElement()
				.satisfies((timer) -> assertThat(timer.count()).isEqualTo(1));
		}
		finally {
			logger.detachAppender(lines);
		}
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
			Handler handler = context.getBean(Handler.class);
			handler.block();
			try (GrpcClient client = GrpcClient.of(context)) {
				ClientCall<Point, Feature> call = start(client);
				handler.entered.acquire();
				call.cancel("on purpose", null);
				await().until(() -> context.getBean(MeterRegistry.class)
					.find("grpc.server")
					.tags("grpc.status_code", "CANCELLED")
					.timer() != null);
				assertThat(spans(context)).isEmpty();
				handler.release.countDown();
				assertThat(tags(span(context))).containsEntry("grpc.status_code", "CANCELLED");
			}
		});
	}

	@Test
	void aCallThatIsCancelledBeforeItsHandlerBeginsEndsOnce() {
		this.runner.withPropertyValues("grpc.server.executor.threads=1").run((context) -> {
			Handler handler = context.getBean(Handler.class);
			handler.block();
			try (GrpcClient client = GrpcClient.of(context)) {
				start(client);
				handler.entered.acquire();
				ClientCall<Point, Feature> waiting = start(client);
				await().until(() -> context.getBean(GrpcServerDrain.class).getCalls().count() == 2);
				waiting.cancel("on purpose", null);
				assertThat(tags(span(context))).containsEntry("grpc.status_code", "CANCELLED");
				handler.release.countDown();
				await().until(() -> context.getBean(GrpcServerDrain.class).getCalls().count() == 0);
				await().until(() -> spans(context).size() == 2);
				assertThat(tags(spans(context).get(1))).containsEntry("grpc.status_code", "OK");
			}
		});
	}

	@Test
	void aCallThatIsRefusedBeforeItHasAHandlerIsASpanToo() {
		this.runner.withPropertyValues("grpc.server.limits.concurrent-calls=1").run((context) -> {
			Handler handler = context.getBean(Handler.class);
			handler.block();
			try (GrpcClient client = GrpcClient.of(context)) {
				start(client);
				handler.entered.acquire();
				assertStatus(client, Status.Code.RESOURCE_EXHAUSTED);
				assertThat(tags(span(context))).containsEntry("grpc.status_code", "RESOURCE_EXHAUSTED");
				handler.release.countDown();
				await().until(() -> spans(context).size() == 2);
			}
		});
	}

	@Test
	void aCallThatIsForcedByTheDrainEndsOnceWithItsStatus() {
		this.runner.withUserConfiguration(TimerConfiguration.class).run((context) -> {
			ManualServerTimer timer = context.getBean(ManualServerTimer.class);
			try (GrpcClient client = GrpcClient.of(context)) {
				Answers answers = new Answers();
				RouteGuideGrpc.newStub(client.channel()).routeChat(answers).onNext(RouteNote.getDefaultInstance());
				answers.all.take();
				Thread stop = new Thread(() -> context.getSourceApplicationContext().stop());
				stop.start();
				await().until(() -> {
					timer.advance(Duration.ofSeconds(1));
					return !stop.isAlive();
				});
				assertThat(answers.all.take()).contains("UNAVAILABLE");
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
				Answers answers = new Answers();
				StreamObserver<ServerReflectionRequest> reflection = ServerReflectionGrpc.newStub(client.channel())
					.serverReflectionInfo(answers.of(ServerReflectionResponse.class));
				reflection.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
				answers.all.take();
				reflection.onCompleted();
				answers.all.take();
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

	@Test
	void theApplicationsConventionNamesAndTags() {
		this.runner.withUserConfiguration(ConventionConfiguration.class).run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				client.featureName();
				SpanData span = span(context);
				assertThat(span.getName()).isEqualTo("the call of GetFeature");
				assertThat(tags(span)).containsEntry("tenant", "blue")
					.containsEntry("reason", "none given")
					.containsEntry("key", "value");
			}
		});
	}

	@Test
	void thePrimaryOneOfTwoConventionsNamesAndTags() {
		this.runner.withUserConfiguration(ConventionConfiguration.class, FirstConventionConfiguration.class)
			.run((context) -> {
				try (GrpcClient client = GrpcClient.of(context)) {
					client.featureName();
					assertThat(span(context).getName()).isEqualTo("first");
				}
			});
		this.runner.withUserConfiguration(PrimaryConventionConfiguration.class, FirstConventionConfiguration.class)
			.run((context) -> {
				try (GrpcClient client = GrpcClient.of(context)) {
					client.featureName();
					assertThat(span(context).getName()).isEqualTo("primary");
				}
			});
	}

	@Test
	void theApplicationsPredicateDecides() {
		this.runner.withUserConfiguration(PredicateConfiguration.class).run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				client.featureName();
				Answers answers = new Answers();
				RouteGuideGrpc.newStub(client.channel()).routeChat(answers).onCompleted();
				assertThat(span(context).getName()).isEqualTo("routeguide.RouteGuide/RouteChat");
				assertThat(context.getBean(Callbacks.class).seen).isNotEmpty();
				assertThat(context.getBean(Counter.class).started).hasValue(1);
			}
		});
	}

	@Test
	void theApplicationsFilterAndPropertiesAddTags() {
		this.runner.withUserConfiguration(FilterConfiguration.class)
			.withPropertyValues("management.observations.key-values.region=north")
			.run((context) -> {
				try (GrpcClient client = GrpcClient.of(context)) {
					client.featureName();
					assertThat(tags(span(context))).containsEntry("filtered", "yes")
						.containsEntry("region", "north")
						.containsEntry("customized", "yes");
				}
			});
	}

	@Test
	void observationsAreDisabledByTheirName() {
		this.runner.withPropertyValues("management.observations.enable.grpc.server=false").run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				client.featureName();
				assertThat(context.getBean(Counter.class).started).hasValue(0);
				assertThat(context.getBean(Callbacks.class).seen.values())
					.allSatisfy((seen) -> assertThat(seen).startsWith("none "));
			}
		});
	}

	@Test
	void aCallThatIsNotSampledHasATraceAndIsNotExported() {
		this.runner.withPropertyValues("management.tracing.sampling.probability=0").run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				client.featureName();
				await().until(() -> context.getBean(Counter.class).stopped.get() == 1);
				assertThat(spans(context)).isEmpty();
				assertThat(context.getBean(Callbacks.class).seen.values())
					.noneSatisfy((seen) -> assertThat(seen).startsWith("none "));
			}
		});
	}

	@Test
	void aConventionThatThrowsFailsNoCall() {
		this.runner.withUserConfiguration(BrokenConventionConfiguration.class).run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				for (int i = 0; i < 2; i++) {
					assertThat(client.featureName()).isEqualTo("somewhere");
				}
				assertThat(spans(context)).isEmpty();
			}
		});
	}

	@ParameterizedTest
	@CsvSource({ "onStart, false", "onScopeOpened, false", "onScopeClosed, true", "onError, true" })
	void aHandlerOfObservationsThatThrowsFailsNoCallAndLeavesNothingOpen(String callback, boolean scoped) {
		this.runner.withUserConfiguration(BrokenHandlerConfiguration.class)
			.withPropertyValues("test.callback=" + callback, "grpc.server.executor.threads=1")
			.run((context) -> {
				Handler handler = context.getBean(Handler.class);
				AtomicReference<@Nullable Observation> before = new AtomicReference<>();
				try (GrpcClient client = GrpcClient.of(context)) {
					for (int i = 1; i <= 2; i++) {
						assertThat(client.featureName()).isEqualTo("somewhere");
						int ended = i;
						await().until(() -> context.getBean(InMemorySpanExporter.class)
							.getFinishedSpanItems()
							.size() == ended);
					}
					handler.status = Status.INTERNAL;
					assertStatus(client, Status.Code.INTERNAL);
					await().until(() -> context.getBean(InMemorySpanExporter.class).getFinishedSpanItems().size() == 3);
					handler.status = null;
					handler.onCall = () -> before
						.set(context.getBean(ObservationRegistry.class).getCurrentObservation());
					client.featureName();
				}
				// Nothing of an earlier call is left on the thread.
				Observation current = before.get();
				if (scoped) {
					assertThat(current).isNotNull();
					assertThat(current.getContext().getParentObservation()).isNull();
				}
				else {
					assertThat(current).isNull();
				}
			});
	}

	@Test
	void withoutAHandlerThatNeedsThemThereAreNoObservations() {
		this.plain.withUserConfiguration(MetersConfiguration.class).run((context) -> {
			assertThat(context).hasSingleBean(DefaultMeterObservationHandler.class);
			assertThat(context.getBean(GrpcCallObservations.class).isActive()).isFalse();
		});
	}

	@Test
	void aTracerThatDoesNothingIsNone() {
		this.plain
			.withConfiguration(
					AutoConfigurations.of(MicrometerTracingAutoConfiguration.class, NoopTracerAutoConfiguration.class))
			.run((context) -> {
				assertThat(context).hasSingleBean(Tracer.class);
				assertThat(context.getBean(GrpcCallObservations.class).isActive()).isFalse();
			});
	}

	@Test
	void withoutMicrometerTracingOnTheClasspathHandlersOfTheApplicationAreToldOfCalls() {
		this.plain.withUserConfiguration(CounterConfiguration.class)
			.withClassLoader(new FilteredClassLoader("io.micrometer.tracing", "io.opentelemetry"))
			.run((context) -> {
				try (GrpcClient client = GrpcClient.of(context)) {
					client.featureName();
					await().until(() -> context.getBean(Counter.class).stopped.get() == 1);
				}
			});
	}

	@Test
	void withoutSpringBootsObservationsTheServerStarts() {
		GrpcServerContextRunner.create()
			.withUserConfiguration(ServiceConfiguration.class)
			.withClassLoader(
					new FilteredClassLoader("org.springframework.boot.micrometer.observation", "io.micrometer.tracing"))
			.run((context) -> {
				assertThat(context).doesNotHaveBean(CallHooks.Factory.class);
				try (GrpcClient client = GrpcClient.of(context)) {
					client.featureName();
				}
			});
	}

	private static void assertStatus(GrpcClient client, Status.Code expected) {
		assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(client::featureName)
			.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(expected));
	}

	private static RouteGuideGrpc.RouteGuideBlockingStub traced(GrpcClient client) {
		Metadata headers = new Metadata();
		headers.put(Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER),
				"00-" + TRACE + "-" + PARENT + "-01");
		return client.routeGuide().withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
	}

	private static ClientCall<Point, Feature> start(GrpcClient client) {
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
	private static SpanData span(ApplicationContext context) {
		await().until(() -> !spans(context).isEmpty());
		assertThat(spans(context)).hasSize(1);
		return spans(context).get(0);
	}

	private static List<SpanData> spans(ApplicationContext context) {
		assertThat(context.getBean(Counter.class).endedAgain).hasValue(0);
		// Boot's batch exports, after a while, what has been exported at once.
		Map<String, SpanData> spans = new LinkedHashMap<>();
		context.getBean(InMemorySpanExporter.class)
			.getFinishedSpanItems()
			.forEach((span) -> spans.putIfAbsent(span.getSpanId(), span));
		return List.copyOf(spans.values());
	}

	private static Map<String, String> tags(SpanData span) {
		Map<String, String> tags = new ConcurrentHashMap<>();
		span.getAttributes().forEach((key, value) -> tags.put(key.getKey(), value.toString()));
		return tags;
	}

	/**
	 * The classes that an ordinary call passes on its way to the handler.
	 */
	/**
	 * Answers when it may, and with what it is told.
	 */
	static class Handler extends RouteGuideGrpc.RouteGuideImplBase {

		final Semaphore entered = new Semaphore(0);

		volatile CountDownLatch release = new CountDownLatch(0);

		volatile Runnable onCall = () -> {
		};

		volatile Consumer<StreamObserver<RouteNote>> onChat = (responses) -> {
		};

		volatile boolean answer = true;

		volatile @Nullable Status status;

		void block() {
			this.release = new CountDownLatch(1);
		}

		@Override
		public void getFeature(Point request, StreamObserver<Feature> responses) {
			this.entered.release();
			this.onCall.run();
			try {
				this.release.await();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
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
	 * What a client gets, as text.
	 */
	private static final class Answers implements StreamObserver<RouteNote> {

		final BlockingQueue<String> all = new LinkedBlockingQueue<>();

		@Override
		public void onNext(RouteNote note) {
			this.all.add("message");
		}

		@Override
		public void onError(Throwable ex) {
			this.all.add(ex.toString());
		}

		@Override
		public void onCompleted() {
			this.all.add("completed");
		}

		<T> StreamObserver<T> of(Class<T> type) {
			return new StreamObserver<>() {

				@Override
				public void onNext(T message) {
					Answers.this.all.add(type.cast(message).toString());
				}

				@Override
				public void onError(Throwable ex) {
					Answers.this.onError(ex);
				}

				@Override
				public void onCompleted() {
					Answers.this.onCompleted();
				}

			};
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

		private void note(String callback) {
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

	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import({ ServiceConfiguration.class, ExporterConfiguration.class })
	static class Application {

	}

	@Configuration(proxyBeanMethods = false)
	static class TimerConfiguration {

		@Bean
		ManualServerTimer drainTimer() {
			return new ManualServerTimer();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ConventionConfiguration {

		@Bean
		DefaultGrpcServerObservationConvention convention() {
			return new DefaultGrpcServerObservationConvention() {

				@Override
				public String getContextualName(GrpcServerObservationContext context) {
					return "the call of " + context.getMethodName();
				}

				@Override
				public KeyValues getLowCardinalityKeyValues(GrpcServerObservationContext context) {
					Metadata trailers = context.getTrailers();
					return super.getLowCardinalityKeyValues(context).and("tenant", "blue", "reason",
							(trailers != null) ? "none given" : "no trailers", "key", "value");
				}

			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class FirstConventionConfiguration {

		@Bean
		@Order(Ordered.HIGHEST_PRECEDENCE)
		DefaultGrpcServerObservationConvention firstConvention() {
			return naming("first");
		}

		static DefaultGrpcServerObservationConvention naming(String name) {
			return new DefaultGrpcServerObservationConvention() {

				@Override
				public String getContextualName(GrpcServerObservationContext context) {
					return name;
				}

			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class PrimaryConventionConfiguration {

		@Bean
		@Primary
		DefaultGrpcServerObservationConvention primaryConvention() {
			return FirstConventionConfiguration.naming("primary");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class BrokenConventionConfiguration {

		@Bean
		DefaultGrpcServerObservationConvention convention() {
			return new DefaultGrpcServerObservationConvention() {

				@Override
				public KeyValues getLowCardinalityKeyValues(GrpcServerObservationContext context) {
					throw new IllegalStateException("on purpose");
				}

			};
		}

	}

	/**
	 * In front of the tracer's handler when something begins, and behind it when it ends.
	 */
	@Configuration(proxyBeanMethods = false)
	static class BrokenHandlerConfiguration {

		@Bean
		@Order(Ordered.LOWEST_PRECEDENCE)
		ObservationHandler<GrpcServerObservationContext> broken(@Value("${test.callback}") String broken) {
			return new ObservationHandler<>() {

				@Override
				public void onStart(GrpcServerObservationContext context) {
					failAt("onStart");
				}

				@Override
				public void onError(GrpcServerObservationContext context) {
					failAt("onError");
				}

				@Override
				public void onScopeOpened(GrpcServerObservationContext context) {
					failAt("onScopeOpened");
				}

				@Override
				public void onScopeClosed(GrpcServerObservationContext context) {
					failAt("onScopeClosed");
				}

				@Override
				public boolean supportsContext(Observation.Context context) {
					return context instanceof GrpcServerObservationContext;
				}

				private void failAt(String callback) {
					if (callback.equals(broken)) {
						throw new IllegalStateException("on purpose");
					}
				}

			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class PredicateConfiguration {

		@Bean
		ObservationPredicate noFeatures() {
			return (name, context) -> !(context instanceof GrpcServerObservationContext call)
					|| !"GetFeature".equals(call.getMethodName());
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class FilterConfiguration {

		@Bean
		ObservationFilter filter() {
			return (context) -> context.addLowCardinalityKeyValue(KeyValue.of("filtered", "yes"));
		}

		@Bean
		ObservationRegistryCustomizer<ObservationRegistry> customizer() {
			return (registry) -> registry.observationConfig()
				.observationFilter((context) -> context.addLowCardinalityKeyValue(KeyValue.of("customized", "yes")));
		}

	}

}
