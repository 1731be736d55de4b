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

import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.server.LocalGrpcInProcessName;
import io.github.lastcall.grpc.server.LocalGrpcPort;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.grpc.inprocess.InProcessChannelBuilder;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.test.annotation.DirtiesContext;

import static org.assertj.core.api.Assertions.assertThat;

@DirtiesContext
@SpringBootTest(webEnvironment = WebEnvironment.NONE,
		properties = { "grpc.server.port=0", "grpc.server.in-process.enabled=true" })
class LocalGrpcPortTests {

	@LocalGrpcPort
	int port;

	@Test
	void aTestGetsThePortInAField() {
		try (GrpcClient client = GrpcClient.of(this.port)) {
			assertThat(client.featureName()).isEqualTo("somewhere");
		}
	}

	@Test
	void aTestGetsThePortInAParameter(@LocalGrpcPort int port) {
		assertThat(port).isPositive().isEqualTo(this.port);
	}

	@Test
	void aTestGetsTheNameOfTheInProcessServer(@LocalGrpcInProcessName String name) {
		try (GrpcClient client = GrpcClient.of(InProcessChannelBuilder.forName(name))) {
			assertThat(client.featureName()).isEqualTo("somewhere");
		}
	}

	@Test
	void theSamePortIsAProperty(@Autowired Environment environment) {
		assertThat(environment.getProperty("local.grpc.server.port", Integer.class)).isEqualTo(this.port);
	}

	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		@GrpcService
		TestRouteGuide routeGuide() {
			return new TestRouteGuide();
		}

	}

}
