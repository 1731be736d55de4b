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

package io.github.lastcall.sample;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import io.github.lastcall.grpc.security.GrpcAuthorization;
import io.github.lastcall.grpc.test.GrpcStub;
import io.github.lastcall.grpc.test.GrpcTest;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc.RouteGuideBlockingStub;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.test.context.support.WithMockUser;
import org.springframework.test.context.ActiveProfiles;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

import static io.github.lastcall.grpc.test.GrpcAssertions.assertThatCall;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * A slice of an application that has Spring Boot's auto-configurations of a resource
 * server, of users and of HTTP security: the service with the rules of its calls, and
 * nothing for HTTP.
 */
@GrpcTest(RouteGuideService.class)
@ActiveProfiles("secured")
@Import({ DemoTokens.class, FeatureDatabase.class, RouteNotes.class })
class SecuredSliceTests {

	private static final Point EIFFEL_TOWER = Point.newBuilder().setLatitude(488584000).setLongitude(22945000).build();

	private static Path tokens;

	@GrpcStub
	private RouteGuideBlockingStub routeGuide;

	@BeforeAll
	static void issueTo(@TempDir Path directory) {
		tokens = directory;
	}

	@DynamicPropertySource
	static void directory(DynamicPropertyRegistry registry) {
		registry.add("tokens.directory", () -> tokens.toString());
	}

	@Test
	void theSliceHasThePartsOfSpringSecurityThatCallsNeed(@Autowired ApplicationContext context) {
		assertThat(context.getBeanNamesForType(JwtDecoder.class)).hasSize(1);
		assertThat(context.containsBean("springSecurityFilterChain")).isFalse();
	}

	@Test
	void aTokenDecides() throws IOException {
		assertThat(with("guest").getFeature(EIFFEL_TOWER).getName()).isEqualTo("Eiffel Tower, France");
		assertThatCall(() -> this.routeGuide.getFeature(EIFFEL_TOWER)).failsWith(Status.Code.UNAUTHENTICATED);
		assertThatCall(() -> authorized("Bearer bad").getFeature(EIFFEL_TOWER)).failsWith(Status.Code.UNAUTHENTICATED);
	}

	@Test
	@WithMockUser(authorities = "SCOPE_read")
	void aReaderReads() {
		Feature feature = this.routeGuide.getFeature(EIFFEL_TOWER);
		assertThat(feature.getName()).isEqualTo("Eiffel Tower, France");
	}

	@Test
	@WithMockUser
	void aUserWithoutAScopeDoesNot() {
		assertThatCall(() -> this.routeGuide.getFeature(EIFFEL_TOWER)).failsWith(Status.Code.PERMISSION_DENIED);
	}

	private RouteGuideBlockingStub with(String token) throws IOException {
		return authorized("Bearer " + Files.readString(tokens.resolve(token + ".token")));
	}

	private RouteGuideBlockingStub authorized(String authorization) {
		Metadata headers = new Metadata();
		headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), authorization);
		return this.routeGuide.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
	}

	/**
	 * The rules alone: their class configures HTTP too.
	 */
	@TestConfiguration(proxyBeanMethods = false)
	static class Rules {

		@Bean
		GrpcAuthorization calls() {
			return new RouteGuideSecurity().calls();
		}

	}

}
