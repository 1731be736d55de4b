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

package io.github.lastcall.grpc.autoconfigure;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.FailureAnalyses;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.Rectangle;
import io.github.lastcall.sample.routeguide.RouteNote;
import io.github.lastcall.sample.routeguide.RouteSummary;
import io.grpc.stub.StreamObserver;
import jakarta.annotation.security.RolesAllowed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.aop.support.NameMatchMethodPointcut;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Role;
import org.springframework.security.access.annotation.Secured;
import org.springframework.security.access.prepost.PostAuthorize;
import org.springframework.security.access.prepost.PostFilter;
import org.springframework.security.access.prepost.PreAuthorize;
import org.springframework.security.access.prepost.PreFilter;
import org.springframework.security.authorization.AuthorizationDecision;
import org.springframework.security.authorization.method.AuthorizationManagerBeforeMethodInterceptor;
import org.springframework.security.authorization.method.HandleAuthorizationDenied;
import org.springframework.security.authorization.method.NullReturningMethodAuthorizationDeniedHandler;
import org.springframework.security.config.annotation.method.configuration.EnableMethodSecurity;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Annotations of Spring Security's method security on handlers that would protect
 * nothing.
 */
class MethodSecurityCheckTests {

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create();

	@ParameterizedTest
	@ValueSource(classes = { Annotated.class, OfSecured.class, OfJsr250.class, OfClass.class, OfOwnAnnotation.class })
	void anAnnotationThatNothingEvaluatesFailsTheStart(Class<?> service) {
		FailureAnalysis analysis = FailureAnalyses.of(this.runner.withBean("guide", service));
		assertThat(analysis.getDescription()).matches(
				"Method %s\\.getFeature of the @GrpcService bean 'guide' has @.*, ".formatted(service.getSimpleName())
						+ "which is not evaluated: no proxy of the bean handles the annotation\\.");
		assertThat(analysis.getAction()).startsWith("Add @EnableMethodSecurity")
			.endsWith(" to a configuration class, or remove the annotation.");
	}

	@Test
	void theAnnotationThatEnablesTheOtherIsNamed() {
		assertThat(analysis(Annotated.class).getAction()).startsWith("Add @EnableMethodSecurity to");
		assertThat(analysis(OfSecured.class).getAction())
			.startsWith("Add @EnableMethodSecurity(securedEnabled = true) to");
		assertThat(analysis(OfJsr250.class).getAction())
			.startsWith("Add @EnableMethodSecurity(jsr250Enabled = true) to");
	}

	private FailureAnalysis analysis(Class<?> service) {
		return FailureAnalyses.of(this.runner.withBean("guide", service));
	}

	@Test
	void theAnnotationIsShownAsItIsWritten() {
		assertThat(analysis(OfSecured.class).getDescription()).contains(" has @Secured(\"ROLE_A\", \"ROLE_B\"), ");
		assertThat(analysis(OfOwnAnnotation.class).getDescription()).contains(" has @PreAuthorize(\"hasRole('A')\"), ");
	}

	@Test
	void anotherAnnotationIsNotEnabledByTheFirst() {
		FailureAnalysis analysis = FailureAnalyses
			.of(this.runner.withUserConfiguration(PrePost.class).withBean("guide", OfBoth.class));
		assertThat(analysis.getDescription()).contains("OfBoth.getFeature", "has @Secured(\"ROLE_A\")",
				"no proxy of the bean handles the annotation");
	}

	@ParameterizedTest
	@ValueSource(classes = { Annotated.class, OfSecured.class, OfJsr250.class, OfClass.class, OfOwnAnnotation.class,
			StreamsWithoutMessages.class, OfBoth.class, DeniedWithException.class, OfOverloads.class })
	void annotationsThatAreEvaluatedStart(Class<?> service) {
		this.runner.withUserConfiguration(All.class)
			.withBean("guide", service)
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void anAdvisorOfTheApplicationMayEvaluateAnAnnotation() {
		this.runner.withUserConfiguration(PrePost.class, OwnAdvisor.class)
			.withBean("guide", OfSecured.class)
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void aFinalHandlerFailsTheStart() {
		FailureAnalysis analysis = FailureAnalyses
			.of(this.runner.withUserConfiguration(All.class).withBean("guide", FinalHandler.class));
		assertThat(analysis.getDescription())
			.isEqualTo("Method FinalHandler.getFeature of the @GrpcService bean 'guide' has "
					+ "@PreAuthorize(\"hasRole('A')\"), which is not evaluated: the method is final.");
		assertThat(analysis.getAction()).isEqualTo("Make it a method that a proxy of the bean can override.");
	}

	@Test
	void aFinalHandlerInAnAnnotatedClassFailsTheStart() {
		assertThat(FailureAnalyses
			.of(this.runner.withUserConfiguration(All.class).withBean("guide", FinalHandlerOfClass.class))
			.getDescription()).contains("FinalHandlerOfClass.getFeature", "the method is final.");
	}

	@Test
	void aPrivateOrStaticMethodFailsTheStart() {
		assertThat(
				FailureAnalyses.of(this.runner.withUserConfiguration(All.class).withBean("guide", PrivateMethod.class))
					.getDescription())
			.contains("PrivateMethod.find", "the method is private.");
		assertThat(
				FailureAnalyses.of(this.runner.withUserConfiguration(All.class).withBean("guide", StaticMethod.class))
					.getDescription())
			.contains("StaticMethod.find", "the method is static.");
	}

	@Test
	void aFinalClassFailsTheStart() {
		FailureAnalysis analysis = FailureAnalyses
			.of(this.runner.withUserConfiguration(All.class).withBean("guide", FinalClass.class));
		assertThat(analysis.getDescription())
			.isEqualTo("The @GrpcService bean 'guide' needs a proxy, for annotations such "
					+ "as @PreAuthorize or @Transactional, and cannot have one: %s is final."
						.formatted(FinalClass.class.getName()));
		assertThat(analysis.getAction()).startsWith("Remove final from the class.");
	}

	@Test
	void aFinalClassThatIsNoServiceIsLeftToOthers() {
		AtomicReference<BeanFactory> beans = new AtomicReference<>();
		this.runner.withUserConfiguration(All.class)
			.withBean(FinalBean.class)
			.withInitializer((context) -> beans.set(context.getBeanFactory()))
			.run((context) -> {
				Throwable failure = Objects.requireNonNull(context.getStartupFailure());
				assertThat(failure).hasRootCauseInstanceOf(IllegalArgumentException.class);
				assertThat(new FinalServiceFailureAnalyzer(beans.get()).analyze(failure)).isNull();
			});
	}

	@ParameterizedTest
	@ValueSource(classes = { DeniedWithoutAnswer.class, DeniedStreamWithoutAnswer.class })
	void aDeniedCallThatWouldNotBeAnsweredFailsTheStart(Class<?> service) {
		FailureAnalysis analysis = FailureAnalyses
			.of(this.runner.withUserConfiguration(All.class).withBean("guide", service));
		assertThat(analysis.getDescription()).startsWith("Method %s.".formatted(service.getSimpleName()))
			.endsWith(" of the @GrpcService bean 'guide' has @PreAuthorize(\"hasRole('A')\") and "
					+ "@HandleAuthorizationDenied, which cannot answer a denied call there: the answer is not returned "
					+ "but sent to a StreamObserver, so the client would wait for it.");
		assertThat(analysis.getAction()).contains("Remove @HandleAuthorizationDenied", "@GrpcExceptionHandler");
	}

	@Test
	void anAnnotationOnAMethodThatTheServerDoesNotCallFailsTheStart() {
		FailureAnalysis analysis = FailureAnalyses
			.of(this.runner.withUserConfiguration(All.class).withBean("guide", OfOverload.class));
		assertThat(analysis.getDescription())
			.isEqualTo("Method OfOverload.getFeature of the @GrpcService bean 'guide' has "
					+ "@PreAuthorize(\"hasRole('A')\"), which is not evaluated: calls arrive at getFeature(Point), which calls "
					+ "this method without the proxy of the bean.");
		assertThat(analysis.getAction()).isEqualTo("Override getFeature(Point) and move the annotation to it.");
	}

	@ParameterizedTest
	@ValueSource(classes = { PostAuthorized.class, PostFiltered.class, PostAuthorizedStream.class })
	void anAnnotationThatIsEvaluatedWhenTheAnswerMayHaveLeftFailsTheStart(Class<?> service) {
		FailureAnalysis analysis = FailureAnalyses
			.of(this.runner.withUserConfiguration(All.class).withBean("guide", service));
		assertThat(analysis.getDescription()).startsWith("Method %s.".formatted(service.getSimpleName()))
			.contains(" of the @GrpcService bean 'guide' has @Post")
			.endsWith(
					", which does not protect anything there: the answer is not returned but sent to a StreamObserver, "
							+ "and may have left by then.");
		assertThat(analysis.getAction()).isEqualTo("Decide before the handler runs, with @PreAuthorize or a rule of "
				+ "GrpcAuthorization, or in the handler before it answers.");
	}

	@Test
	void aFilterOfMessagesFailsTheStart() {
		FailureAnalysis analysis = FailureAnalyses
			.of(this.runner.withUserConfiguration(All.class).withBean("guide", PreFiltered.class));
		assertThat(analysis.getDescription()).isEqualTo("Method PreFiltered.routeChat of the @GrpcService bean 'guide' "
				+ "has @PreFilter(\"filterObject.message == authentication.name\"), which has nothing to filter there: "
				+ "no argument of the method is a collection.");
		assertThat(analysis.getAction())
			.isEqualTo("Check each message with eachMessage(...) of a GrpcAuthorization rule, or in the handler.");
	}

	@Test
	void anExpressionThatNamesAMessageOfAStreamFailsTheStart() {
		FailureAnalysis analysis = FailureAnalyses
			.of(this.runner.withUserConfiguration(All.class).withBean("guide", StreamWithMessage.class));
		assertThat(analysis.getDescription())
			.isEqualTo("Method StreamWithMessage.routeChat of the @GrpcService bean 'guide' has "
					+ "@PreAuthorize(\"hasRole('A') and #note.message == authentication.name\"), which names a message "
					+ "(#note): the expression is evaluated once, before the first message of the stream arrives.");
		assertThat(analysis.getAction())
			.isEqualTo("Decide about messages with eachMessage(...) of a GrpcAuthorization rule, or in the handler.");
	}

	@Configuration(proxyBeanMethods = false)
	@EnableMethodSecurity(proxyTargetClass = true)
	static class PrePost {

	}

	@Configuration(proxyBeanMethods = false)
	@EnableMethodSecurity(proxyTargetClass = true, securedEnabled = true, jsr250Enabled = true)
	static class All {

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnAdvisor {

		@Bean
		@Role(BeanDefinition.ROLE_INFRASTRUCTURE)
		static AuthorizationManagerBeforeMethodInterceptor everyHandler() {
			return new AuthorizationManagerBeforeMethodInterceptor(
					new NameMatchMethodPointcut().addMethodName("getFeature"),
					(caller, invocation) -> new AuthorizationDecision(true));
		}

	}

	@GrpcService
	static class Annotated extends TestRouteGuide {

		@Override
		@PreAuthorize("hasRole('A') and #request.latitude > 0")
		public void getFeature(Point request, StreamObserver<Feature> observer) {
			super.getFeature(request, observer);
		}

	}

	@GrpcService
	static class OfSecured extends TestRouteGuide {

		@Override
		@Secured({ "ROLE_A", "ROLE_B" })
		public void getFeature(Point request, StreamObserver<Feature> observer) {
			super.getFeature(request, observer);
		}

	}

	@GrpcService
	static class OfJsr250 extends TestRouteGuide {

		@Override
		@RolesAllowed("A")
		public void getFeature(Point request, StreamObserver<Feature> observer) {
			super.getFeature(request, observer);
		}

	}

	@GrpcService
	@PreAuthorize("hasRole('A')")
	static class OfClass extends TestRouteGuide {

		@Override
		public void getFeature(Point request, StreamObserver<Feature> observer) {
			super.getFeature(request, observer);
		}

	}

	@Target(ElementType.METHOD)
	@Retention(RetentionPolicy.RUNTIME)
	@PreAuthorize("hasRole('A')")
	@interface ForA {

	}

	@GrpcService
	static class OfOwnAnnotation extends TestRouteGuide {

		@Override
		@ForA
		public void getFeature(Point request, StreamObserver<Feature> observer) {
			super.getFeature(request, observer);
		}

	}

	@GrpcService
	static class OfBoth extends TestRouteGuide {

		@Override
		@PreAuthorize("hasRole('A')")
		@Secured("ROLE_A")
		public void getFeature(Point request, StreamObserver<Feature> observer) {
			super.getFeature(request, observer);
		}

	}

	@GrpcService
	static class FinalHandler extends TestRouteGuide {

		@Override
		@PreAuthorize("hasRole('A')")
		public final void getFeature(Point request, StreamObserver<Feature> observer) {
			super.getFeature(request, observer);
		}

	}

	@GrpcService
	@PreAuthorize("hasRole('A')")
	static class FinalHandlerOfClass extends TestRouteGuide {

		@Override
		public final void getFeature(Point request, StreamObserver<Feature> observer) {
			super.getFeature(request, observer);
		}

	}

	@GrpcService
	@PreAuthorize("hasRole('A')")
	static final class FinalClass extends TestRouteGuide {

	}

	@PreAuthorize("hasRole('A')")
	static final class FinalBean {

	}

	@GrpcService
	static class DeniedWithoutAnswer extends TestRouteGuide {

		@Override
		@PreAuthorize("hasRole('A')")
		@HandleAuthorizationDenied(handlerClass = NullReturningMethodAuthorizationDeniedHandler.class)
		public void getFeature(Point request, StreamObserver<Feature> observer) {
			super.getFeature(request, observer);
		}

	}

	@GrpcService
	@HandleAuthorizationDenied(handlerClass = NullReturningMethodAuthorizationDeniedHandler.class)
	static class DeniedStreamWithoutAnswer extends TestRouteGuide {

		@Override
		@PreAuthorize("hasRole('A')")
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> observer) {
			return super.routeChat(observer);
		}

	}

	@GrpcService
	static class DeniedWithException extends TestRouteGuide {

		@Override
		@PreAuthorize("hasRole('A')")
		@HandleAuthorizationDenied
		public void getFeature(Point request, StreamObserver<Feature> observer) {
			super.getFeature(request, observer);
		}

	}

	/**
	 * As the stubs of Reactor: one method calls another one of the same name.
	 */
	abstract static class Overloaded extends TestRouteGuide {

		@Override
		public void getFeature(Point request, StreamObserver<Feature> observer) {
			getFeature(() -> request, observer);
		}

		void getFeature(Supplier<Point> request, StreamObserver<Feature> observer) {
			super.getFeature(request.get(), observer);
		}

	}

	@GrpcService
	static class OfOverload extends Overloaded {

		@Override
		@PreAuthorize("hasRole('A')")
		void getFeature(Supplier<Point> request, StreamObserver<Feature> observer) {
			super.getFeature(request, observer);
		}

	}

	@GrpcService
	@PreAuthorize("hasRole('A')")
	static class OfOverloads extends Overloaded {

		@Override
		public void getFeature(Point request, StreamObserver<Feature> observer) {
			super.getFeature(request, observer);
		}

		@Override
		void getFeature(Supplier<Point> request, StreamObserver<Feature> observer) {
			super.getFeature(request, observer);
		}

	}

	@GrpcService
	static class PrivateMethod extends TestRouteGuide {

		@Override
		public void getFeature(Point request, StreamObserver<Feature> observer) {
			find();
		}

		@PreAuthorize("hasRole('A')")
		private void find() {
		}

	}

	@GrpcService
	static class StaticMethod extends TestRouteGuide {

		@Secured("ROLE_A")
		static void find() {
		}

	}

	@GrpcService
	static class PostAuthorized extends TestRouteGuide {

		@Override
		@PostAuthorize("returnObject.name == authentication.name")
		public void getFeature(Point request, StreamObserver<Feature> observer) {
			super.getFeature(request, observer);
		}

	}

	@GrpcService
	static class PostFiltered extends TestRouteGuide {

		@Override
		@PostFilter("filterObject.name == authentication.name")
		public void listFeatures(Rectangle request, StreamObserver<Feature> observer) {
			observer.onCompleted();
		}

	}

	@GrpcService
	static class PostAuthorizedStream extends TestRouteGuide {

		@Override
		@PostAuthorize("hasRole('A')")
		public StreamObserver<Point> recordRoute(StreamObserver<RouteSummary> observer) {
			return super.recordRoute(observer);
		}

	}

	@GrpcService
	static class PreFiltered extends TestRouteGuide {

		@Override
		@PreFilter("filterObject.message == authentication.name")
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> observer) {
			return super.routeChat(observer);
		}

	}

	@GrpcService
	static class StreamWithMessage extends TestRouteGuide {

		@Override
		@PreAuthorize("hasRole('A') and #note.message == authentication.name")
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> observer) {
			return super.routeChat(observer);
		}

	}

	@GrpcService
	static class StreamsWithoutMessages extends TestRouteGuide {

		@Override
		@PreAuthorize("hasRole('A') and #root != null and #observer != null and #a0 != null")
		public StreamObserver<RouteNote> routeChat(StreamObserver<RouteNote> observer) {
			return super.routeChat(observer);
		}

		@Override
		@Secured("ROLE_A")
		public StreamObserver<Point> recordRoute(StreamObserver<RouteSummary> observer) {
			return super.recordRoute(observer);
		}

	}

}
