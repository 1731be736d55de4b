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

package io.github.lastcall.strangers.publishers;

import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.strangers.greeter.Greeting;
import io.github.lastcall.strangers.greeter.Guest;
import io.github.lastcall.strangers.greeter.ReactorGreeterGrpc;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.access.prepost.PostAuthorize;
import org.springframework.security.access.prepost.PreAuthorize;
import org.springframework.security.config.annotation.method.configuration.EnableMethodSecurity;
import org.springframework.security.config.annotation.method.configuration.EnableReactiveMethodSecurity;

import static org.assertj.core.api.Assertions.assertThatException;

/**
 * Annotations on methods that return publishers fail the start where they would protect
 * nothing.
 */
@Timeout(60)
class MethodSecurityStartTests {

	@Test
	void anAnnotationOnAMethodThatTheServerDoesNotCallFailsTheStart() {
		assertFails("Method OfMono.greet of the @GrpcService bean 'greeter' has @PreAuthorize(\"hasRole('DRIVER')\"), "
				+ "which is not evaluated: calls arrive at greet(Guest), which calls this method without the proxy of the bean.",
				OfMono.class, Imperative.class);
	}

	@Test
	void anAnnotationOnAClassWhoseMethodsTheServerDoesNotCallFailsTheStart() {
		assertFails("Method OfClass.greet of the @GrpcService bean 'greeter' has @PreAuthorize(\"hasRole('DRIVER')\"), "
				+ "which is not evaluated: calls arrive at greet(Guest), which calls this method without the proxy of the bean.",
				OfClass.class, Imperative.class);
	}

	@Test
	void anAnnotationThatIsEvaluatedBeforeThereIsAnAnswerFailsTheStart() {
		assertFails(
				"Method OfAnswer.greetAll of the @GrpcService bean 'greeter' has @PostAuthorize(\"hasRole('DRIVER')\"), "
						+ "which does not protect anything there: it is evaluated before the returned publisher or coroutine has an answer.",
				OfAnswer.class, Imperative.class);
	}

	@Test
	void reactiveMethodSecurityFailsTheStart() {
		assertFails("Method OfGuest.greet of the @GrpcService bean 'greeter' has @PreAuthorize(\"hasRole('DRIVER')\"), "
				+ "which would deny every call: reactive method security looks for the caller in Reactor's context, "
				+ "which gRPC calls do not have.", OfGuest.class, Reactive.class);
	}

	private static void assertFails(String message, Class<?>... sources) {
		SpringApplicationBuilder application = new SpringApplicationBuilder(sources).properties("grpc.server.port=0",
				"server.port=0", "spring.main.banner-mode=off");
		assertThatException().isThrownBy(application::run)
			.withRootCauseInstanceOf(RuntimeException.class)
			.havingRootCause()
			.withMessage(message);
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableMethodSecurity(proxyTargetClass = true)
	static class Imperative {

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableReactiveMethodSecurity(proxyTargetClass = true)
	static class Reactive {

	}

	@GrpcService("greeter")
	static class OfMono extends ReactorGreeterGrpc.GreeterImplBase {

		@Override
		@PreAuthorize("hasRole('DRIVER')")
		public Mono<Greeting> greet(Mono<Guest> guests) {
			return guests.map((guest) -> Greeting.getDefaultInstance());
		}

	}

	@GrpcService("greeter")
	@PreAuthorize("hasRole('DRIVER')")
	static class OfClass extends ReactorGreeterGrpc.GreeterImplBase {

		@Override
		public Mono<Greeting> greet(Mono<Guest> guests) {
			return guests.map((guest) -> Greeting.getDefaultInstance());
		}

	}

	@GrpcService("greeter")
	static class OfAnswer extends ReactorGreeterGrpc.GreeterImplBase {

		@Override
		@PostAuthorize("hasRole('DRIVER')")
		public Flux<Greeting> greetAll(Flux<Guest> guests) {
			return guests.map((guest) -> Greeting.getDefaultInstance());
		}

	}

	@GrpcService("greeter")
	static class OfGuest extends ReactorGreeterGrpc.GreeterImplBase {

		@Override
		@PreAuthorize("hasRole('DRIVER')")
		public Mono<Greeting> greet(Guest guest) {
			return Mono.just(Greeting.getDefaultInstance());
		}

	}

}
