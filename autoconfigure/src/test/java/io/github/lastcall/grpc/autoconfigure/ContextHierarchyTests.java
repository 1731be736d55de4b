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

import java.util.concurrent.atomic.AtomicInteger;

import io.github.lastcall.grpc.lifecycle.GrpcServer;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.GrpcServerLifecycle;
import io.github.lastcall.grpc.lifecycle.GrpcServerStartedEvent;
import io.github.lastcall.grpc.lifecycle.GrpcServerState;
import io.github.lastcall.grpc.server.GlobalServerInterceptor;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.server.GrpcServerFactory;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Contexts with a parent: the servers of each context are its own.
 */
@ExtendWith(OutputCaptureExtension.class)
class ContextHierarchyTests {

	private static final String NO_SERVICE = "No @GrpcService bean found: the gRPC server is not started";

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create();

	private final ApplicationContextRunner parent = this.runner.withUserConfiguration(ParentConfiguration.class);

	@Test
	void aChildWithoutServicesOpensNoServer(CapturedOutput output) {
		this.parent.run((parent) -> childOf(parent).run((child) -> {
			assertThat(child).hasNotFailed();
			assertThat(child.getBeanFactory().getBeanNamesForType(GrpcServerLifecycle.class)).isEmpty();
			assertThat(child.getBeanFactory().getBeanNamesForType(GrpcServerFactory.class)).isEmpty();
			assertThat(served(parent)).isEqualTo("parent");
			assertThat(output).containsOnlyOnce("listens on").doesNotContain(NO_SERVICE);
		}));
	}

	@Test
	void theServerOfAChildDoesNotChangeThePortOfItsParent() {
		this.parent.run((parent) -> {
			int port = GrpcClient.port(parent);
			childOf(parent).withUserConfiguration(ChildConfiguration.class).run((child) -> {
				assertThat(GrpcClient.port(parent)).isEqualTo(port);
				assertThat(GrpcClient.port(child)).isNotEqualTo(port);
				assertThat(served(parent)).isEqualTo("parent");
				assertThat(served(child)).isEqualTo("child");
			});
		});
	}

	@Test
	void theServerOfAChildIsNotAnnouncedAsAServerOfItsParent(CapturedOutput output) {
		this.parent.run((parent) -> childOf(parent).withUserConfiguration(ChildConfiguration.class).run((child) -> {
			assertThat(output.toString().lines().filter((line) -> line.contains("listens on"))).hasSize(2);
			assertThat(parent.getBean(StartedServers.class).own).hasValue(1);
			assertThat(parent.getBean(StartedServers.class).all).hasValue(2);
		}));
	}

	@Test
	void aChildThatClosesLeavesTheServersOfItsParentAlone() {
		this.parent.withPropertyValues("grpc.server.port=-1", "grpc.server.in-process.name=of-the-parent")
			.run((parent) -> {
				childOf(parent).withUserConfiguration(ChildConfiguration.class)
					.withPropertyValues("grpc.server.in-process.enabled=false")
					.run((child) -> {
						assertThat(served(child)).isEqualTo("child");
						assertThat(child.getBeanFactory().getBeanNamesForType(GrpcServerDrain.class)).hasSize(1);
					});
				assertThat(parent.getBean(GrpcServerDrain.class).getStatus().state())
					.isEqualTo(GrpcServerState.STARTING);
				try (GrpcClient client = GrpcClient.of(InProcessChannelBuilder.forName("of-the-parent"))) {
					assertThat(client.featureName()).isEqualTo("parent");
				}
			});
	}

	@Test
	void whatTheParentServesBesidesIsNotServedByAChildThatSwitchesItOff() {
		this.parent.run((parent) -> childOf(parent).withUserConfiguration(ChildConfiguration.class)
			.withPropertyValues("grpc.server.reflection.enabled=false")
			.run((child) -> assertThat(names(child)).containsExactlyInAnyOrder("routeguide.RouteGuide",
					"grpc.health.v1.Health")));
	}

	@Test
	void aGlobalInterceptorOfTheParentAppliesToTheServicesOfAChild() {
		this.runner.withUserConfiguration(InterceptorConfiguration.class)
			.run((parent) -> childOf(parent).withUserConfiguration(ChildConfiguration.class).run((child) -> {
				try (GrpcClient client = GrpcClient.of(child)) {
					assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(client::featureName)
						.satisfies(
								(ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED));
				}
			}));
	}

	@Test
	void servicesOfAParentThatHasNoServerAreNamedInAWarning(CapturedOutput output) {
		try (AnnotationConfigApplicationContext parent = new AnnotationConfigApplicationContext(
				ChildConfiguration.class)) {
			this.runner.withParent(parent).run((child) -> {
				assertThat(child).hasNotFailed();
				assertThat(output.toString().lines().filter((line) -> line.contains("@GrpcService"))).singleElement()
					.asString()
					.contains("WARN", "[routeGuide]", "parent");
			});
		}
	}

	private ApplicationContextRunner childOf(AssertableApplicationContext parent) {
		return this.runner.withParent(parent.getSourceApplicationContext());
	}

	private static String served(ApplicationContext context) {
		try (GrpcClient client = GrpcClient.of(context)) {
			return client.featureName();
		}
	}

	private static Iterable<String> names(AssertableApplicationContext context) {
		GrpcServer server = context.getBean(GrpcServerDrain.class).getStatus().server();
		assertThat(server).isNotNull();
		return server.getServices().names();
	}

	@Configuration(proxyBeanMethods = false)
	static class ParentConfiguration {

		@Bean
		@GrpcService
		TestRouteGuide routeGuide() {
			return new TestRouteGuide("parent");
		}

		@Bean
		StartedServers startedServers(ApplicationContext context) {
			return new StartedServers(context);
		}

	}

	static class StartedServers {

		private final ApplicationContext context;

		final AtomicInteger all = new AtomicInteger();

		final AtomicInteger own = new AtomicInteger();

		StartedServers(ApplicationContext context) {
			this.context = context;
		}

		@EventListener
		void started(GrpcServerStartedEvent event) {
			this.all.incrementAndGet();
			if (event.getApplicationContext() == this.context) {
				this.own.incrementAndGet();
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ChildConfiguration {

		@Bean
		@GrpcService
		TestRouteGuide routeGuide() {
			return new TestRouteGuide("child");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class InterceptorConfiguration {

		@Bean
		@GlobalServerInterceptor
		ServerInterceptor denial() {
			return new ServerInterceptor() {

				@Override
				public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
						ServerCallHandler<Q, R> next) {
					call.close(Status.PERMISSION_DENIED, new Metadata());
					return new ServerCall.Listener<>() {
					};
				}

			};
		}

	}

}
