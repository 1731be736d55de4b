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

package io.github.lastcall.grpc.test.app;

import io.github.lastcall.grpc.security.GrpcAuthorization;
import io.github.lastcall.grpc.test.GrpcStub;
import io.github.lastcall.grpc.test.GrpcTest;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.Status;
import org.junit.jupiter.api.Test;

import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.security.test.context.support.WithMockUser;

import static io.github.lastcall.grpc.test.GrpcAssertions.assertThatCall;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Lines of {@code docs/testing.md}.
 */
@GrpcTest(MapsService.class)
@Import({ MapsSecurityTests.MapsSecurity.class, Maps.class })
class MapsSecurityTests {

	private static final Point OSLO = Point.newBuilder().setLatitude(599139000).build();

	@GrpcStub
	private RouteGuideGrpc.RouteGuideBlockingStub maps;

	@Test
	void aStrangerIsNotLetIn() {
		assertThatCall(() -> this.maps.getFeature(OSLO)).failsWith(Status.Code.UNAUTHENTICATED);
	}

	@Test
	@WithMockUser(roles = "DRIVER")
	void aDriverFindsOslo() {
		assertThat(this.maps.getFeature(OSLO).getName()).isEqualTo("Oslo");
	}

	/**
	 * What the other tests do without.
	 */
	@TestConfiguration(proxyBeanMethods = false)
	static class MapsSecurity {

		@Bean
		GrpcAuthorization drivers() {
			return GrpcAuthorization
				.rules((rules) -> rules.service(RouteGuideGrpc.class).hasRole("DRIVER").anyOther().denyAll());
		}

	}

}
