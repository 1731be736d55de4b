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

package io.github.lastcall.grpc.server;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import io.github.lastcall.grpc.actuate.GrpcEndpoint;
import io.github.lastcall.grpc.testing.EnableServerAutoConfiguration;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.grpc.testing.RouteGuideConfiguration;
import io.github.lastcall.sample.routeguide.Point;
import io.grpc.Attributes;
import io.grpc.ForwardingServerBuilder;
import io.grpc.Metadata;
import io.grpc.ServerBuilder;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.MetadataUtils;
import io.grpc.util.MutableHandlerRegistry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

@ExtendWith(OutputCaptureExtension.class)
class GrpcServerBuilderCustomizerTests {

	private final ApplicationContextRunner plain = GrpcServerContextRunner.create();

	private final ApplicationContextRunner runner = this.plain.withBean(Called.class)
		.withUserConfiguration(RouteGuideConfiguration.class, CustomizersConfiguration.class);

	@Test
	void customizersOfTheBuilderOrOfItsBaseAreCalledInOrderAndNoOthers() {
		this.runner.run((context) -> assertThat(context.getBean(Called.class).names).containsExactly("netty class",
				"generic", "netty lambda"));
	}

	@Test
	void customizersAreCalledAgainForTheServerOfARestartedContext() {
		this.runner.run((context) -> {
			context.getSourceApplicationContext().stop();
			context.getSourceApplicationContext().start();
			assertThat(context.getBean(Called.class).names).containsExactly("netty class", "generic", "netty lambda",
					"netty class", "generic", "netty lambda");
		});
	}

	@Test
	void aCustomizerOfTheNettyBuilderTakesEffect() {
		this.runner.run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				Metadata headers = new Metadata();
				headers.put(Metadata.Key.of("large", Metadata.ASCII_STRING_MARSHALLER), "x".repeat(12 * 1024));
				assertThat(client.routeGuide()
					.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
					.getFeature(Point.getDefaultInstance())
					.getName()).isEqualTo("somewhere");
			}
		});
	}

	@Test
	void aCustomizerOfAnyBuilderTakesEffect() {
		this.runner.run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				client.featureName();
				assertThat(context.getBean(Called.class).connections).hasSize(1);
			}
		});
	}

	@Test
	void aCustomizerWins() {
		this.runner.withUserConfiguration(SmallMessagesConfiguration.class).run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(client::featureName)
					.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED));
			}
		});
	}

	@Test
	void servicesThatACustomizerAddsAreInTheStartLineTheEndpointAndHealth(CapturedOutput output) {
		new ApplicationContextRunner().withUserConfiguration(EverythingConfiguration.class)
			.withPropertyValues("grpc.server.port=0", "management.endpoints.web.exposure.include=grpc")
			.run((context) -> {
				assertThat(output)
					.contains("with services [routeguide.RouteGuide, a.Added, a.Fallback], reflection on");
				assertThat(context.getBean(GrpcEndpoint.class).grpc().services())
					.hasEntrySatisfying("a.Added", (service) -> {
						assertThat(service.infrastructure()).isFalse();
						assertThat(service.methods()).containsOnlyKeys("Call");
					})
					.containsKey("a.Fallback");
				try (GrpcClient client = GrpcClient.of(context)) {
					assertThat(client.health()
						.check(HealthCheckRequest.newBuilder().setService("a.Added").build())
						.getStatus()).isNotEqualTo(ServingStatus.UNKNOWN);
				}
			});
	}

	@Test
	void anExecutorThatACustomizerSetsRunsTheCallsAndIsNamedInOneLine(CapturedOutput output) {
		this.plain.withUserConfiguration(ThreadNames.class, ExecutorCustomizerConfiguration.class).run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				assertThat(call(client, "test.Plain")).startsWith("customized");
				assertThat(call(client, "test.Direct")).startsWith("grpc-worker");
				assertThat(client.health().check(HealthCheckRequest.getDefaultInstance())).isNotNull();
			}
			assertThat(context.getBean(CountingExecutor.class).otherTasks).isEmpty();
			assertThat(output.toString()
				.lines()
				.filter((line) -> line.contains("the one set by a GrpcServerBuilderCustomizer"))).singleElement()
				.asString()
				.contains("INFO", CountingExecutor.class.getName());
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "platform", "direct" })
	void aSupplierThatACustomizerSetsSaysWhereCallsRun(String type, CapturedOutput output) {
		this.plain.withUserConfiguration(ThreadNames.class, SupplierCustomizerConfiguration.class)
			.withPropertyValues("grpc.server.executor.type=" + type)
			.run((context) -> {
				try (GrpcClient client = GrpcClient.of(context)) {
					assertThat(call(client, "test.Plain")).startsWith("customized");
					assertThat(call(client, "test.Other"))
						.startsWith(type.equals("direct") ? "grpc-worker" : "grpc-executor");
					assertThat(call(client, "test.Direct")).startsWith("grpc-worker");
				}
				assertThat(output).containsOnlyOnce("the one set by a GrpcServerBuilderCustomizer");
			});
	}

	@Test
	void aDirectExecutorThatACustomizerSetsIsTheEventLoop() {
		this.plain.withUserConfiguration(ThreadNames.class, DirectCustomizerConfiguration.class).run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				assertThat(call(client, "test.Plain")).startsWith("grpc-worker");
			}
		});
	}

	@Test
	void withoutAnExecutorOfACustomizerThereIsNothingToSay(CapturedOutput output) {
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(output).doesNotContain("the one set by a GrpcServerBuilderCustomizer");
		});
	}

	private static String call(GrpcClient client, String service) {
		return OneMethodService.call(client.channel(), service).getName();
	}

	@Test
	void aCustomizerThatFailsFailsTheStart() {
		this.runner.withUserConfiguration(FailingConfiguration.class)
			.run((context) -> assertThat(context).getFailure().hasRootCauseMessage("no such setting"));
	}

	static class Called {

		final List<String> names = new CopyOnWriteArrayList<>();

		final List<Attributes> connections = new CopyOnWriteArrayList<>();

	}

	static class NettyCustomizer implements GrpcServerBuilderCustomizer<NettyServerBuilder> {

		private final Called called;

		NettyCustomizer(Called called) {
			this.called = called;
		}

		@Override
		public void customize(NettyServerBuilder builder) {
			this.called.names.add("netty class");
			builder.maxInboundMetadataSize(16 * 1024);
		}

	}

	abstract static class OtherServerBuilder extends ForwardingServerBuilder<OtherServerBuilder> {

	}

	static class OtherCustomizer implements GrpcServerBuilderCustomizer<OtherServerBuilder> {

		private final Called called;

		OtherCustomizer(Called called) {
			this.called = called;
		}

		@Override
		public void customize(OtherServerBuilder builder) {
			this.called.names.add("other class");
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableServerAutoConfiguration
	static class EverythingConfiguration extends RouteGuideConfiguration {

		@Bean
		GrpcServerBuilderCustomizer<ServerBuilder<?>> services() {
			return (builder) -> {
				MutableHandlerRegistry fallback = new MutableHandlerRegistry();
				fallback.addService(new OneMethodService("a.Fallback"));
				builder.addService(new OneMethodService("a.Added")).fallbackHandlerRegistry(fallback);
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class CustomizersConfiguration {

		@Bean
		@Order(3)
		GrpcServerBuilderCustomizer<NettyServerBuilder> nettyLambda(Called called) {
			return (builder) -> called.names.add("netty lambda");
		}

		@Bean
		@Order(2)
		GrpcServerBuilderCustomizer<ServerBuilder<?>> generic(Called called) {
			return (builder) -> {
				called.names.add("generic");
				builder.addTransportFilter(new ServerTransportFilter() {

					@Override
					public Attributes transportReady(Attributes attributes) {
						called.connections.add(attributes);
						return attributes;
					}

				});
			};
		}

		@Bean
		@Order(1)
		NettyCustomizer nettyClass(Called called) {
			return new NettyCustomizer(called);
		}

		@Bean
		@Order(0)
		OtherCustomizer otherClass(Called called) {
			return new OtherCustomizer(called);
		}

		@Bean
		@Order(0)
		GrpcServerBuilderCustomizer<OtherServerBuilder> otherLambda(Called called) {
			return (OtherServerBuilder builder) -> called.names.add("other lambda");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class SmallMessagesConfiguration {

		@Bean
		GrpcServerBuilderCustomizer<NettyServerBuilder> smallMessages() {
			return (builder) -> builder.maxInboundMessageSize(1);
		}

	}

	/**
	 * Services that answer with the name of the thread that they run on.
	 */
	@Configuration(proxyBeanMethods = false)
	static class ThreadNames {

		@Bean
		@GrpcService
		OneMethodService plain() {
			return service("test.Plain");
		}

		@Bean
		@GrpcService
		OneMethodService other() {
			return service("test.Other");
		}

		@Bean
		@GrpcService(executor = GrpcService.DIRECT)
		OneMethodService direct() {
			return service("test.Direct");
		}

		private static OneMethodService service(String name) {
			return new OneMethodService(name, () -> Thread.currentThread().getName());
		}

	}

	/**
	 * Threads of its own, and what has run on them besides calls of the application.
	 */
	static class CountingExecutor implements Executor, DisposableBean {

		final List<String> otherTasks = new CopyOnWriteArrayList<>();

		private final ExecutorService threads = Executors.newCachedThreadPool((task) -> new Thread(task, "customized"));

		@Override
		public void execute(Runnable task) {
			if (!task.getClass().getName().contains("Call")) {
				this.otherTasks.add(task.getClass().getName());
			}
			this.threads.execute(task);
		}

		@Override
		public void destroy() {
			this.threads.shutdown();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ExecutorCustomizerConfiguration {

		@Bean
		CountingExecutor countingExecutor() {
			return new CountingExecutor();
		}

		@Bean
		GrpcServerBuilderCustomizer<NettyServerBuilder> executor(CountingExecutor executor) {
			return (builder) -> builder.executor(executor);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class SupplierCustomizerConfiguration {

		@Bean
		CountingExecutor countingExecutor() {
			return new CountingExecutor();
		}

		@Bean
		GrpcServerBuilderCustomizer<ServerBuilder<?>> supplier(CountingExecutor executor) {
			return (builder) -> builder.callExecutor(new ServerCallExecutorSupplier() {

				@Override
				@SuppressWarnings("NullAway")
				public <Q, R> @Nullable Executor getExecutor(ServerCall<Q, R> call, Metadata metadata) {
					return "test.Plain".equals(call.getMethodDescriptor().getServiceName()) ? executor : null;
				}

			});
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class DirectCustomizerConfiguration {

		@Bean
		GrpcServerBuilderCustomizer<ServerBuilder<?>> directExecutor() {
			return ServerBuilder::directExecutor;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class FailingConfiguration {

		@Bean
		GrpcServerBuilderCustomizer<NettyServerBuilder> failing() {
			return (builder) -> {
				throw new IllegalArgumentException("no such setting");
			};
		}

	}

}
