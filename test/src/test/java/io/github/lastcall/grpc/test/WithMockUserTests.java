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

import io.github.lastcall.grpc.security.GrpcAuthenticationConverter;
import io.github.lastcall.grpc.security.GrpcAuthorization;
import io.github.lastcall.grpc.test.app.Maps;
import io.github.lastcall.grpc.test.app.MapsApplication;
import io.github.lastcall.grpc.test.app.MapsService;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.Metadata;
import io.grpc.Status;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Primary;
import org.springframework.security.access.prepost.PreAuthorize;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.config.annotation.method.configuration.EnableMethodSecurity;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.test.context.support.WithMockUser;
import org.springframework.test.context.ContextConfiguration;
import org.springframework.test.context.NestedTestConfiguration;
import org.springframework.test.context.NestedTestConfiguration.EnclosingConfiguration;
import org.springframework.test.context.TestPropertySource;

import static io.github.lastcall.grpc.test.GrpcAssertions.assertThatCall;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * The user of a test is the caller of its calls in the process, with rules, method
 * security and credentials of calls as in production.
 */
@GrpcTest(MapsService.class)
@ContextConfiguration(classes = { MapsApplication.class, WithMockUserTests.Secured.class })
class WithMockUserTests {

	private static final String FORGED = "lastcall-test-caller-bin=AAAA";

	@GrpcStub
	private RouteGuideGrpc.RouteGuideBlockingStub maps;

	@Test
	void aTestWithoutAUserIsUnauthenticated() {
		assertThatCall(() -> this.maps.getFeature(Points.OSLO)).failsWith(Status.Code.UNAUTHENTICATED);
	}

	@Test
	@WithMockUser
	void aUserWithoutTheRoleIsDenied() {
		assertThatCall(() -> this.maps.getFeature(Points.OSLO)).failsWith(Status.Code.PERMISSION_DENIED);
	}

	@Test
	@WithMockUser(username = "ada", roles = "DRIVER")
	void aUserWithTheRoleIsTheCaller() {
		assertThat(this.maps.getFeature(Points.OSLO).getName()).isEqualTo("ada");
		assertThat(SecurityContextHolder.getContext().getAuthentication()).isNotNull();
	}

	@Test
	@WithMockUser(username = "bob", roles = "DRIVER")
	void methodSecurityAppliesBehindTheHandler() {
		assertThatCall(() -> this.maps.getFeature(Points.OSLO)).failsWith(Status.Code.PERMISSION_DENIED);
	}

	@Test
	@WithMockUser(username = "bob")
	@WithGrpcMetadata("x-driver=eve")
	void credentialsThatACallSendsTakePrecedence() {
		assertThat(this.maps.getFeature(Points.OSLO).getName()).isEqualTo("eve");
	}

	@Test
	@WithGrpcMetadata(FORGED)
	void bytesAreNoUser() {
		assertThatCall(() -> this.maps.getFeature(Points.OSLO)).failsWith(Status.Code.UNAUTHENTICATED);
	}

	@Nested
	@TestPropertySource(properties = "grpc.server.executor.type=direct")
	class OnTheThreadOfTheTest {

		@Test
		@WithMockUser(username = "ada", roles = "DRIVER")
		void aUserWithTheRoleIsTheCaller() {
			assertThat(WithMockUserTests.this.maps.getFeature(Points.OSLO).getName()).isEqualTo("ada");
			assertThat(SecurityContextHolder.getContext().getAuthentication()).isNotNull();
		}

		@Test
		@WithMockUser(username = "bob", roles = "DRIVER")
		@WithGrpcMetadata("x-driver=eve")
		void credentialsThatACallSendsTakePrecedence() {
			assertThat(WithMockUserTests.this.maps.getFeature(Points.OSLO).getName()).isEqualTo("eve");
			assertThat(SecurityContextHolder.getContext().getAuthentication()).extracting(Authentication::getName)
				.isEqualTo("bob");
		}

	}

	@Nested
	@NestedTestConfiguration(EnclosingConfiguration.OVERRIDE)
	@SpringBootTest(classes = { MapsApplication.class, Secured.class }, webEnvironment = WebEnvironment.RANDOM_PORT)
	class OnTheNetwork {

		@GrpcStub
		private RouteGuideGrpc.RouteGuideBlockingStub remote;

		@Test
		@WithMockUser(roles = "DRIVER")
		void theUserIsNotSent() {
			assertThatCall(() -> this.remote.getFeature(Points.OSLO)).failsWith(Status.Code.UNAUTHENTICATED);
		}

		@Test
		@WithGrpcMetadata(FORGED)
		void bytesAreNoUser() {
			assertThatCall(() -> this.remote.getFeature(Points.OSLO)).failsWith(Status.Code.UNAUTHENTICATED);
		}

	}

	/**
	 * Lets in drivers, who may have a header that says who they are, and not bob.
	 */
	@TestConfiguration(proxyBeanMethods = false)
	@EnableMethodSecurity
	static class Secured {

		@Bean
		GrpcAuthorization drivers() {
			return GrpcAuthorization
				.rules((rules) -> rules.service(RouteGuideGrpc.class).hasRole("DRIVER").anyOther().denyAll());
		}

		@Bean
		GrpcAuthenticationConverter driverHeader() {
			Metadata.Key<String> header = Metadata.Key.of("x-driver", Metadata.ASCII_STRING_MARSHALLER);
			return (call) -> {
				String driver = call.headers().get(header);
				return (driver != null) ? new TestingAuthenticationToken(driver, "", "ROLE_DRIVER") : null;
			};
		}

		@Bean
		@Primary
		MapsOfTheCaller mapsOfTheCaller() {
			return new MapsOfTheCaller();
		}

	}

	static class MapsOfTheCaller extends Maps {

		@Override
		@PreAuthorize("authentication.name != 'bob'")
		public Feature find(Point point) {
			Authentication caller = SecurityContextHolder.getContext().getAuthentication();
			return Feature.newBuilder().setName((caller != null) ? caller.getName() : "nobody").build();
		}

	}

}
