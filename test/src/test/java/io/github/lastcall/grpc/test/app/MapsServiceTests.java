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

import io.github.lastcall.grpc.test.GrpcStub;
import io.github.lastcall.grpc.test.GrpcTest;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import org.junit.jupiter.api.Test;

import org.springframework.test.context.bean.override.mockito.MockitoBean;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;

/**
 * Lines of {@code docs/testing.md}.
 */
@GrpcTest(MapsService.class)
class MapsServiceTests {

	private static final Point ROME = Point.newBuilder().setLatitude(418967000).build();

	@MockitoBean
	private Maps maps;

	@Test
	void theMapsAreAsked(@GrpcStub RouteGuideGrpc.RouteGuideBlockingStub stub) {
		given(this.maps.find(ROME)).willReturn(Feature.newBuilder().setName("Rome").build());
		assertThat(stub.getFeature(ROME).getName()).isEqualTo("Rome");
	}

}
