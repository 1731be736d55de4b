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

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.grpc.actuate.GrpcServerHealthIndicator;
import io.github.lastcall.grpc.testing.Observer;
import io.github.lastcall.grpc.lifecycle.GrpcServer;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.GrpcServerLifecycle;
import io.github.lastcall.grpc.lifecycle.GrpcServerStartedEvent;
import io.github.lastcall.grpc.lifecycle.ShutdownSettings;
import io.github.lastcall.grpc.netty.NettyGuardedTransport;
import io.github.lastcall.grpc.server.GrpcServerFactory;
import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.LoopbackServerFactory;
import io.github.lastcall.grpc.testing.TestAuthority;
import io.github.lastcall.grpc.testing.RouteGuideConfiguration;
import io.github.lastcall.grpc.testing.TestsProperty;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.grpc.ForwardingServerBuilder;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.ServerChannel;
import io.grpc.netty.shaded.io.netty.channel.nio.NioEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionResponse;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.test.util.TestSocketUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

@ExtendWith(OutputCaptureExtension.class)
class GrpcServerAutoConfigurationTests {

	private static final String NO_SERVICE = "No @GrpcService bean found: the gRPC server is not started";

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create();

	private final ApplicationContextRunner withService = this.runner
		.withUserConfiguration(RouteGuideConfiguration.class);

	@Test
	void aServiceBeanIsAllThatAServerNeeds() {
		this.withService.run(GrpcServerAutoConfigurationTests::assertThatCallsAreServed);
	}

	@Test
	@TestsProperty("grpc.server.enabled")
	void aDisabledServerLeavesNothingBehind(CapturedOutput output) throws IOException {
		int port = freePort();
		this.withService.withPropertyValues("grpc.server.enabled=false", "grpc.server.port=" + port).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThatExceptionOfType(ConnectException.class)
				.isThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port).close());
			assertThat(context).doesNotHaveBean(GrpcServerLifecycle.class);
			assertThat(context).doesNotHaveBean(GrpcServerDrain.class);
			assertThat(context).doesNotHaveBean(GrpcServerHealthIndicator.class);
			assertThat(output).doesNotContain(NO_SERVICE);
		});
	}

	@Test
	void anApplicationWithoutServicesStartsNoServerAndSaysSoInOneLine(CapturedOutput output) {
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(context).doesNotHaveBean(GrpcServerLifecycle.class);
			assertThat(context).doesNotHaveBean(GrpcServerHealthIndicator.class);
			assertThat(output.toString().lines().filter((line) -> line.contains(NO_SERVICE))).singleElement()
				.asString()
				.contains("INFO");
		});
	}

	@Test
	void anApplicationWithoutServicesIsNotAskedForATransport() {
		this.runner.withClassLoader(new FilteredClassLoader(NettyServerBuilder.class))
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void withoutReflectionAndHealthProtocolOnTheClasspathThereIsNoServer() {
		this.withService.withClassLoader(new FilteredClassLoader(ProtoReflectionServiceV1.class))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(GrpcServerLifecycle.class));
	}

	@Test
	void withActuatorThereIsAHealthIndicator() {
		this.withService.run((context) -> assertThat(context).getBean("grpcHealthIndicator")
			.isInstanceOf(GrpcServerHealthIndicator.class));
	}

	@Test
	void withoutActuatorTheServerServesAndThereIsNoHealthIndicator() {
		this.withService
			.withClassLoader(new FilteredClassLoader("org.springframework.boot.health",
					"org.springframework.boot.actuate", "io.micrometer"))
			.run((context) -> {
				assertThat(context).doesNotHaveBean(HealthIndicator.class);
				assertThatCallsAreServed(context);
			});
	}

	@Test
	void withActuatorButWithoutItsAutoConfigurationThereIsNoHealthIndicator() {
		this.withService.withClassLoader(new FilteredClassLoader("org.springframework.boot.health.autoconfigure"))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(HealthIndicator.class));
	}

	@Test
	void theHealthIndicatorCanBeDisabledAloneOrWithAllOthers() {
		this.withService.withPropertyValues("management.health.grpc.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(HealthIndicator.class));
		this.withService.withPropertyValues("management.health.defaults.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(HealthIndicator.class));
		this.withService
			.withPropertyValues("management.health.defaults.enabled=false", "management.health.grpc.enabled=true")
			.run((context) -> assertThat(context).hasSingleBean(GrpcServerHealthIndicator.class));
	}

	@Test
	void aMissingTransportFailsTheStart() {
		this.withService.withClassLoader(new FilteredClassLoader(NettyServerBuilder.class))
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOf(GrpcServerStartException.class)
				.hasMessageContaining("grpc-netty-shaded"));
	}

	@Test
	void theUsersOwnFactoryReplacesOurs() {
		this.withService.withUserConfiguration(OwnFactoryConfiguration.class).run((context) -> {
			assertThat(context.getBean(GrpcServerFactory.class)).isInstanceOf(LoopbackServerFactory.class);
			assertThat(context.getBean(LoopbackServerFactory.class).created()).hasSize(1);
			assertThatCallsAreServed(context);
		});
	}

	@Test
	void theUsersOwnFactoryGetsTheTransportOfTheServerOnThePort(@TempDir Path directory) {
		this.withService.withUserConfiguration(GuardedFactoryConfiguration.class)
			.withPropertyValues("grpc.server.health.port=0",
					"grpc.server.unix-domain-socket.path=" + directory.resolve("grpc.sock"))
			.run((context) -> {
				assertThat(context.getBean(GuardedFactory.class).transport)
					.isSameAs(context.getBean("lastCallNettyGuardedTransport"));
				assertThatCallsAreServed(context);
			});
	}

	@Test
	void theUsersOwnFactoryKeepsItsOwnChannels() {
		this.withService.withBean(OwnChannelsFactory.class).run((context) -> {
			assertThat(context.getBean(OwnChannelsFactory.class).listeners).hasSize(1);
			assertThatCallsAreServed(context);
		});
	}

	@Test
	void aServerThatFailsAfterItIsBoundIsShutDown() {
		HalfStartedFactory factory = new HalfStartedFactory();
		this.withService.withBean(HalfStartedFactory.class, () -> factory).run((context) -> {
			assertThat(context).getFailure().rootCause().hasMessage("too late");
			assertThat(factory.server).isNotNull();
			assertThat(factory.server.isShutdown()).isTrue();
			assertThat(factory.server.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
		});
	}

	@Test
	void theUsersOwnFactoryNeedsNoNetty() {
		this.withService.withUserConfiguration(OwnFactoryConfiguration.class)
			.withClassLoader(new FilteredClassLoader(NettyServerBuilder.class))
			.run((context) -> assertThatCallsAreServed(context));
	}

	@Test
	void lazyInitializationDoesNotKeepTheServerFromStarting() {
		this.withService
			.withInitializer(
					(context) -> context.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor()))
			.run((context) -> {
				assertThatCallsAreServed(context);
				assertThat(context.getBean(GrpcServerLifecycle.class).isRunning()).isTrue();
			});
	}

	@Test
	void lazyInitializationDoesNotHideThatThereIsNoService(CapturedOutput output) {
		this.runner
			.withInitializer(
					(context) -> context.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor()))
			.run((context) -> assertThat(output).contains(NO_SERVICE));
	}

	@Test
	void reflectionIsServedInBothVersions() {
		this.withService.run((context) -> {
			assertThat(server(context).getServices().names()).containsExactlyInAnyOrder(RouteGuideGrpc.SERVICE_NAME,
					"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
					"grpc.reflection.v1alpha.ServerReflection");
			assertThat(reflection(context)).containsExactly(Status.Code.OK, Status.Code.OK);
		});
	}

	@Test
	@TestsProperty("grpc.server.reflection.enabled")
	void reflectionCanBeDisabled(CapturedOutput output) {
		this.withService.withPropertyValues("grpc.server.reflection.enabled=false").run((context) -> {
			assertThat(server(context).getServices().names()).containsExactlyInAnyOrder(RouteGuideGrpc.SERVICE_NAME,
					"grpc.health.v1.Health");
			assertThat(reflection(context)).containsExactly(Status.Code.UNIMPLEMENTED, Status.Code.UNIMPLEMENTED);
			assertThat(output).contains("reflection off");
		});
	}

	@Test
	@TestsProperty("grpc.server.port")
	void portTakesEffect() throws IOException {
		int port = freePort();
		this.withService.withPropertyValues("grpc.server.port=" + port).run((context) -> {
			assertThat(server(context).getPort()).isEqualTo(port);
			assertThatCallsAreServed(context);
		});
	}

	@Test
	void addressTakesEffect() {
		this.withService.withPropertyValues("grpc.server.address=127.0.0.1").run((context) -> {
			assertThat(boundAddress(context)).isEqualTo(InetAddress.getByName("127.0.0.1"));
			assertThatCallsAreServed(context);
		});
	}

	@Test
	@TestsProperty("grpc.server.address")
	void everyAddressTakesEffectOnTheSamePort(CapturedOutput output) {
		this.withService
			.withPropertyValues("grpc.server.address=127.0.0.1,127.0.0.2,127.0.0.1",
					"grpc.server.port=" + TestSocketUtils.findAvailableTcpPort())
			.run((context) -> {
				int port = GrpcClient.port(context);
				assertThat(server(context).getAddresses()).containsExactlyInAnyOrder(
						new InetSocketAddress("127.0.0.1", port), new InetSocketAddress("127.0.0.2", port));
				for (String address : List.of("127.0.0.1", "127.0.0.2")) {
					try (GrpcClient client = GrpcClient.of(address, port)) {
						assertThat(client.featureName()).isEqualTo("somewhere");
					}
				}
				try (GrpcClient client = GrpcClient.of("127.0.0.3", port)) {
					assertThatExceptionOfType(StatusRuntimeException.class).isThrownBy(client::featureName)
						.satisfies((ex) -> assertThat(ex.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
				}
				assertThat(output).contains("port %d (address 127.0.0.1, 127.0.0.2)".formatted(port));
			});
	}

	@Test
	void withoutAnAddressTheServerListensOnAllInterfaces() {
		this.withService.run((context) -> assertThat(boundAddress(context).isAnyLocalAddress()).isTrue());
	}

	@Test
	void theStartOfTheServerIsAnEventThatKnowsTheServer() {
		this.withService.withUserConfiguration(EventsConfiguration.class).run((context) -> {
			GrpcServerStartedEvent event = assertThat(context.getBean(StartedEvents.class).events).singleElement()
				.actual();
			assertThat(event.getServer()).isSameAs(server(context));
			assertThat(event.getServer().getName()).isEqualTo("network");
			assertThat(event.getServer().getPort()).isEqualTo(GrpcClient.port(context)).isPositive();
			assertThat(event.getServer().getServices().applicationNames()).containsExactly(RouteGuideGrpc.SERVICE_NAME);
			assertThat(event.getTimeTaken()).isPositive();
		});
	}

	@Test
	void theStartupLineTellsWhatAnOperatorWantsToKnow(CapturedOutput output) {
		this.withService
			.withPropertyValues("grpc.server.address=127.0.0.1", "grpc.server.shutdown.propagation-delay=1500ms",
					"grpc.server.shutdown.grace-period=3s", "grpc.server.shutdown.force-timeout=1s")
			.run((context) -> assertThat(output.toString().lines().filter((line) -> line.contains("listens on")))
				.singleElement()
				.asString()
				.contains("INFO", "gRPC server 'network'", "127.0.0.1", "port " + GrpcClient.port(context),
						RouteGuideGrpc.SERVICE_NAME, "reflection on",
						"stops within 5.5s (propagation delay 1.5s + grace period 3s + force timeout 1s)",
						"its process within 8.5s")
				.containsPattern("started in \\d+ ms")
				.doesNotContain("TLS", "WARN"));
	}

	@Test
	void theStartupLineNamesTheLongestAnnouncementWhatItIs(CapturedOutput output) {
		this.withService
			.withPropertyValues("grpc.server.shutdown.propagation-delay=5s", "grpc.server.shutdown.quiet-period=1s",
					"grpc.server.shutdown.max-propagation-delay=10s", "grpc.server.shutdown.grace-period=3s",
					"grpc.server.shutdown.force-timeout=1s")
			.run((context) -> assertThat(output).contains(
					"stops within 14s (max-propagation-delay 10s + grace period 3s + force timeout 1s)",
					"its process within 17s"));
	}

	@Test
	void whatKubernetesDoesNotWaitForByDefaultIsAWarning(CapturedOutput output) {
		this.withService
			.withPropertyValues("grpc.server.in-process.enabled=true", "grpc.server.shutdown.propagation-delay=5s",
					"grpc.server.shutdown.grace-period=20s", "grpc.server.shutdown.force-timeout=2001ms")
			.run((context) -> assertThat(
					output.toString().lines().filter((line) -> line.contains("terminationGracePeriodSeconds")))
				.singleElement()
				.asString()
				.contains("WARN", "terminationGracePeriodSeconds to at least 31"));
	}

	@Test
	void whatKubernetesWaitsForByDefaultIsNoWarning(CapturedOutput output) {
		this.withService
			.withPropertyValues("grpc.server.shutdown.propagation-delay=5s", "grpc.server.shutdown.grace-period=20s",
					"grpc.server.shutdown.force-timeout=2s")
			.run((context) -> assertThat(output).contains("its process within 30s")
				.doesNotContain("terminationGracePeriodSeconds"));
	}

	@Test
	void theStartupLineOfTheNetworkTellsOfTls(CapturedOutput output, @TempDir Path directory) throws Exception {
		TestAuthority authority = new TestAuthority("authority");
		authority.write(directory, authority.server("server"));
		this.withService.withConfiguration(AutoConfigurations.of(SslAutoConfiguration.class))
			.withPropertyValues(TestAuthority.properties(directory, "grpc.server.ssl.client-auth=required",
					"grpc.server.in-process.enabled=true", "grpc.server.health.port=0"))
			.run((context) -> assertThat(output.toString().lines().filter((line) -> line.contains("listens on")))
				.satisfiesExactlyInAnyOrder((line) -> assertThat(line).contains("gRPC server 'network'",
						", reflection on, TLS with SSL bundle 'server' (client certificates required); started in "),
						(line) -> assertThat(line).contains("gRPC server 'in-process'").doesNotContain("TLS"),
						(line) -> assertThat(line).contains("gRPC server 'health'", "in plaintext")
							.doesNotContain("TLS")));
	}

	@Test
	void shutdownSettingsHaveTheDocumentedDefaults() {
		this.withService.run((context) -> assertThat(context.getBean(ShutdownSettings.class))
			.isEqualTo(new ShutdownSettings(Duration.ZERO, Duration.ZERO, Duration.ofSeconds(7), Duration.ofSeconds(20),
					Duration.ofSeconds(20), Duration.ofSeconds(2))));
	}

	@Test
	void thePropagationDelayIsLongerOnACloudPlatformUnlessItIsSet() {
		ApplicationContextRunner onKubernetes = this.withService
			.withPropertyValues("spring.main.cloud-platform=kubernetes");
		// Nobody waits: the propagation delay applies to a server that serves, and these
		// applications are never ready.
		onKubernetes.run((context) -> assertThat(context.getBean(ShutdownSettings.class).propagationDelay())
			.isEqualTo(Duration.ofSeconds(5)));
		onKubernetes.withPropertyValues("grpc.server.shutdown.propagation-delay=0")
			.run((context) -> assertThat(context.getBean(ShutdownSettings.class).propagationDelay())
				.isEqualTo(Duration.ZERO));
	}

	@Test
	void aContextThatIsRestartedServesAgainAndTellsItsNewPort() {
		this.withService.run((context) -> {
			GrpcServer first = server(context);
			context.getSourceApplicationContext().stop();
			assertThat(first.getServer().isTerminated()).isTrue();
			context.getSourceApplicationContext().start();
			assertThat(server(context)).isNotSameAs(first);
			assertThat(server(context).getPort()).isEqualTo(GrpcClient.port(context));
			assertThatCallsAreServed(context);
		});
	}

	private static void assertThatCallsAreServed(AssertableApplicationContext context) {
		assertThat(context).hasNotFailed();
		try (GrpcClient client = GrpcClient.of(context)) {
			assertThat(client.featureName()).isEqualTo("somewhere");
		}
	}

	/**
	 * How reflection in both of its versions ends.
	 */
	private static List<Status.Code> reflection(AssertableApplicationContext context) {
		try (GrpcClient client = GrpcClient.of(context)) {
			Observer<ServerReflectionResponse> v1 = new Observer<>();
			ServerReflectionGrpc.newStub(client.channel()).serverReflectionInfo(v1).onCompleted();
			Observer<io.grpc.reflection.v1alpha.ServerReflectionResponse> v1alpha = new Observer<>();
			io.grpc.reflection.v1alpha.ServerReflectionGrpc.newStub(client.channel())
				.serverReflectionInfo(v1alpha)
				.onCompleted();
			return List.of(v1.awaitEnd(), v1alpha.awaitEnd());
		}
	}

	private static GrpcServer server(AssertableApplicationContext context) {
		GrpcServer server = context.getBean(GrpcServerDrain.class).getStatus().server();
		assertThat(server).isNotNull();
		return server;
	}

	private static InetAddress boundAddress(AssertableApplicationContext context) {
		return ((InetSocketAddress) server(context).getAddresses().get(0)).getAddress();
	}

	private static int freePort() throws IOException {
		try (ServerSocket socket = new ServerSocket(0)) {
			return socket.getLocalPort();
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class OwnFactoryConfiguration {

		@Bean
		LoopbackServerFactory ownFactory() {
			return new LoopbackServerFactory();
		}

	}

	/**
	 * Listens by channels and event loops of its own.
	 */
	static class OwnChannelsFactory extends LoopbackServerFactory implements DisposableBean {

		@SuppressWarnings("deprecation")
		private final EventLoopGroup eventLoops = new NioEventLoopGroup(1);

		private final List<ServerChannel> listeners = new CopyOnWriteArrayList<>();

		@Override
		public ServerBuilder<?> newBuilder() {
			return NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
				.channelFactory(this::newListener)
				.bossEventLoopGroup(this.eventLoops)
				.workerEventLoopGroup(this.eventLoops);
		}

		private ServerChannel newListener() {
			ServerChannel listener = new NioServerSocketChannel();
			this.listeners.add(listener);
			return listener;
		}

		@Override
		public void destroy() {
			this.eventLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
		}

	}

	/**
	 * Binds its server, and fails then.
	 */
	static class HalfStartedFactory extends LoopbackServerFactory {

		private @Nullable Server server;

		@Override
		public ServerBuilder<?> newBuilder() {
			return new Builder(super.newBuilder());
		}

		private final class Builder extends ForwardingServerBuilder<Builder> {

			private final ServerBuilder<?> delegate;

			Builder(ServerBuilder<?> delegate) {
				this.delegate = delegate;
			}

			@Override
			protected ServerBuilder<?> delegate() {
				return this.delegate;
			}

			@Override
			public Server build() {
				Server real = this.delegate.build();
				HalfStartedFactory.this.server = real;
				return new Server() {

					@Override
					public Server start() throws IOException {
						real.start();
						throw new IllegalStateException("too late");
					}

					@Override
					public Server shutdown() {
						return real.shutdown();
					}

					@Override
					public Server shutdownNow() {
						return real.shutdownNow();
					}

					@Override
					public boolean isShutdown() {
						return real.isShutdown();
					}

					@Override
					public boolean isTerminated() {
						return real.isTerminated();
					}

					@Override
					public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
						return real.awaitTermination(timeout, unit);
					}

					@Override
					public void awaitTermination() throws InterruptedException {
						real.awaitTermination();
					}

				};
			}

		}

	}

	@Configuration(proxyBeanMethods = false)
	static class GuardedFactoryConfiguration {

		@Bean
		GuardedFactory guardedFactory(NettyGuardedTransport transport) {
			return new GuardedFactory(transport);
		}

	}

	static class GuardedFactory extends LoopbackServerFactory {

		final NettyGuardedTransport transport;

		GuardedFactory(NettyGuardedTransport transport) {
			this.transport = transport;
		}

		@Override
		public ServerBuilder<?> newBuilder() {
			NettyServerBuilder builder = (NettyServerBuilder) super.newBuilder();
			this.transport.applyTo(builder);
			return builder;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class EventsConfiguration {

		@Bean
		StartedEvents startedEvents() {
			return new StartedEvents();
		}

	}

	static class StartedEvents implements ApplicationListener<GrpcServerStartedEvent> {

		final List<GrpcServerStartedEvent> events = new CopyOnWriteArrayList<>();

		@Override
		public void onApplicationEvent(GrpcServerStartedEvent event) {
			this.events.add(event);
		}

	}

}
