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

import java.util.Objects;

import io.github.lastcall.grpc.testing.AdviceConfiguration;
import io.github.lastcall.grpc.testing.AdviceConfiguration.Advised;
import io.github.lastcall.grpc.testing.EnableServerAutoConfiguration;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.CustomScopeConfigurer;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Scope;
import org.springframework.context.annotation.ScopedProxyMode;
import org.springframework.context.support.SimpleThreadScope;
import org.springframework.test.annotation.DirtiesContext;
import org.springframework.test.context.TestContextManager;
import org.springframework.test.context.bean.override.mockito.MockitoBean;
import org.springframework.test.context.bean.override.mockito.MockitoSpyBean;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.mockito.Mockito.verify;
import static org.mockito.ArgumentMatchers.any;

/**
 * Services whose beans are not what they seem: proxies, scopes, mocks.
 */
@ExtendWith(OutputCaptureExtension.class)
class ServiceBindingTests {

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create();

	@Test
	void aProxyOfTheInterfacesThatCallsWouldBypassFailsTheStart() {
		this.runner.withUserConfiguration(RouteGuide.class, AdviceConfiguration.class)
			.withPropertyValues("proxy-target-class=false")
			.run((context) -> assertThatTheStartFails(context, "'serviceBindingTests.RouteGuide'",
					"JDK proxy of its interfaces", "spring.aop.proxy-target-class"));
	}

	@Test
	void aProxyThatCallsWouldBypassAsTheServiceIsBoundByHandFailsTheStart() {
		this.runner.withUserConfiguration(BoundByHand.class, AdviceConfiguration.class)
			.run((context) -> assertThatTheStartFails(context, "'serviceBindingTests.BoundByHand'",
					"its bindService() is not final", "Declare bindService() final"));
	}

	@Test
	void callsGoThroughTheProxyOfAServiceThatIsBoundByHandInAFinalMethod() {
		this.runner.withUserConfiguration(FinallyBoundByHand.class, AdviceConfiguration.class)
			.run((context) -> assertThatCallsAreAdvised(context, "by hand"));
	}

	@Test
	void aServiceWhoseFinalMethodsReadFinalFieldsIsServedThroughItsProxy() {
		this.runner.withUserConfiguration(CoroutineRouteGuide.class, AdviceConfiguration.class)
			.run((context) -> assertThatCallsAreAdvised(context, "coroutine"));
	}

	@Test
	void aServiceThatCannotBeBoundOnItsProxyFailsTheStart() {
		this.runner.withUserConfiguration(FieldRouteGuide.class, AdviceConfiguration.class)
			.run((context) -> assertThatTheStartFails(context, "'serviceBindingTests.FieldRouteGuide'",
					"on which its bindService() fails", "NullPointerException", "to another bean"));
	}

	@Test
	void aPrototypeWithoutAScopedProxyFailsTheStart() {
		this.runner.withUserConfiguration(PrototypeRouteGuide.class)
			.run((context) -> assertThatTheStartFails(context, "'serviceBindingTests.PrototypeRouteGuide'",
					"is not a singleton", "proxyMode"));
	}

	@Test
	void aServiceOfACustomScopeWithoutAScopedProxyFailsTheStart() {
		this.runner.withUserConfiguration(CustomScopeRouteGuide.class, CustomScope.class)
			.run((context) -> assertThatTheStartFails(context, "'serviceBindingTests.CustomScopeRouteGuide'",
					"is not a singleton", "proxyMode"));
	}

	@Test
	void aScopedProxyOfTheInterfacesFailsTheStart() {
		this.runner.withUserConfiguration(InterfaceScopedRouteGuide.class)
			.run((context) -> assertThatTheStartFails(context, "'serviceBindingTests.InterfaceScopedRouteGuide'",
					"JDK proxy of its interfaces"));
	}

	@Test
	void aMockIsLeftOutWithAWarningThatNamesTheSpy(CapturedOutput output) throws Exception {
		TestWithMock test = new TestWithMock();
		run(test, (port) -> {
			try (GrpcClient client = GrpcClient.of(port)) {
				assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(client::featureName)
					.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED));
			}
		});
		assertThat(output.toString().lines().filter((line) -> line.contains("@GrpcService"))).singleElement()
			.asString()
			.contains("WARN", "RouteGuide'", "@MockitoSpyBean");
	}

	@Test
	void aSpyIsServed() throws Exception {
		TestWithSpy test = new TestWithSpy();
		run(test, (port) -> {
			try (GrpcClient client = GrpcClient.of(port)) {
				assertThat(client.featureName()).isEqualTo("guide");
			}
			verify(test.guide).getFeature(any(), any());
		});
	}

	private static void run(AbstractTest test, PortConsumer body) throws Exception {
		TestContextManager manager = new TestContextManager(test.getClass());
		manager.beforeTestClass();
		manager.prepareTestInstance(test);
		try {
			body.accept(test.port);
		}
		finally {
			manager.afterTestClass();
		}
	}

	private static void assertThatTheStartFails(AssertableApplicationContext context, String... texts) {
		assertThat(context).getFailure().rootCause().satisfies((cause) -> {
			GrpcServerStartException failure = failure(context.getStartupFailure());
			assertThat(failure.getMessage() + "\n" + failure.getAction()).contains(texts);
		});
	}

	private static GrpcServerStartException failure(@Nullable Throwable failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (cause instanceof GrpcServerStartException start) {
				return start;
			}
		}
		throw new AssertionError("No failure of ours", failure);
	}

	private static void assertThatCallsAreAdvised(AssertableApplicationContext context, String name) {
		assertThat(context).hasNotFailed();
		try (GrpcClient client = GrpcClient.of(context)) {
			assertThat(client.featureName()).isEqualTo(name);
		}
		assertThat(context.getBean(Advised.class).methods).containsExactly("getFeature");
	}

	interface PortConsumer {

		void accept(int port) throws Exception;

	}

	@GrpcService
	static class RouteGuide extends TestRouteGuide {

		RouteGuide() {
			super("guide");
		}

	}

	@GrpcService
	static class BoundByHand implements BindableService, RouteGuideGrpc.AsyncService {

		@Override
		public ServerServiceDefinition bindService() {
			return RouteGuideGrpc.bindService(this);
		}

	}

	@GrpcService
	static class FinallyBoundByHand implements BindableService {

		private final String name = "by hand".toString();

		@Override
		public final ServerServiceDefinition bindService() {
			return ServerServiceDefinition.builder(RouteGuideGrpc.SERVICE_NAME)
				.addMethod(RouteGuideGrpc.getGetFeatureMethod(), ServerCalls.asyncUnaryCall(this::getFeature))
				.build();
		}

		public void getFeature(Point request, StreamObserver<Feature> responses) {
			responses.onNext(Feature.newBuilder().setName(this.name).build());
			responses.onCompleted();
		}

	}

	/**
	 * What grpc-kotlin's {@code AbstractCoroutineServerImpl} is.
	 */
	abstract static class CoroutineServer implements BindableService {

		private final Object context = new Object();

		public final Object getContext() {
			return this.context;
		}

	}

	@GrpcService
	static class CoroutineRouteGuide extends CoroutineServer {

		@Override
		public final ServerServiceDefinition bindService() {
			Object context = Objects.requireNonNull(getContext());
			return ServerServiceDefinition.builder(RouteGuideGrpc.SERVICE_NAME)
				.addMethod(RouteGuideGrpc.getGetFeatureMethod(),
						ServerCalls.asyncUnaryCall((request, responses) -> getFeature(context, responses)))
				.build();
		}

		public void getFeature(Object context, StreamObserver<Feature> responses) {
			responses.onNext(Feature.newBuilder().setName("coroutine").build());
			responses.onCompleted();
		}

	}

	@GrpcService
	static class FieldRouteGuide extends CoroutineServer {

		private String name = "field";

		@Override
		public final ServerServiceDefinition bindService() {
			return ServerServiceDefinition.builder(this.name.trim()).build();
		}

		public void getFeature() {
			this.name = "other";
		}

	}

	@GrpcService
	@Scope(BeanDefinition.SCOPE_PROTOTYPE)
	static class PrototypeRouteGuide extends TestRouteGuide {

		PrototypeRouteGuide() {
			super("prototype");
		}

	}

	@GrpcService
	@Scope("custom")
	static class CustomScopeRouteGuide extends TestRouteGuide {

		CustomScopeRouteGuide() {
			super("custom");
		}

	}

	@GrpcService
	@Scope(scopeName = BeanDefinition.SCOPE_PROTOTYPE, proxyMode = ScopedProxyMode.INTERFACES)
	static class InterfaceScopedRouteGuide extends TestRouteGuide {

		InterfaceScopedRouteGuide() {
			super("interfaces");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class CustomScope {

		@Bean
		static CustomScopeConfigurer customScope() {
			CustomScopeConfigurer configurer = new CustomScopeConfigurer();
			configurer.addScope("custom", new SimpleThreadScope());
			return configurer;
		}

	}

	abstract static class AbstractTest {

		@LocalGrpcPort
		int port;

	}

	@DirtiesContext
	@SpringBootTest(classes = Application.class, webEnvironment = WebEnvironment.NONE, properties = {
			"grpc.server.port=0", "grpc.server.health.services." + RouteGuideGrpc.SERVICE_NAME + "=liveness" })
	static class TestWithMock extends AbstractTest {

		@MockitoBean
		@Nullable RouteGuide guide;

	}

	@DirtiesContext
	@SpringBootTest(classes = Application.class, webEnvironment = WebEnvironment.NONE,
			properties = "grpc.server.port=0")
	static class TestWithSpy extends AbstractTest {

		@MockitoSpyBean
		@Nullable RouteGuide guide;

	}

	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableServerAutoConfiguration
	@Import(RouteGuide.class)
	static class Application {

	}

}
