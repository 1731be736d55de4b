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

package io.github.lastcall.strangers.bootgrpc;

import io.github.lastcall.strangers.greeter.GreeterGrpc;
import io.github.lastcall.strangers.greeter.Guest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.grpc.test.autoconfigure.LocalGrpcServerPort;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The client of Spring Boot, which would call replicas that do not exist, reaches the
 * server of the test.
 */
class GrpcClientTests {

	private static void assertGreets(GreeterGrpc.GreeterBlockingStub replicas) {
		Guest guest = Guest.newBuilder().setName("Ada").setByReplica(true).build();
		assertThat(replicas.greet(guest).getText()).startsWith("Hello Ada from");
	}

	@Nested
	@SpringBootTest
	class InProcessTests {

		@Test
		void greets(@Autowired GreeterGrpc.GreeterBlockingStub replicas) {
			assertGreets(replicas);
		}

	}

	@Nested
	@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
	class NetworkTests {

		@Test
		void greets(@Autowired GreeterGrpc.GreeterBlockingStub replicas, @LocalGrpcServerPort int port) {
			assertThat(port).isPositive();
			assertGreets(replicas);
		}

	}

}
