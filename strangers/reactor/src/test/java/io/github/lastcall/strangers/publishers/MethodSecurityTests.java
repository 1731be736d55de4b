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

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;

import io.github.lastcall.grpc.security.GrpcAuthenticationConverter;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.test.GrpcStub;
import io.github.lastcall.strangers.greeter.Greeting;
import io.github.lastcall.strangers.greeter.Guest;
import io.github.lastcall.strangers.greeter.ReactorGreeterGrpc;
import io.github.lastcall.strangers.greeter.ReactorGreeterGrpc.ReactorGreeterStub;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.context.annotation.Bean;
import org.springframework.security.access.annotation.Secured;
import org.springframework.security.access.prepost.PreAuthorize;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.config.annotation.method.configuration.EnableMethodSecurity;
import org.springframework.security.core.context.SecurityContextHolder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Annotations on methods that return publishers decide once per call.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
@Timeout(60)
class MethodSecurityTests {

	private static final Metadata.Key<String> CALLER = Metadata.Key.of("caller", Metadata.ASCII_STRING_MARSHALLER);

	@GrpcStub
	private ReactorGreeterStub greeter;

	@Autowired
	private Checks checks;

	@BeforeEach
	void forget() {
		this.checks.seen.clear();
	}

	@Test
	void aMonoIsProtected() {
		assertDecides((stub) -> stub.greet(guest("Ada")).map(Greeting::getText).block());
		assertThat(this.checks.seen).containsExactly("Ada", "Ada", "Ada");
	}

	@Test
	void aFluxIsProtected() {
		assertDecides((stub) -> stub.stay(guest("Ada")).map(Greeting::getText).blockLast());
	}

	@Test
	void aFluxOfRequestsIsProtected() {
		assertDecides(
				(stub) -> stub.greetAll(Flux.concat(guest("Ada"), guest("Bob"))).map(Greeting::getText).blockLast());
		assertThat(this.checks.seen).containsExactly("flux", "flux", "flux");
	}

	private void assertDecides(Function<ReactorGreeterStub, @Nullable String> call) {
		assertThat(call.apply(as("alice/DRIVER"))).isEqualTo("Hello alice");
		assertRefused(() -> call.apply(as("bob/GUEST")), Status.Code.PERMISSION_DENIED);
		assertRefused(() -> call.apply(this.greeter), Status.Code.UNAUTHENTICATED);
	}

	private static void assertRefused(Runnable call, Status.Code code) {
		assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(call::run)
			.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(code));
	}

	private ReactorGreeterStub as(String caller) {
		Metadata headers = new Metadata();
		headers.put(CALLER, caller);
		return this.greeter.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
	}

	private static Mono<Guest> guest(String name) {
		return Mono.just(Guest.newBuilder().setName(name).build());
	}

	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@EnableMethodSecurity(proxyTargetClass = true, securedEnabled = true)
	static class Application {

		/**
		 * Callers are who they say they are: a name, a slash and a role.
		 */
		@Bean
		GrpcAuthenticationConverter callers() {
			return (call) -> {
				String caller = call.headers().get(CALLER);
				if (caller == null) {
					return null;
				}
				List<String> parts = List.of(caller.split("/"));
				return new TestingAuthenticationToken(parts.get(0), "", "ROLE_" + parts.get(1));
			};
		}

		@Bean
		Checks checks() {
			return new Checks();
		}

		@Bean
		Greeter greeter() {
			return new Greeter();
		}

	}

	static class Checks {

		final Queue<String> seen = new ConcurrentLinkedQueue<>();

		public boolean note(String what) {
			return this.seen.add(what);
		}

	}

	@GrpcService
	static class Greeter extends ReactorGreeterGrpc.GreeterImplBase {

		@Override
		@PreAuthorize("@checks.note(#guest.name) and hasRole('DRIVER')")
		public Mono<Greeting> greet(Guest guest) {
			String caller = name();
			return Mono.fromSupplier(() -> greeting(caller)).subscribeOn(Schedulers.parallel());
		}

		@Override
		@Secured("ROLE_DRIVER")
		public Flux<Greeting> stay(Guest guest) {
			String caller = name();
			return Flux.just(greeting(caller));
		}

		@Override
		@PreAuthorize("@checks.note('flux') and hasRole('DRIVER')")
		public Flux<Greeting> greetAll(Flux<Guest> guests) {
			String caller = name();
			return guests.map((guest) -> greeting(caller));
		}

		private static String name() {
			return SecurityContextHolder.getContext().getAuthentication().getName();
		}

		private static Greeting greeting(String caller) {
			return Greeting.newBuilder().setText("Hello " + caller).build();
		}

	}

}
