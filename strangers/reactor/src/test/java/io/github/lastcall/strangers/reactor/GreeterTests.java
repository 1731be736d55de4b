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

package io.github.lastcall.strangers.reactor;

import java.util.List;

import io.github.lastcall.grpc.security.GrpcAuthenticationConverter;
import io.github.lastcall.grpc.test.GrpcStub;
import io.github.lastcall.grpc.test.WithGrpcMetadata;
import io.github.lastcall.strangers.greeter.Greeting;
import io.github.lastcall.strangers.greeter.Guest;
import io.github.lastcall.strangers.greeter.ReactorGreeterGrpc;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A stub of Reactor is injected into tests.
 */
@SpringBootTest
class GreeterTests {

	@GrpcStub
	private ReactorGreeterGrpc.ReactorGreeterStub greeter;

	@Test
	void greets() {
		Mono<Guest> guest = Mono.just(Guest.newBuilder().setName("Ada").build());
		assertThat(this.greeter.greet(guest).map(Greeting::getText).block()).isEqualTo("Hello Ada");
	}

	@Test
	void theCallerIsKnown(@GrpcStub @WithGrpcMetadata("x-api-key=driver") ReactorGreeterGrpc.ReactorGreeterStub driver) {
		Mono<Guest> guest = Mono.just(Guest.newBuilder().setName("Ada").build());
		assertThat(driver.greet(guest).map(Greeting::getText).block()).isEqualTo("Hello Ada from driver");
	}

	/**
	 * Keys are names.
	 */
	@TestConfiguration(proxyBeanMethods = false)
	static class ApiKeys {

		@Bean
		AuthenticationManager keys() {
			return (key) -> UsernamePasswordAuthenticationToken.authenticated(key.getCredentials(), null, List.of());
		}

		@Bean
		GrpcAuthenticationConverter apiKeys(AuthenticationManager keys) {
			return GrpcAuthenticationConverter.apiKey("x-api-key", keys);
		}

	}

}
