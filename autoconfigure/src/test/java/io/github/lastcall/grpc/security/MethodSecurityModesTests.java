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

package io.github.lastcall.grpc.security;

import java.lang.instrument.IllegalClassFormatException;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.lastcall.grpc.lifecycle.GrpcServerStateChangedEvent;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.FailureAnalyses;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import org.aspectj.weaver.loadtime.ClassPreProcessorAgentAdapter;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.beans.factory.ObjectFactory;
import org.springframework.beans.factory.config.CustomScopeConfigurer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.AdviceMode;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Scope;
import org.springframework.context.annotation.ScopedProxyMode;
import org.springframework.context.support.SimpleThreadScope;
import org.springframework.core.OverridingClassLoader;
import org.springframework.security.access.annotation.Secured;
import org.springframework.security.access.prepost.PreAuthorize;
import org.springframework.security.config.annotation.method.configuration.EnableMethodSecurity;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Annotations on handlers that AspectJ weaves, and on beans with a scoped proxy.
 */
@Timeout(120)
class MethodSecurityModesTests {

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withUserConfiguration(AuthorizedCallsTests.CallerConfiguration.class);

	@Test
	void wovenAnnotationsDecideOncePerCall() {
		assertDecides(this.runner.withUserConfiguration(AspectJ.class)
			.withBean("guide", new WeavingClassLoader().load(Guide.class)));
	}

	@ParameterizedTest
	@ValueSource(classes = { Guide.class, OfSecured.class, OfClass.class })
	void anAnnotationThatIsNotWovenFailsTheStart(Class<?> service) {
		FailureAnalysis analysis = FailureAnalyses
			.of(this.runner.withUserConfiguration(AspectJ.class).withBean("guide", service));
		assertThat(analysis.getDescription()).matches(
				"Method %s\\.(getFeature|listFeatures) of the @GrpcService bean 'guide' has @.*, which is not evaluated: "
					.formatted(service.getSimpleName())
						+ "method security is in AspectJ mode, and (PreAuthorize|Secured)Aspect is not woven into the method\\.");
		assertThat(analysis.getAction()).startsWith("Weave the class with spring-security-aspects");
	}

	@Test
	void annotationsOfABeanWithAScopedProxyDecideOncePerCall() {
		assertDecides(this.runner.withUserConfiguration(Proxies.class, PrototypeGuide.class));
		assertDecides(this.runner.withUserConfiguration(Proxies.class, ThreadGuide.class)
			.withBean(CustomScopeConfigurer.class, () -> scope(new SimpleThreadScope())));
	}

	@Test
	void annotationsOfABeanWhoseScopeIsNotActiveAtTheStartDecideOncePerCall() {
		InactiveScope scope = new InactiveScope();
		assertDecides(this.runner.withBean(CustomScopeConfigurer.class, () -> scope(scope))
			.withUserConfiguration(Proxies.class, ThreadGuide.class)
			.withInitializer((context) -> context
				.addApplicationListener((GrpcServerStateChangedEvent event) -> scope.active = true)));
	}

	@Test
	void anAnnotationOfABeanWithAScopedProxyThatNothingEvaluatesFailsTheStart() {
		assertThat(FailureAnalyses.of(this.runner.withUserConfiguration(PrototypeGuide.class)).getDescription())
			.contains("Guide.getFeature", "no proxy of the bean handles the annotation");
		assertThat(FailureAnalyses
			.of(this.runner.withUserConfiguration(ThreadGuide.class)
				.withBean(CustomScopeConfigurer.class, () -> scope(new InactiveScope())))
			.getDescription()).contains("Guide.getFeature", "no proxy of the bean handles the annotation");
		assertThat(FailureAnalyses
			.of(this.runner.withUserConfiguration(Proxies.class, PrototypeGuideWithFinalMethod.class))
			.getDescription()).contains("PrototypeGuideWithFinalMethod.getFeature", "the method is final");
	}

	private static void assertDecides(ApplicationContextRunner runner) {
		runner.run((context) -> {
			assertThat(context).hasNotFailed();
			AtomicInteger checks = context.getBean("checks", AtomicInteger.class);
			try (GrpcClient client = GrpcClient.of(context)) {
				assertThat(AuthorizedCallsTests.feature(AuthorizedCallsTests.as(client, "alice:ROLE_DRIVER")))
					.isEqualTo(Status.Code.OK);
				assertThat(checks).hasValue(1);
				assertThat(AuthorizedCallsTests.feature(AuthorizedCallsTests.as(client, "bob")))
					.isEqualTo(Status.Code.PERMISSION_DENIED);
				assertThat(AuthorizedCallsTests.feature(client.channel())).isEqualTo(Status.Code.UNAUTHENTICATED);
				assertThat(AuthorizedCallsTests.features(AuthorizedCallsTests.as(client, "alice:ROLE_DRIVER")))
					.isEqualTo(Status.Code.OK);
				assertThat(AuthorizedCallsTests.features(AuthorizedCallsTests.as(client, "bob")))
					.isEqualTo(Status.Code.PERMISSION_DENIED);
			}
		});
	}

	private static CustomScopeConfigurer scope(org.springframework.beans.factory.config.Scope scope) {
		CustomScopeConfigurer configurer = new CustomScopeConfigurer();
		configurer.addScope("call", scope);
		return configurer;
	}

	@Configuration(proxyBeanMethods = false)
	static class Checks {

		@Bean
		AtomicInteger checks() {
			return new AtomicInteger();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableMethodSecurity(mode = AdviceMode.ASPECTJ, securedEnabled = true)
	static class AspectJ extends Checks {

	}

	@Configuration(proxyBeanMethods = false)
	@EnableMethodSecurity(proxyTargetClass = true, securedEnabled = true)
	static class Proxies extends Checks {

	}

	@GrpcService
	public static class Guide extends TestRouteGuide {

		@Override
		@PreAuthorize("hasRole('DRIVER') and @checks.incrementAndGet() > 0")
		public void getFeature(Point request, StreamObserver<Feature> observer) {
			super.getFeature(request, observer);
		}

		@Override
		@Secured("ROLE_DRIVER")
		public void listFeatures(Rectangle request, StreamObserver<Feature> observer) {
			observer.onCompleted();
		}

	}

	@GrpcService
	@Scope(scopeName = "prototype", proxyMode = ScopedProxyMode.TARGET_CLASS)
	public static class PrototypeGuide extends Guide {

	}

	@GrpcService
	@Scope(scopeName = "call", proxyMode = ScopedProxyMode.TARGET_CLASS)
	public static class ThreadGuide extends Guide {

	}

	@GrpcService
	@Scope(scopeName = "prototype", proxyMode = ScopedProxyMode.TARGET_CLASS)
	public static class PrototypeGuideWithFinalMethod extends Guide {

		@Override
		@PreAuthorize("hasRole('DRIVER')")
		public final void getFeature(Point request, StreamObserver<Feature> observer) {
			super.getFeature(request, observer);
		}

	}

	@GrpcService
	public static class OfSecured extends TestRouteGuide {

		@Override
		@Secured("ROLE_DRIVER")
		public void listFeatures(Rectangle request, StreamObserver<Feature> observer) {
			observer.onCompleted();
		}

	}

	@GrpcService
	@PreAuthorize("hasRole('DRIVER')")
	public static class OfClass extends TestRouteGuide {

		@Override
		public void getFeature(Point request, StreamObserver<Feature> observer) {
			super.getFeature(request, observer);
		}

	}

	/**
	 * As a scope that needs a call.
	 */
	static class InactiveScope extends SimpleThreadScope {

		volatile boolean active;

		@Override
		public Object get(String name, ObjectFactory<?> objectFactory) {
			if (!this.active) {
				throw new IllegalStateException("No call");
			}
			return super.get(name, objectFactory);
		}

	}

	/**
	 * Weaves one class, as the agent of AspectJ does.
	 */
	static class WeavingClassLoader extends OverridingClassLoader {

		private final ClassPreProcessorAgentAdapter weaver = new ClassPreProcessorAgentAdapter();

		private String woven = "";

		WeavingClassLoader() {
			super(MethodSecurityModesTests.class.getClassLoader());
		}

		Class<?> load(Class<?> type) {
			this.woven = type.getName();
			try {
				return loadClass(type.getName());
			}
			catch (ClassNotFoundException ex) {
				throw new IllegalStateException(ex);
			}
		}

		@Override
		protected boolean isEligibleForOverriding(String className) {
			return className.equals(this.woven);
		}

		@Override
		protected byte[] transformIfNecessary(String name, byte[] bytes) {
			try {
				byte @Nullable [] woven = this.weaver.transform(this, name.replace('.', '/'), null, null, bytes);
				return (woven != null) ? woven : bytes;
			}
			catch (IllegalClassFormatException ex) {
				throw new IllegalStateException(ex);
			}
		}

	}

}
