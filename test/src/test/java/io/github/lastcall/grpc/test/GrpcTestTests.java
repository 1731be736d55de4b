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

package io.github.lastcall.grpc.test;

import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

import io.github.lastcall.grpc.error.CallErrors;
import io.github.lastcall.grpc.security.CallSecurity;
import io.github.lastcall.grpc.test.app.Maps;
import io.github.lastcall.grpc.test.app.MapsApplication;
import io.github.lastcall.grpc.test.app.MapsService;
import io.github.lastcall.grpc.validation.RequestRules;
import io.github.lastcall.grpc.validation.RequestValidation;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.Status;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.NoSuchBeanDefinitionException;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.test.context.ContextConfiguration;
import org.springframework.test.context.TestContextManager;
import org.springframework.test.context.bean.override.mockito.MockitoBean;
import org.springframework.util.ClassUtils;

import static io.github.lastcall.grpc.test.GrpcAssertions.assertThatCall;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;

/**
 * The slice, with the application of {@code app}: its interceptors, advice and rules are
 * there, its other components are not.
 */
@GrpcTest(MapsService.class)
@ContextConfiguration(classes = MapsApplication.class)
class GrpcTestTests {

	@MockitoBean
	private Maps maps;

	@GrpcStub
	private RouteGuideGrpc.RouteGuideBlockingStub routeGuide;

	@Test
	void theServiceCallsItsMockedCollaborator() {
		given(this.maps.find(any())).willReturn(Feature.newBuilder().setName("Anywhere").build());
		assertThat(this.routeGuide.getFeature(Points.NOWHERE).getName()).isEqualTo("Anywhere");
	}

	@Test
	void adviceMapsItsExceptions() {
		given(this.maps.find(any())).willReturn(Feature.getDefaultInstance());
		assertThatCall(() -> this.routeGuide.getFeature(Points.NOWHERE)).failsWith(Status.Code.NOT_FOUND)
			.hasReason("NO_FEATURE");
	}

	@Test
	void requestsAreValidated() {
		assertThatCall(() -> this.routeGuide.getFeature(Points.NOT_ON_EARTH)).failsWith(Status.Code.INVALID_ARGUMENT)
			.hasViolation("latitude");
	}

	@Test
	void onlyWhatTheServerNeedsIsConfigured(@Autowired ApplicationContext context) {
		assertThat(context.getBeanNamesForAnnotation(AutoConfiguration.class)).extracting(ClassUtils::getShortName)
			.containsExactlyInAnyOrder("GrpcServerAutoConfiguration", "AopAutoConfiguration",
					"ApplicationAvailabilityAutoConfiguration", "ConfigurationPropertiesAutoConfiguration",
					"LifecycleAutoConfiguration", "PropertyPlaceholderAutoConfiguration", "SslAutoConfiguration");
	}

	@Test
	void whatIsAroundAHandlerIsThereAndTheRestOfTheApplicationIsNot(@Autowired ApplicationContext context) {
		assertThat(context.getBeanNamesForType(RequestRules.class)).hasSize(1);
		assertThat(context.getBeanNamesForType(RequestValidation.class)).hasSize(1);
		assertThat(context.getBeanNamesForType(CallErrors.class)).hasSize(1);
		assertThat(context.getBeanNamesForType(CallSecurity.class)).hasSize(1);
		assertThat(components(context)).containsExactlyInAnyOrder("MapsService", "MapsErrors", "Users");
	}

	/**
	 * Returns the classes of the application that are beans, but for the mocks.
	 */
	private static List<String> components(ApplicationContext context) {
		return Stream.of(context.getBeanDefinitionNames())
			.map(context::getType)
			.filter(Objects::nonNull)
			.map(ClassUtils::getUserClass)
			.filter((type) -> type.getPackage() == MapsApplication.class.getPackage() && type != Maps.class
					&& type != MapsApplication.class)
			.map(Class::getSimpleName)
			.toList();
	}

	@Test
	void withoutACollaboratorTheStartNamesIt() {
		assertThatException()
			.isThrownBy(() -> new TestContextManager(WithoutMock.class).getTestContext().getApplicationContext())
			.havingRootCause()
			.isInstanceOf(NoSuchBeanDefinitionException.class)
			.withMessageContaining(Maps.class.getName());
	}

	@Nested
	class InANestedClass {

		@Test
		void theSliceIsTheSame(@GrpcStub RouteGuideGrpc.RouteGuideBlockingStub stub) {
			given(GrpcTestTests.this.maps.find(any())).willReturn(Feature.newBuilder().setName("Nested").build());
			assertThat(stub.getFeature(Points.OSLO).getName()).isEqualTo("Nested");
		}

	}

	@GrpcTest
	@ContextConfiguration(classes = MapsApplication.class)
	static class WithoutMock {

	}

}
