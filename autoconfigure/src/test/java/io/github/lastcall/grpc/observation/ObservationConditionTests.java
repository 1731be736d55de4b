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

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.github.lastcall.grpc.call.CallHooks;
import io.github.lastcall.grpc.observation.ObservedCalls.Counter;
import io.github.lastcall.grpc.observation.ObservedCalls.CounterConfiguration;
import io.github.lastcall.grpc.observation.ObservedCalls.ExporterConfiguration;
import io.github.lastcall.grpc.observation.ObservedCalls.MetersConfiguration;
import io.github.lastcall.grpc.observation.ObservedCalls.ServiceConfiguration;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.HeldRouteGuide;
import io.github.lastcall.grpc.testing.TestApplication;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.tracing.Tracer;
import io.opentelemetry.sdk.trace.data.SpanData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.micrometer.tracing.autoconfigure.MicrometerTracingAutoConfiguration;
import org.springframework.boot.micrometer.tracing.autoconfigure.NoopTracerAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;

import static io.github.lastcall.grpc.observation.ObservedCalls.PARENT;
import static io.github.lastcall.grpc.observation.ObservedCalls.TRACE;
import static io.github.lastcall.grpc.observation.ObservedCalls.span;
import static io.github.lastcall.grpc.observation.ObservedCalls.traced;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * When calls are observed, and when there is nobody to observe them for.
 */
@Timeout(60)
class ObservationConditionTests {

	@Test
	void anOrdinaryApplicationTracesItsCallsAndItsLogHasTheIds() {
		Logger logger = (Logger) LoggerFactory.getLogger("the.handler.of." + getClass().getName());
		ListAppender<ILoggingEvent> lines = new ListAppender<>();
		lines.start();
		try (TestApplication app = TestApplication.ofEverything(ExporterConfiguration.class)
			.run("management.tracing.sampling.probability=1"); GrpcClient client = GrpcClient.of(app.port())) {
			// Not before: a starting application configures its log anew.
			logger.addAppender(lines);
			app.routeGuide().onCall = () -> {
				logger.warn("a line");
				// Read when asked for, and later is too late.
				lines.list.forEach(ILoggingEvent::getMDCPropertyMap);
			};
			app.routeGuide().release();
			traced(client).getFeature(HeldRouteGuide.LATE);
			SpanData span = span(app.context());
			assertThat(span.getParentSpanId()).isEqualTo(PARENT);
			assertThat(lines.list).hasSize(1);
			assertThat(lines.list.get(0).getMDCPropertyMap()).containsEntry("traceId", TRACE)
				.containsEntry("spanId", span.getSpanId());
			assertThat(app.bean(MeterRegistry.class).get("grpc.server").timers()).singleElement()
				.satisfies((timer) -> assertThat(timer.count()).isEqualTo(1));
		}
		finally {
			logger.detachAppender(lines);
		}
	}

	@Test
	void withoutAHandlerThatNeedsThemThereAreNoObservations() {
		ObservedCalls.untraced().withUserConfiguration(MetersConfiguration.class).run((context) -> {
			assertThat(context).hasSingleBean(DefaultMeterObservationHandler.class);
			assertThat(context.getBean(GrpcCallObservations.class).isActive()).isFalse();
		});
	}

	@Test
	void aTracerThatDoesNothingIsNone() {
		ObservedCalls.untraced()
			.withConfiguration(
					AutoConfigurations.of(MicrometerTracingAutoConfiguration.class, NoopTracerAutoConfiguration.class))
			.run((context) -> {
				assertThat(context).hasSingleBean(Tracer.class);
				assertThat(context.getBean(GrpcCallObservations.class).isActive()).isFalse();
			});
	}

	@Test
	void withoutMicrometerTracingOnTheClasspathHandlersOfTheApplicationAreToldOfCalls() {
		ObservedCalls.untraced()
			.withUserConfiguration(CounterConfiguration.class)
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

}
