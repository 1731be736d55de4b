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

import java.util.concurrent.atomic.AtomicReference;

import io.github.lastcall.grpc.observation.ObservedCalls.Callbacks;
import io.github.lastcall.grpc.observation.ObservedCalls.Counter;
import io.github.lastcall.grpc.observation.ObservedCalls.Handler;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.grpc.Metadata;
import io.grpc.Status;
import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import io.micrometer.core.instrument.binder.grpc.DefaultGrpcServerObservationConvention;
import io.micrometer.core.instrument.binder.grpc.GrpcServerObservationContext;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationFilter;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationPredicate;
import io.micrometer.observation.ObservationRegistry;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.data.SpanData;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.micrometer.observation.autoconfigure.ObservationRegistryCustomizer;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

import static io.github.lastcall.grpc.observation.ObservedCalls.assertStatus;
import static io.github.lastcall.grpc.observation.ObservedCalls.span;
import static io.github.lastcall.grpc.observation.ObservedCalls.spans;
import static io.github.lastcall.grpc.observation.ObservedCalls.tags;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What an application can change about the observations of calls.
 */
@Timeout(60)
class ObservationSettingsTests {

	private final ApplicationContextRunner runner = ObservedCalls.runner();

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
				Observer<RouteNote> answers = new Observer<>();
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
