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

import io.github.lastcall.grpc.test.GrpcStub;
import io.github.lastcall.strangers.greeter.Greeting;
import io.github.lastcall.strangers.greeter.Guest;
import io.github.lastcall.strangers.greeter.ReactorGreeterGrpc;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

import org.springframework.boot.test.context.SpringBootTest;

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

}
