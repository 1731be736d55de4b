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

import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

import io.github.lastcall.grpc.call.CallHooks;
import io.github.lastcall.grpc.security.GrpcAuthorization;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import org.junit.jupiter.api.Test;

import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Nothing of the security is on the way of a call that needs none: neither interceptor,
 * nor listener, nor hooks.
 */
class UnsecuredCallTests {

	private static final String SERVICE = "test.Way";

	private static final String INTERCEPTOR = "io.github.lastcall.grpc.security.SecurityInterceptor";

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create()
		.withUserConfiguration(Service.class);

	@Test
	void withoutSpringSecurity() {
		this.runner.withClassLoader(new FilteredClassLoader("org.springframework.security"))
			.run((context) -> assertThat(securityOnTheWay(context)).isEmpty());
	}

	@Test
	void withSpringSecurityThatHasNothingToDo() {
		this.runner.run((context) -> assertThat(securityOnTheWay(context)).isEmpty());
	}

	@Test
	void withSecurityThatIsDisabled() {
		this.runner.withUserConfiguration(Rules.class)
			.withPropertyValues("grpc.server.security.enabled=false")
			.run((context) -> assertThat(securityOnTheWay(context)).isEmpty());
	}

	@Test
	void securityIsSeenWhereItIsNeeded() {
		this.runner.withUserConfiguration(Rules.class)
			.run((context) -> assertThat(securityOnTheWay(context)).contains(INTERCEPTOR,
					"io.github.lastcall.grpc.security.CallerHooks"));
	}

	private static Set<String> securityOnTheWay(AssertableApplicationContext context) {
		assertThat(context).hasNotFailed();
		try (GrpcClient client = GrpcClient.of(context)) {
			String classes = OneMethodService.call(client.channel(), SERVICE).getName();
			return classes.isEmpty() ? Set.of() : Set.of(classes.split(","));
		}
	}

	/**
	 * Answers with the classes that led to its callbacks and belong to a security.
	 */
	private static final class WayListener extends ServerCall.Listener<Point> {

		private final ServerCall<Point, Feature> call;

		private final Set<String> classes = new TreeSet<>();

		WayListener(ServerCall<Point, Feature> call) {
			this.call = call;
			look();
			call.request(2);
		}

		private void look() {
			StackWalker.getInstance().forEach((frame) -> add(frame.getClassName()));
			CallHooks.Call current = Objects.requireNonNull(CallHooks.Call.current());
			add(current.hooks().getClass().getName());
		}

		private void add(String name) {
			if (name.contains(".security.")) {
				this.classes.add(name);
			}
		}

		@Override
		public void onMessage(Point message) {
			look();
		}

		@Override
		public void onHalfClose() {
			look();
			this.call.sendHeaders(new Metadata());
			this.call.sendMessage(Feature.newBuilder().setName(String.join(",", this.classes)).build());
			this.call.close(Status.OK, new Metadata());
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Service {

		@Bean
		@GrpcService
		BindableService way() {
			return () -> ServerServiceDefinition.builder(SERVICE)
				.addMethod(OneMethodService.method(SERVICE), (call, headers) -> new WayListener(call))
				.build();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Rules {

		@Bean
		GrpcAuthorization rules() {
			return GrpcAuthorization.rules((rules) -> rules.anyOther().permitAll());
		}

	}

}
