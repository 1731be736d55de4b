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

package io.github.lastcall.grpc.server;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import io.github.lastcall.grpc.autoconfigure.ServersOf;
import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.HealthClient;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.grpc.Metadata;
import io.grpc.ServerBuilder;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionResponse;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Scope;
import org.springframework.context.annotation.ScopedProxyMode;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Which calls an interceptor sees, and in which order.
 */
class ServerInterceptorTests {

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withBean(Trace.class)
		.withUserConfiguration(ServicesConfiguration.class);

	@Test
	void globalInterceptorsAreOrderedByTheirClassesAndTheirBeanMethods() {
		this.runner
			.withUserConfiguration(ThirdInterceptor.class, GlobalInterceptorsConfiguration.class,
					FirstInterceptor.class)
			.run((context) -> {
				try (GrpcClient client = GrpcClient.of(context)) {
					client.featureName();
					assertThat(context.getBean(Trace.class).names).containsExactly("first", "second", "third",
							"unordered");
				}
			});
	}

	@Test
	void globalInterceptorsSeeEveryServiceOfTheApplication() {
		this.runner.withUserConfiguration(FirstInterceptor.class).run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				client.featureName();
				OneMethodService.call(client.channel(), "test.Other");
				assertThat(context.getBean(Trace.class).methods).containsExactly("routeguide.RouteGuide/GetFeature",
						"test.Other/Call");
			}
		});
	}

	@Test
	void aCallThatAnInterceptorOfACustomizerRefusesDoesNotStayInFlight() {
		ServerInterceptor refusing = new ServerInterceptor() {

			@Override
			public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
					ServerCallHandler<Q, R> next) {
				call.close(Status.UNAUTHENTICATED, new Metadata());
				return new ServerCall.Listener<>() {
				};
			}

		};
		GrpcServerBuilderCustomizer<ServerBuilder<?>> customizer = (builder) -> builder.intercept(refusing);
		this.runner.withBean("customizer", GrpcServerBuilderCustomizer.class, () -> customizer)
			.withPropertyValues("grpc.server.limits.concurrent-calls=1")
			.run((context) -> {
				try (GrpcClient client = GrpcClient.of(context)) {
					for (int i = 0; i < 3; i++) {
						assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(client::featureName)
							.extracting((ex) -> ex.getStatus().getCode())
							.isEqualTo(Status.Code.UNAUTHENTICATED);
						await().until(() -> ServersOf.calls(context).count() == 0);
					}
				}
			});
	}

	@Test
	void anInterceptorWithoutTheAnnotationIsNotUsed() {
		this.runner.withUserConfiguration(FirstInterceptor.class, NotAnnotatedInterceptor.class).run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				client.featureName();
				assertThat(context.getBean(Trace.class).names).containsExactly("first");
			}
		});
	}

	@Test
	void aServicesOwnInterceptorsAreTakenFromTheContextOrCreatedAndRunAfterTheGlobalOnes() {
		this.runner
			.withUserConfiguration(OwnInterceptorsRouteGuide.class, FirstInterceptor.class,
					GlobalInterceptorsConfiguration.class, BeanInterceptor.class)
			.withPropertyValues("test.route-guide=false")
			.run((context) -> {
				try (GrpcClient client = GrpcClient.of(context)) {
					assertThat(client.featureName()).isEqualTo("own interceptors");
					assertThat(context.getBean(Trace.class).names).containsExactly("first", "second", "unordered",
							"created", "bean");
					assertThat(context.getBean(BeanInterceptor.class).calls).hasSize(1);
					assertThat(context).doesNotHaveBean(CreatedInterceptor.class);
				}
			});
	}

	@Test
	void aServicesOwnInterceptorsSeeNoOtherService() {
		this.runner.withUserConfiguration(OwnInterceptorsRouteGuide.class, BeanInterceptor.class)
			.withPropertyValues("test.route-guide=false")
			.run((context) -> {
				try (GrpcClient client = GrpcClient.of(context)) {
					OneMethodService.call(client.channel(), "test.Other");
					assertThat(context.getBean(Trace.class).names).isEmpty();
				}
			});
	}

	@Test
	void theInterceptorsOfABeanMethodAreThoseOfItsAnnotation() {
		this.runner.withUserConfiguration(OwnInterceptorsBeanMethodConfiguration.class)
			.withPropertyValues("test.route-guide=false")
			.run((context) -> {
				try (GrpcClient client = GrpcClient.of(context)) {
					client.featureName();
					assertThat(context.getBean(Trace.class).names).containsExactly("created");
				}
			});
	}

	@Test
	void infrastructureServicesAreInterceptedOnlyByThoseThatAskForIt() {
		this.runner.withUserConfiguration(FirstInterceptor.class, InfrastructureInterceptor.class).run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				client.health().check(HealthCheckRequest.getDefaultInstance());
				assertThat(context.getBean(Trace.class).names).containsExactly("infrastructure");
				assertThat(context.getBean(Trace.class).methods).containsExactly("grpc.health.v1.Health/Check");
				client.featureName();
				assertThat(context.getBean(Trace.class).names).containsExactly("infrastructure", "first",
						"infrastructure");
			}
		});
	}

	@Test
	void everyMethodOfHealthAndReflectionIsInfrastructure() {
		this.runner.withUserConfiguration(FirstInterceptor.class, InfrastructureInterceptor.class).run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				HealthClient health = new HealthClient(client.channel());
				health.check("");
				health.firstOfWatch("");
				health.list();
				Observer<ServerReflectionResponse> reflection = new Observer<>();
				ServerReflectionGrpc.newStub(client.channel()).serverReflectionInfo(reflection).onCompleted();
				assertThat(reflection.awaitEnd()).isEqualTo(Status.Code.OK);
				assertThat(context.getBean(Trace.class).names).hasSize(4).containsOnly("infrastructure");
				assertThat(context.getBean(Trace.class).methods).containsExactly("grpc.health.v1.Health/Check",
						"grpc.health.v1.Health/Watch", "grpc.health.v1.Health/List",
						"grpc.reflection.v1.ServerReflection/ServerReflectionInfo");
			}
		});
	}

	@Test
	void aGlobalInterceptorMayBeAScopedProxy() {
		this.runner.withUserConfiguration(ScopedInterceptorConfiguration.class).run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				client.featureName();
				assertThat(context.getBean(Trace.class).names).containsExactly("scoped class", "scoped bean method");
			}
		});
	}

	@Test
	void aGlobalInterceptorMayBeDeclaredAsAnyType() {
		this.runner.withUserConfiguration(ObjectInterceptorConfiguration.class).run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				client.featureName();
				assertThat(context.getBean(Trace.class).names).containsExactly("object");
			}
		});
	}

	@Test
	void aGlobalInterceptorThatIsNoneFailsTheStart() {
		this.runner.withUserConfiguration(NoInterceptor.class)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOf(GrpcServerStartException.class)
				.hasMessageContainingAll("@GlobalServerInterceptor", NoInterceptor.class.getName(),
						"not an io.grpc.ServerInterceptor"));
	}

	@Test
	void aGlobalInterceptorThatIsNoSingletonFailsTheStartInsteadOfSeeingNothing() {
		this.runner.withUserConfiguration(PrototypeInterceptorConfiguration.class)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOf(GrpcServerStartException.class)
				.hasMessageContainingAll("'prototype'", "not a singleton"));
	}

	static class Trace {

		final List<String> names = new CopyOnWriteArrayList<>();

		final List<String> methods = new CopyOnWriteArrayList<>();

	}

	abstract static class TracingInterceptor implements ServerInterceptor {

		final List<String> calls = new CopyOnWriteArrayList<>();

		private final Trace trace;

		private final String name;

		TracingInterceptor(Trace trace, String name) {
			this.trace = trace;
			this.name = name;
		}

		@Override
		public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
				ServerCallHandler<Q, R> next) {
			String method = call.getMethodDescriptor().getFullMethodName();
			this.calls.add(method);
			this.trace.names.add(this.name);
			this.trace.methods.add(method);
			return next.startCall(call, headers);
		}

	}

	static class NamedInterceptor extends TracingInterceptor {

		NamedInterceptor(Trace trace, String name) {
			super(trace, name);
		}

	}

	@GlobalServerInterceptor
	@Order(1)
	static class FirstInterceptor extends TracingInterceptor {

		FirstInterceptor(Trace trace) {
			super(trace, "first");
		}

	}

	@GlobalServerInterceptor
	static class ThirdInterceptor extends TracingInterceptor implements Ordered {

		ThirdInterceptor(Trace trace) {
			super(trace, "third");
		}

		@Override
		public int getOrder() {
			return 3;
		}

	}

	@GlobalServerInterceptor(infrastructure = true)
	@Order(2)
	static class InfrastructureInterceptor extends TracingInterceptor {

		InfrastructureInterceptor(Trace trace) {
			super(trace, "infrastructure");
		}

	}

	static class NotAnnotatedInterceptor extends TracingInterceptor {

		NotAnnotatedInterceptor(Trace trace) {
			super(trace, "not annotated");
		}

	}

	static class BeanInterceptor extends TracingInterceptor {

		BeanInterceptor(Trace trace) {
			super(trace, "bean");
		}

	}

	static class CreatedInterceptor extends TracingInterceptor {

		CreatedInterceptor(Trace trace) {
			super(trace, "created");
		}

	}

	@GlobalServerInterceptor
	static class NoInterceptor {

	}

	@GrpcService(interceptors = { CreatedInterceptor.class, BeanInterceptor.class })
	static class OwnInterceptorsRouteGuide extends TestRouteGuide {

		OwnInterceptorsRouteGuide() {
			super("own interceptors");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ServicesConfiguration {

		@Bean
		@GrpcService
		@ConditionalOnBooleanProperty(name = "test.route-guide", matchIfMissing = true)
		TestRouteGuide routeGuide() {
			return new TestRouteGuide();
		}

		@Bean
		@GrpcService
		OneMethodService other() {
			return new OneMethodService("test.Other");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnInterceptorsBeanMethodConfiguration {

		@Bean
		@GrpcService(interceptors = CreatedInterceptor.class)
		TestRouteGuide ownRouteGuide() {
			return new TestRouteGuide();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class GlobalInterceptorsConfiguration {

		@Bean
		@GlobalServerInterceptor
		NamedInterceptor unordered(Trace trace) {
			return new NamedInterceptor(trace, "unordered");
		}

		@Bean
		@GlobalServerInterceptor
		@Order(2)
		ServerInterceptor second(Trace trace) {
			return new NamedInterceptor(trace, "second");
		}

	}

	@GlobalServerInterceptor
	@Order(1)
	@Scope(scopeName = BeanDefinition.SCOPE_PROTOTYPE, proxyMode = ScopedProxyMode.INTERFACES)
	static class ScopedInterceptor extends TracingInterceptor {

		ScopedInterceptor(Trace trace) {
			super(trace, "scoped class");
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Import(ScopedInterceptor.class)
	static class ScopedInterceptorConfiguration {

		@Bean
		@GlobalServerInterceptor
		@Order(2)
		@Scope(scopeName = BeanDefinition.SCOPE_PROTOTYPE, proxyMode = ScopedProxyMode.INTERFACES)
		ServerInterceptor scoped(Trace trace) {
			return new NamedInterceptor(trace, "scoped bean method");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class PrototypeInterceptorConfiguration {

		@Bean
		@GlobalServerInterceptor
		@Scope(BeanDefinition.SCOPE_PROTOTYPE)
		NamedInterceptor prototype(Trace trace) {
			return new NamedInterceptor(trace, "prototype");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ObjectInterceptorConfiguration {

		@Bean
		@GlobalServerInterceptor
		Object object(Trace trace) {
			return new NamedInterceptor(trace, "object");
		}

	}

}
