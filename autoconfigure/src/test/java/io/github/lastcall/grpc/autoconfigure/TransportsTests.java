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

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

import io.github.lastcall.grpc.actuate.GrpcEndpoint;
import io.github.lastcall.grpc.actuate.GrpcServerHealthIndicator;
import io.github.lastcall.grpc.executor.ServerExecutor;
import io.github.lastcall.grpc.lifecycle.GrpcServer;
import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.GrpcServerState;
import io.github.lastcall.grpc.limits.RefusalReason;
import io.github.lastcall.grpc.limits.Refusals;
import io.github.lastcall.grpc.netty.NettyGuardedTransport;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.EnableServerAutoConfiguration;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.HeldThreads;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.github.lastcall.grpc.testing.TestsProperty;
import io.github.lastcall.sample.routeguide.Feature;
import io.github.lastcall.sample.routeguide.Point;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.channel.epoll.EpollEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.unix.DomainSocketAddress;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.StreamObserver;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.NestedExceptionUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.awaitility.Awaitility.await;

/**
 * One application that is reached in several ways.
 */
@Timeout(120)
@ExtendWith(OutputCaptureExtension.class)
class TransportsTests {

	@SuppressWarnings("deprecation")
	private static final EventLoopGroup EVENT_LOOPS = new EpollEventLoopGroup(1);

	/**
	 * The common pool may have a single thread, and calls that block would wait for each
	 * other.
	 */
	private static final Executor THREADS = (task) -> new Thread(task, "transports-test").start();

	private static final String NO_PORT = "--grpc.server.port=-1";

	private static final String IN_PROCESS = "--grpc.server.in-process.enabled=true";

	private final Path socket;

	private final String unixDomainSocket;

	TransportsTests(@TempDir Path directory) {
		this.socket = directory.resolve("grpc.sock");
		this.unixDomainSocket = "--grpc.server.unix-domain-socket.path=" + this.socket;
	}

	@AfterAll
	static void shutDown() {
		EVENT_LOOPS.shutdownGracefully();
	}

	@Test
	void allTransportsServeTheSameSideBySide(CapturedOutput output) {
		try (ConfigurableApplicationContext context = run("--grpc.server.port=0", this.unixDomainSocket, IN_PROCESS);
				GrpcClient network = GrpcClient.of(context);
				GrpcClient unix = unix();
				GrpcClient inProcess = inProcess(context)) {
			for (GrpcClient client : List.of(network, unix, inProcess)) {
				assertThat(client.featureName()).isEqualTo("somewhere");
				awaitServing(client);
				assertThat(reflectedServices(client)).contains("routeguide.RouteGuide", "grpc.health.v1.Health");
			}
			assertThat(context.getBean(GrpcServerDrain.class).getName()).isEqualTo("network");
			assertThat(context.getBeanProvider(GrpcServerDrain.class).stream()).extracting(GrpcServerDrain::getName)
				.containsExactly("network", "unix-domain-socket", "in-process");
			assertThat(context.getBean(GrpcEndpoint.class).grpc().servers()).allSatisfy((server) -> {
				assertThat(server.state()).isEqualTo(GrpcServerState.SERVING);
				assertThat(server.connections()).isEqualTo(1);
			})
				.extracting(GrpcEndpoint.ServerDescriptor::address)
				.containsExactly("*", this.socket.toString(), inProcessName(context));
			Health health = context.getBean(GrpcServerHealthIndicator.class).health();
			assertThat(health.getStatus()).isEqualTo(Status.UP);
			assertThat(health.getDetails()).extractingByKey("servers")
				.asInstanceOf(InstanceOfAssertFactories.MAP)
				.containsOnlyKeys("network", "unix-domain-socket", "in-process");
			assertThat(output).contains("gRPC server 'network' listens on port " + GrpcClient.port(context),
					"gRPC server 'unix-domain-socket' listens on " + this.socket + " with services",
					"gRPC server 'in-process' listens on " + inProcessName(context) + " with services");
		}
		assertThat(output).doesNotContain("bootstrap.ServerBootstrap", "ERROR");
	}

	@Test
	void allTransportsDrainSideBySide() {
		ConfigurableApplicationContext context = run("--grpc.server.port=0", this.unixDomainSocket, IN_PROCESS);
		Blocking handler = context.getBean(Blocking.class);
		try (GrpcClient network = GrpcClient.of(context);
				GrpcClient unix = unix();
				GrpcClient inProcess = inProcess(context)) {
			List<GrpcServerDrain> drains = context.getBeanProvider(GrpcServerDrain.class).stream().toList();
			List<CompletableFuture<String>> calls = new ArrayList<>();
			for (GrpcClient client : List.of(network, unix, inProcess)) {
				calls.add(CompletableFuture.supplyAsync(
						() -> client.routeGuide().getFeature(Point.newBuilder().setLatitude(1).build()).getName(),
						THREADS));
			}
			await().untilAsserted(
					() -> assertThat(drains).extracting((drain) -> drain.getCalls().count()).containsOnly(1));
			CompletableFuture<Void> closed = CompletableFuture.runAsync(context::close, THREADS);
			await().untilAsserted(() -> assertThat(drains).extracting((drain) -> drain.getStatus().state())
				.containsOnly(GrpcServerState.DRAINING));
			await().untilAsserted(() -> assertThat(this.socket).doesNotExist());
			assertThat(calls).noneMatch(CompletableFuture::isDone);
			handler.held.release.countDown();
			assertThat(calls)
				.allSatisfy((call) -> assertThat(call).succeedsWithin(Duration.ofSeconds(30)).isEqualTo("late"));
			assertThat(closed).succeedsWithin(Duration.ofSeconds(30));
			assertThat(drains).extracting((drain) -> drain.getStatus().state()).containsOnly(GrpcServerState.STOPPED);
		}
		finally {
			handler.held.release.countDown();
			context.close();
		}
	}

	@Test
	@TestsProperty("grpc.server.unix-domain-socket.path")
	void aUnixDomainSocketMayBeAllThatThereIs() {
		try (ConfigurableApplicationContext context = run(NO_PORT, this.unixDomainSocket,
				"--grpc.server.health.port=0"); GrpcClient unix = unix()) {
			assertThat(unix.featureName()).isEqualTo("somewhere");
			assertThat(context.getBeansOfType(NettyGuardedTransport.class)).isEmpty();
			assertThat(context.getEnvironment().containsProperty("local.grpc.server.port")).isFalse();
			assertThat(context.getBean(GrpcServerDrain.class).getName()).isEqualTo("unix-domain-socket");
			assertThat(context.getBean(GrpcServerHealthIndicator.class).health().getDetails())
				.containsEntry("address", this.socket.toString())
				.containsEntry("services", Map.of("routeguide.RouteGuide", ServingStatus.SERVING));
		}
	}

	@Test
	void theUnixDomainSocketHasTheLimitsOfAPort(CapturedOutput output) throws Exception {
		try (ConfigurableApplicationContext context = run(NO_PORT, this.unixDomainSocket,
				"--grpc.server.limits.connections=1", "--grpc.server.limits.handshake-timeout=2s");
				SocketChannel silent = SocketChannel.open(UnixDomainSocketAddress.of(this.socket));
				SocketChannel tooMany = SocketChannel.open(UnixDomainSocketAddress.of(this.socket))) {
			for (SocketChannel closed : List.of(tooMany, silent)) {
				ByteBuffer buffer = ByteBuffer.allocate(1000);
				while (closed.read(buffer) != -1) {
					buffer.clear();
				}
				closed.close();
			}
			Refusals refusals = ServersOf.refusals(context, "unix-domain-socket");
			assertThat(refusals.getCount(RefusalReason.CONNECTIONS)).isEqualTo(1);
			assertThat(refusals.getCount(RefusalReason.HANDSHAKE_TIMEOUT)).isEqualTo(1);
			assertThat(output).contains(
					"gRPC server 'unix-domain-socket' refused a connection from a local process: 1 connections are open "
							+ "(grpc.server.limits.connections)",
					"gRPC server 'unix-domain-socket' closed the connection from a local process: "
							+ "no HTTP/2 settings within 2000 ms (grpc.server.limits.handshake-timeout)");
			try (GrpcClient client = unix()) {
				await().ignoreExceptions().until(client::featureName, "somewhere"::equals);
			}
		}
	}

	@Test
	@TestsProperty("grpc.server.in-process.enabled")
	void theInProcessServerMayBeAllThatThereIs() {
		try (ConfigurableApplicationContext context = run(NO_PORT, IN_PROCESS, "--grpc.server.health.port=0");
				GrpcClient inProcess = inProcess(context)) {
			assertThat(inProcess.featureName()).isEqualTo("somewhere");
			assertThat(context.getBean(GrpcServerDrain.class).getName()).isEqualTo("in-process");
			assertThat(context.getEnvironment().containsProperty("local.grpc.server.port")).isFalse();
		}
	}

	@Test
	void eachApplicationHasAnInProcessNameOfItsOwnWhichARestartKeeps() {
		try (ConfigurableApplicationContext one = run(NO_PORT, IN_PROCESS);
				ConfigurableApplicationContext other = run(NO_PORT, IN_PROCESS);
				GrpcClient client = inProcess(one)) {
			String name = inProcessName(one);
			assertThat(name).isNotEqualTo(inProcessName(other));
			one.stop();
			assertThatException().isThrownBy(client::featureName);
			one.start();
			assertThat(inProcessName(one)).isEqualTo(name);
			await().ignoreExceptions().until(client::featureName, "somewhere"::equals);
		}
	}

	@Test
	@TestsProperty("grpc.server.in-process.name")
	void theInProcessServerHasTheNameThatItIsGiven() {
		try (ConfigurableApplicationContext context = run(NO_PORT, IN_PROCESS, "--grpc.server.in-process.name=guide");
				GrpcClient client = GrpcClient.of(InProcessChannelBuilder.forName("guide"))) {
			assertThat(client.featureName()).isEqualTo("somewhere");
			assertThat(inProcessName(context)).isEqualTo("guide");
		}
	}

	@Test
	void aNameIsEnoughForTheInProcessServerUnlessItIsSwitchedOff(CapturedOutput output) {
		try (ConfigurableApplicationContext context = run(NO_PORT, "--grpc.server.in-process.name=named");
				GrpcClient client = GrpcClient.of(InProcessChannelBuilder.forName("named"))) {
			assertThat(client.featureName()).isEqualTo("somewhere");
			assertThat(inProcessName(context)).isEqualTo("named");
		}
		try (ConfigurableApplicationContext context = run("--grpc.server.port=0", "--grpc.server.in-process.name=named",
				"--grpc.server.in-process.enabled=false")) {
			assertThat(context.getBeanProvider(GrpcServerDrain.class).stream()).extracting(GrpcServerDrain::getName)
				.containsExactly("network");
			assertThat(output).contains("have no effect")
				.containsOnlyOnce(noEffect("in-process.name", "grpc.server.in-process.enabled is false"));
		}
	}

	@Test
	void aSocketMayHaveTheNameFalse() throws Exception {
		Path file = Path.of("false").toAbsolutePath();
		try (ConfigurableApplicationContext context = run(NO_PORT, "--grpc.server.unix-domain-socket.path=false")) {
			assertThat(context.getBean(GrpcServerDrain.class).getName()).isEqualTo("unix-domain-socket");
			assertThat(file).exists();
		}
		finally {
			Files.deleteIfExists(file);
		}
	}

	@Test
	void propertiesThatNoServerHasAUseForAreNamed(CapturedOutput output) {
		run(NO_PORT, IN_PROCESS, "--grpc.server.address=127.0.0.1", "--grpc.server.ssl.bundle=server",
				"--grpc.server.executor.type=direct", "--grpc.server.executor.threads=5",
				"--grpc.server.executor.queue-capacity=7")
			.close();
		String noPort = "grpc.server.port is -1";
		String noThreads = "calls do not run on platform threads: the executor type is direct";
		assertThat(output).containsOnlyOnce("These properties are set and have no effect:")
			.contains("WARN", noEffect("address", noPort), noEffect("ssl.bundle", noPort),
					noEffect("executor.threads", noThreads), noEffect("executor.queue-capacity", noThreads));
	}

	@Test
	void aServerInTheSameProcessHasNoUseForWhatIsSaidOfConnections(CapturedOutput output) {
		Map<String, String> ofConnections = Map.ofEntries(Map.entry("flow-control-window", "2MB"),
				Map.entry("keep-alive.time", "1h"), Map.entry("keep-alive.timeout", "10s"),
				Map.entry("keep-alive.permit.time", "1m"), Map.entry("keep-alive.permit.without-calls", "true"),
				Map.entry("connection.max-idle", "1h"), Map.entry("connection.max-age", "1h"),
				Map.entry("connection.max-age-grace", "1h"), Map.entry("limits.connections", "5"),
				Map.entry("limits.concurrent-calls-per-connection", "5"),
				Map.entry("limits.inbound-message-size", "1MB"), Map.entry("limits.inbound-metadata-size", "1KB"),
				Map.entry("limits.inbound-buffer-size", "5MB"), Map.entry("limits.resets-per-connection", "5"),
				Map.entry("limits.reset-window", "5s"), Map.entry("limits.handshake-timeout", "5s"),
				Map.entry("limits.control-frames-per-connection", "5"),
				Map.entry("limits.outbound-message-buffer", "1MB"), Map.entry("limits.outbound-buffer-size", "5MB"),
				Map.entry("limits.outbound-wait", "5s"));
		List<String> arguments = new ArrayList<>();
		ofConnections.forEach((name, value) -> arguments.add("--grpc.server.%s=%s".formatted(name, value)));
		arguments.addAll(List.of(NO_PORT, IN_PROCESS, "--grpc.server.limits.concurrent-calls=5"));
		run(arguments.toArray(String[]::new)).close();
		assertThat(ofConnections.keySet()).allSatisfy(
				(name) -> assertThat(output).contains(noEffect(name, "in-process calls do not use connections")));
		assertThat(output).containsOnlyOnce("have no effect").doesNotContain("limits.concurrent-calls (");
	}

	@Test
	void propertiesThatAnotherOneMakesUselessAreNamed(CapturedOutput output) {
		run("--grpc.server.port=0", "--grpc.server.health.enabled=false", "--grpc.server.health.port=0",
				"--grpc.server.health.not-serving-as=error", "--grpc.server.shutdown.max-propagation-delay=20s",
				"--grpc.server.shutdown.stream-grace-period=60s", "--grpc.server.limits.outbound-message-buffer=0",
				"--grpc.server.limits.outbound-wait=5s")
			.close();
		assertThat(output).containsOnlyOnce("have no effect")
			.contains(noEffect("health.port", "grpc.server.health.enabled is false"),
					noEffect("health.not-serving-as", "grpc.server.health.enabled is false"),
					noEffect("shutdown.max-propagation-delay", "grpc.server.shutdown.quiet-period is 0"),
					noEffect("shutdown.stream-grace-period",
							"grpc.server.shutdown.grace-period is shorter and applies to streaming calls too"),
					noEffect("limits.outbound-wait", "grpc.server.limits.outbound-message-buffer is 0"));
	}

	@Test
	void samplingIsNamedIfThereIsNothingToSample(CapturedOutput output) {
		run("--grpc.server.port=0", "--grpc.server.health.sample-interval=10s",
				"--grpc.server.health.sample-timeout=1s", "--management.endpoint.health.access=none")
			.close();
		String noGroup = "no Actuator health group is sampled";
		assertThat(output).contains(noEffect("health.sample-interval", noGroup),
				noEffect("health.sample-timeout", noGroup));
	}

	@Test
	void aWindowInWhichNothingIsCountedIsNamed(CapturedOutput output) {
		run("--grpc.server.port=0", "--grpc.server.limits.resets-per-connection=0",
				"--grpc.server.limits.reset-window=5s")
			.close();
		assertThat(output)
			.containsOnlyOnce(noEffect("limits.reset-window", "grpc.server.limits.resets-per-connection is 0"));
	}

	@Test
	void anExecutorOfTheApplicationLeavesNothingToSayOfTheExecutor(CapturedOutput output) {
		new SpringApplicationBuilder(Application.class, OwnExecutor.class).web(WebApplicationType.NONE)
			.registerShutdownHook(false)
			.run("--grpc.server.port=0", "--grpc.server.executor.type=virtual", "--grpc.server.executor.threads=5",
					"--grpc.server.executor.queue-capacity=7")
			.close();
		assertThat(List.of("type", "threads", "queue-capacity")).allSatisfy((name) -> assertThat(output)
			.contains(noEffect("executor." + name, "the application has a ServerExecutor bean")));
		assertThat(output).doesNotContain("on platform threads");
	}

	@Test
	void propertiesThatAreOfUseAreNotNamed(CapturedOutput output) {
		run("--grpc.server.port=0", "--grpc.server.address=127.0.0.1", "--grpc.server.executor.type=platform",
				"--grpc.server.executor.threads=5", "--grpc.server.executor.queue-capacity=7",
				"--grpc.server.limits.reset-window=5s", "--grpc.server.limits.outbound-wait=5s",
				"--grpc.server.health.sample-interval=10s", "--grpc.server.health.not-serving-as=error",
				"--grpc.server.shutdown.quiet-period=1s", "--grpc.server.shutdown.max-propagation-delay=2s",
				"--grpc.server.shutdown.stream-grace-period=1s")
			.close();
		run(NO_PORT, IN_PROCESS, "--grpc.server.address=127.0.0.1", "--grpc.server.health.port=0",
				"--grpc.server.executor.type=direct", "--grpc.server.limits.connections=5")
			.close();
		run(NO_PORT, this.unixDomainSocket, "--grpc.server.limits.connections=5").close();
		assertThat(output).doesNotContain("have no effect");
	}

	@Test
	void aStaleSocketIsReplacedAndTheFileIsRemovedAtEachStop() throws Exception {
		try (ServerSocketChannel stale = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
			stale.bind(UnixDomainSocketAddress.of(this.socket));
		}
		assertThat(this.socket).exists();
		ConfigurableApplicationContext context = run(NO_PORT, this.unixDomainSocket);
		try (GrpcClient client = unix()) {
			assertThat(client.featureName()).isEqualTo("somewhere");
			context.stop();
			assertThat(this.socket).doesNotExist();
			context.start();
			await().ignoreExceptions().until(client::featureName, "somewhere"::equals);
			assertThat(Files.exists(this.socket)).isTrue();
			assertThat(server(context).getPort()).isEqualTo(-1);
		}
		finally {
			context.close();
		}
		assertThat(this.socket).doesNotExist();
		await().untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet()).extracting(Thread::getName)
			.noneMatch((name) -> name.contains("-unix-domain-socket")));
	}

	@Test
	void oneTransportThatCannotStartTakesTheOthersWithIt() throws Exception {
		// Contexts that the test framework keeps have servers of their own.
		Set<Thread> before = Thread.getAllStackTraces().keySet();
		try (ServerSocketChannel live = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
			live.bind(UnixDomainSocketAddress.of(this.socket));
			assertThatException().isThrownBy(() -> run("--grpc.server.port=0", this.unixDomainSocket, IN_PROCESS))
				.satisfies((ex) -> assertThat(NestedExceptionUtils.getMostSpecificCause(ex))
					.hasMessageContaining("another process listens on it"));
		}
		await().untilAsserted(
				() -> assertThat(Thread.getAllStackTraces().keySet()).filteredOn((thread) -> !before.contains(thread))
					.extracting(Thread::getName)
					.doesNotContain("grpc-server-network"));
	}

	private static void awaitServing(GrpcClient client) {
		await().until(() -> client.health().check(HealthCheckRequest.getDefaultInstance()).getStatus(),
				ServingStatus.SERVING::equals);
	}

	private static List<String> reflectedServices(GrpcClient client) {
		CompletableFuture<List<String>> services = new CompletableFuture<>();
		StreamObserver<ServerReflectionRequest> requests = ServerReflectionGrpc.newStub(client.channel())
			.serverReflectionInfo(new StreamObserver<>() {

				@Override
				public void onNext(ServerReflectionResponse response) {
					services.complete(response.getListServicesResponse()
						.getServiceList()
						.stream()
						.map(ServiceResponse::getName)
						.toList());
				}

				@Override
				public void onError(Throwable ex) {
					services.completeExceptionally(ex);
				}

				@Override
				public void onCompleted() {
				}

			});
		requests.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
		List<String> names = services.orTimeout(30, TimeUnit.SECONDS).join();
		requests.onCompleted();
		return names;
	}

	private static GrpcServer server(ConfigurableApplicationContext context) {
		GrpcServer server = context.getBean(GrpcServerDrain.class).getStatus().server();
		assertThat(server).isNotNull();
		return server;
	}

	private GrpcClient unix() {
		return GrpcClient.of(NettyChannelBuilder.forAddress(new DomainSocketAddress(this.socket.toFile()))
			.eventLoopGroup(EVENT_LOOPS)
			.channelType(EpollDomainSocketChannel.class, DomainSocketAddress.class));
	}

	private static GrpcClient inProcess(ConfigurableApplicationContext context) {
		return GrpcClient.of(InProcessChannelBuilder.forName(inProcessName(context)));
	}

	private static String inProcessName(ConfigurableApplicationContext context) {
		return context.getEnvironment().getRequiredProperty("local.grpc.in-process.name");
	}

	/**
	 * What is said of an argument.
	 */
	private static String noEffect(String name, String reason) {
		return "%n    grpc.server.%1$s (\"grpc.server.%1$s\" from property source \"commandLineArgs\"): %2$s"
			.formatted(name, reason);
	}

	private static ConfigurableApplicationContext run(String... arguments) {
		return new SpringApplicationBuilder(Application.class).web(WebApplicationType.NONE)
			.registerShutdownHook(false)
			.properties("management.endpoints.access.default=read-only",
					"management.endpoints.jmx.exposure.include=grpc", "spring.jmx.enabled=true")
			.run(arguments);
	}

	@Configuration(proxyBeanMethods = false)
	@EnableServerAutoConfiguration
	static class Application {

		@Bean
		Blocking routeGuide() {
			return new Blocking();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnExecutor {

		@Bean
		ServerExecutor threads() {
			return ServerExecutor.of(THREADS);
		}

	}

	/**
	 * Answers at once, or at latitude 1 and longitude 0 when it is released.
	 */
	@GrpcService
	static class Blocking extends TestRouteGuide {

		final HeldThreads held = new HeldThreads();

		@Override
		public void getFeature(Point request, StreamObserver<Feature> responses) {
			if (request.getLongitude() != 0) {
				super.getFeature(request, responses);
				return;
			}
			this.held.hold();
			responses.onNext(Feature.newBuilder().setName("late").build());
			responses.onCompleted();
		}

	}

}
