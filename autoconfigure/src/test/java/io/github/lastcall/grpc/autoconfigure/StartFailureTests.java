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
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.github.lastcall.grpc.lifecycle.GrpcServerStartedEvent;
import io.github.lastcall.grpc.server.GlobalServerInterceptor;
import io.github.lastcall.grpc.server.GrpcServerFactory;
import io.github.lastcall.grpc.server.GrpcServerStartException;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.EnableServerAutoConfiguration;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.grpc.testing.TestAuthority;
import io.github.lastcall.grpc.testing.RouteGuideConfiguration;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationListener;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.DefaultResourceLoader;
import org.springframework.test.util.TestSocketUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/**
 * What a user reads when a real application cannot start: never a stack trace, and never
 * a server that is left behind.
 */
@ExtendWith(OutputCaptureExtension.class)
class StartFailureTests {

	private final Path directory;

	private final Set<Thread> threadsBefore = serverThreads();

	StartFailureTests(@TempDir Path directory) {
		this.directory = directory;
	}

	@AfterEach
	void noServerIsLeft() {
		await().untilAsserted(() -> {
			Set<Thread> left = new HashSet<>(serverThreads());
			left.removeAll(this.threadsBefore);
			assertThat(left).isEmpty();
		});
	}

	@Test
	void anAnnotatedBeanThatIsNoService(CapturedOutput output) {
		run(NoService.class);
		assertThatAnalysis(output).contains("'startFailureTests.NoService'", NoService.class.getName(),
				"annotated with @GrpcService", "not an io.grpc.BindableService", "Action:", "ImplBase",
				"remove the annotation");
	}

	@Test
	void anAnnotatedBeanMethodThatReturnsNoService(CapturedOutput output) {
		run(NoServiceBeanMethodConfiguration.class);
		assertThatAnalysis(output).contains("'noService'", "java.lang.String", "not an io.grpc.BindableService",
				"Action:");
	}

	@Test
	void twoBeansThatBindTheSameService(CapturedOutput output) {
		run(TwoRouteGuidesConfiguration.class);
		assertThatAnalysis(output).contains("'routeguide.RouteGuide' is bound twice", "bean 'one'", "bean 'two'",
				"Action:", "Keep one of them");
	}

	@Test
	void aServiceThatBindsTheHealthServiceOfTheServer(CapturedOutput output) {
		run(OwnHealth.class);
		assertThatAnalysis(output).contains("'grpc.health.v1.Health' is bound twice", "the health service of Last Call",
				"OwnHealth", "Action:", "grpc.server.health.enabled");
	}

	@Test
	void aServiceThatBindsReflection(CapturedOutput output) {
		run(OwnReflectionConfiguration.class);
		assertThatAnalysis(output).contains("'grpc.reflection.v1.ServerReflection' is bound twice",
				"the reflection service (v1) of Last Call", "'ownReflection'", "Action:");
	}

	@Test
	void aGlobalInterceptorThatIsNone(CapturedOutput output) {
		run(NoInterceptorConfiguration.class);
		assertThatAnalysis(output).contains("'noInterceptor'", "@GlobalServerInterceptor",
				"not an io.grpc.ServerInterceptor", "Action:");
	}

	@Test
	void aMissingTransport(CapturedOutput output) {
		SpringApplication application = application(RouteGuideConfiguration.class);
		application.setResourceLoader(new DefaultResourceLoader(new FilteredClassLoader(NettyServerBuilder.class)));
		assertThatThrownBy(() -> application.run("--grpc.server.port=0")).isNotNull();
		assertThatAnalysis(output).contains("No transport", "grpc-netty-shaded is not on the classpath", "Action:",
				"io.grpc:grpc-netty-shaded", "grpc.server.enabled");
	}

	/**
	 * With and without our transport on the classpath.
	 */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void aFactoryOfTheApplicationThatTheSslBundleCannotBeGivenTo(boolean netty, CapturedOutput output)
			throws IOException {
		TestAuthority authority = new TestAuthority("authority");
		authority.write(this.directory, authority.server("server"));
		SpringApplication application = application(RouteGuideConfiguration.class, ForeignFactory.class);
		if (!netty) {
			application.setResourceLoader(new DefaultResourceLoader(new FilteredClassLoader(NettyServerBuilder.class)));
		}
		String[] arguments = Stream.of(TestAuthority.properties(this.directory))
			.map((property) -> "--" + property)
			.toArray(String[]::new);
		assertThatThrownBy(() -> application.run(arguments)).isNotNull();
		assertThatAnalysis(output).contains("cannot use the SSL bundle 'server'",
				InProcessServerBuilder.class.getName(), "Property: grpc.server.ssl.bundle", "Value: \"server\"",
				"Action:", "grpc-netty-shaded", "or remove grpc.server.ssl.bundle");
	}

	@Test
	void anAgeGraceOfConnectionsThatLiveForEver(CapturedOutput output) {
		run(RouteGuideConfiguration.class, "--grpc.server.port=0", "--grpc.server.connection.max-age-grace=10s");
		assertThatAnalysis(output).containsIgnoringCase("grpc.server.connection.max-age-grace")
			.contains("unless grpc.server.connection.max-age is set", "Action:");
	}

	@Test
	void aCodecWithTheNameFalse(CapturedOutput output) {
		run(RouteGuideConfiguration.class, "--grpc.server.port=0", "--grpc.server.compression.responses=false");
		assertThatAnalysis(output).contains("compressed with 'false': no such codec is available",
				"Property: grpc.server.compression.responses", "Action:");
	}

	@Test
	void aMissingTransportOfTheInProcessServer(CapturedOutput output) {
		SpringApplication application = application(RouteGuideConfiguration.class);
		application.setResourceLoader(new DefaultResourceLoader(new FilteredClassLoader(InProcessServerBuilder.class)));
		assertThatThrownBy(() -> application.run("--grpc.server.port=-1", "--grpc.server.in-process.enabled=true"))
			.isNotNull();
		assertThatAnalysis(output).contains("No transport", "grpc-inprocess is not on the classpath", "Action:",
				"io.grpc:grpc-inprocess", "grpc.server.in-process.enabled");
	}

	@Test
	void aNameOfAnInProcessServerThatIsTaken(CapturedOutput output) throws IOException {
		Server other = InProcessServerBuilder.forName("taken").build().start();
		try {
			run(RouteGuideConfiguration.class, "--grpc.server.port=-1", "--grpc.server.in-process.enabled=true",
					"--grpc.server.in-process.name=taken");
			assertThatAnalysis(output).contains("'taken'", "Property: grpc.server.in-process.name", "commandLineArgs",
					"Action:", "different name");
		}
		finally {
			other.shutdownNow();
		}
	}

	@Test
	void aUnixDomainSocketThatAnotherProcessListensOn(CapturedOutput output) throws IOException {
		Path path = this.directory.resolve("live.sock");
		try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
			other.bind(UnixDomainSocketAddress.of(path));
			run(RouteGuideConfiguration.class, "--grpc.server.port=-1",
					"--grpc.server.unix-domain-socket.path=" + path);
			assertThatAnalysis(output).contains(path.toString(), "another process listens on it",
					"Property: grpc.server.unix-domain-socket.path", "commandLineArgs", "Action:", "different path");
			assertThat(path).exists();
		}
	}

	@Test
	void aUnixDomainSocketWhereAFileIs(CapturedOutput output) throws IOException {
		Path path = Files.writeString(this.directory.resolve("precious.txt"), "precious");
		run(RouteGuideConfiguration.class, "--grpc.server.port=-1", "--grpc.server.unix-domain-socket.path=" + path);
		assertThatAnalysis(output).contains(path.toString(), "a file that is not a socket",
				"Property: grpc.server.unix-domain-socket.path", "Action:", "Remove the file");
		assertThat(path).hasContent("precious");
	}

	@ParameterizedTest
	@ValueSource(strings = { "missing/directory.sock",
			"long-name-long-name-long-name-long-name-long-name-long-name-long-name-long-name-long-name-long-name.sock" })
	void aUnixDomainSocketThatCannotBe(String name, CapturedOutput output) {
		Path path = this.directory.resolve(name);
		run(RouteGuideConfiguration.class, "--grpc.server.port=-1", "--grpc.server.unix-domain-socket.path=" + path);
		assertThatAnalysis(output).contains("cannot listen on the Unix domain socket " + path,
				"Property: grpc.server.unix-domain-socket.path", "Action:", "at most 100 bytes",
				"an existing directory");
		assertThat(path).doesNotExist();
	}

	@Test
	void aPortInUse(CapturedOutput output) throws IOException {
		try (ServerSocket occupied = new ServerSocket(0)) {
			run(RouteGuideConfiguration.class, "--grpc.server.port=" + occupied.getLocalPort());
			assertThatAnalysis(output).contains("all interfaces, port " + occupied.getLocalPort(),
					"the port is already in use", "Property: grpc.server.port",
					"Value: \"%d\"".formatted(occupied.getLocalPort()), "Origin: ", "commandLineArgs", "Action:",
					"0 picks a free one");
		}
	}

	@Test
	void aPortInUseOnOneAddressOfAConfigurationFile(CapturedOutput output) throws IOException {
		try (ServerSocket occupied = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
			Path file = file("""
					grpc:
					  server:
					    address: 127.0.0.1
					    port: %d
					""".formatted(occupied.getLocalPort()));
			run(RouteGuideConfiguration.class, location(file));
			assertThatAnalysis(output).contains("127.0.0.1, port " + occupied.getLocalPort(),
					"the port is already in use", "Property: grpc.server.port", "Origin: ", "application.yml", "4:11",
					"Action:");
		}
	}

	@Test
	void anAddressThatIsNotOfThisMachine(CapturedOutput output) throws IOException {
		Path file = file("""
				grpc:
				  server:
				    address: 192.0.2.1
				    port: 0
				""");
		run(RouteGuideConfiguration.class, location(file));
		assertThatAnalysis(output)
			.contains("cannot listen on 192.0.2.1, port 0", "assign requested address", "Property: grpc.server.address",
					"Value: \"192.0.2.1\"", "application.yml", "3:14", "Action:", "an address of this machine")
			.doesNotContain("already in use");
	}

	@Test
	void aPortInUseOnOneOfSeveralAddresses(CapturedOutput output) throws IOException {
		try (ServerSocket occupied = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.2"))) {
			run(RouteGuideConfiguration.class, "--grpc.server.address=127.0.0.1,127.0.0.2",
					"--grpc.server.port=" + occupied.getLocalPort());
			assertThatAnalysis(output)
				.contains("cannot listen on 127.0.0.2, port %d: the port is already in use"
					.formatted(occupied.getLocalPort()), "Property: grpc.server.port", "Action:")
				.doesNotContain("listen on 127.0.0.1");
			// Nothing is left open on the other one.
			new ServerSocket(occupied.getLocalPort(), 1, InetAddress.getByName("127.0.0.1")).close();
		}
	}

	@Test
	void aFreePortOfSeveralAddresses(CapturedOutput output) {
		run(RouteGuideConfiguration.class, "--grpc.server.address=127.0.0.1,127.0.0.2", "--grpc.server.port=0");
		assertThatAnalysis(output).contains("several addresses with grpc.server.port=0", "Property: grpc.server.port",
				"Action:", "Set grpc.server.port to a port, or grpc.server.address to one address");
	}

	@Test
	void oneOfSeveralAddressesThatIsNotOfThisMachine(CapturedOutput output) throws IOException {
		Path file = file("""
				grpc:
				  server:
				    address:
				      - 127.0.0.1
				      - 192.0.2.1
				""");
		int port = TestSocketUtils.findAvailableTcpPort();
		run(RouteGuideConfiguration.class, location(file), "--grpc.server.port=" + port);
		assertThatAnalysis(output).contains("cannot listen on 192.0.2.1, port " + port, "assign requested address",
				"Property: grpc.server.address", "Value: \"192.0.2.1\"", "application.yml", "5:9", "Action:",
				"an address of this machine");
	}

	@Test
	void anAddressThatIsNone(CapturedOutput output) {
		run(RouteGuideConfiguration.class, "--grpc.server.address=not an address");
		assertThatAnalysis(output).contains("grpc.server.address", "not an address", "commandLineArgs", "Action:");
	}

	@ParameterizedTest
	@ValueSource(strings = { "propagation-delay", "grace-period", "force-timeout" })
	void aNegativeDuration(String name, CapturedOutput output) throws IOException {
		Path file = file("""
				grpc:
				  server:
				    shutdown:
				      %s: -1s
				""".formatted(name));
		run(RouteGuideConfiguration.class, location(file), "--grpc.server.port=0");
		assertThatAnalysis(output).contains("grpc.server.shutdown." + name, "application.yml", "must not be negative",
				"Action:");
	}

	@ParameterizedTest
	@CsvSource({ "threads,0,must be positive", "threads,-1,must be positive", "threads,many,is not a whole number",
			"queue-capacity,0,must be positive", "queue-capacity,-1,must be positive",
			"block-warning,-1s,must not be negative", "type,fast,'to one of platform, virtual, direct'" })
	void anExecutorThatCannotBe(String name, String value, String message, CapturedOutput output) {
		run(RouteGuideConfiguration.class, "--grpc.server.executor." + name + "=" + value);
		assertThatAnalysis(output).containsIgnoringCase("grpc.server.executor." + name)
			.contains("Action:")
			.containsIgnoringCase(message);
	}

	@Test
	void aDurationThatIsNone(CapturedOutput output) {
		run(RouteGuideConfiguration.class, "--grpc.server.shutdown.grace-period=soon");
		assertThatAnalysis(output).contains("grpc.server.shutdown.grace-period", "soon", "commandLineArgs", "Action:");
	}

	@Test
	void noTransportAtAll(CapturedOutput output) {
		run(RouteGuideConfiguration.class, "--grpc.server.port=-1");
		assertThatAnalysis(output).contains("no other transport is configured", "Property: grpc.server.port",
				"Value: \"-1\"", "commandLineArgs", "Action:", "grpc.server.unix-domain-socket.path",
				"grpc.server.in-process.enabled", "grpc.server.enabled");
	}

	@ParameterizedTest
	@ValueSource(strings = { "70000", "-2" })
	void aPortThatIsNone(String port, CapturedOutput output) throws IOException {
		Path file = file("""
				grpc:
				  server:
				    port: %s
				""".formatted(port));
		run(RouteGuideConfiguration.class, location(file));
		assertThatAnalysis(output).contains("grpc.server.port", port, "application.yml",
				"from 0 (any free port) to 65535", "Action:");
	}

	@ParameterizedTest
	@ValueSource(strings = { "sample-interval", "sample-timeout" })
	void aDurationOfHealthThatIsNotPositive(String name, CapturedOutput output) throws IOException {
		Path file = file("""
				grpc:
				  server:
				    health:
				      %s: 0
				""".formatted(name));
		run(RouteGuideConfiguration.class, location(file), "--grpc.server.port=0");
		assertThatAnalysis(output).contains("grpc.server.health." + name, "application.yml", "must be positive",
				"Action:");
	}

	@ParameterizedTest
	@ValueSource(strings = { "sample-interval", "sample-timeout" })
	void aDurationOfHealthThatIsNegative(String name, CapturedOutput output) {
		run(RouteGuideConfiguration.class, "--grpc.server.port=0", "--grpc.server.health.%s=-1ms".formatted(name));
		assertThatAnalysis(output).contains("grpc.server.health." + name, "commandLineArgs", "must be positive",
				"Action:");
	}

	@Test
	void aWayToTellNotServingThatIsNone(CapturedOutput output) {
		run(RouteGuideConfiguration.class, "--grpc.server.port=0", "--grpc.server.health.not-serving-as=silence");
		assertThatAnalysis(output).contains("grpc.server.health.not-serving-as", "silence", "one of status, error",
				"Action:");
	}

	@Test
	void aServiceThatIsMappedToAHealthGroupThatDoesNotExist(CapturedOutput output) {
		run(RouteGuideConfiguration.class, "--grpc.server.port=0",
				"--grpc.server.health.services.routeguide.RouteGuide=redaness");
		assertThatAnalysis(output).contains("'routeguide.RouteGuide'", "'redaness'", "no such health group",
				"Property: grpc.server.health.services.routeguide.RouteGuide", "commandLineArgs", "Action:",
				"management.endpoint.health.group.redaness.include", "[liveness, readiness]");
	}

	@Test
	void aMappingToAHealthGroupOfAServiceThatDoesNotExist(CapturedOutput output) {
		run(RouteGuideConfiguration.class, "--grpc.server.port=0",
				"--grpc.server.health.services.routeguide.RootGuide=readiness");
		assertThatAnalysis(output).contains("'routeguide.RootGuide'", "'readiness'", "no such service is served",
				"Property: grpc.server.health.services.routeguide.RootGuide", "commandLineArgs", "Action:",
				"routeguide.RouteGuide");
	}

	@Test
	void anAnnotationThatNamesAHealthGroupThatDoesNotExist(CapturedOutput output) {
		run(UnknownHealthGroup.class);
		assertThatAnalysis(output).contains("'startFailureTests.UnknownHealthGroup'", "'redaness'",
				"no such health group", "Action:", "[liveness, readiness]");
	}

	@Test
	void aPortForProbesThatIsInUse(CapturedOutput output) throws IOException {
		try (ServerSocket occupied = new ServerSocket(0)) {
			run(RouteGuideConfiguration.class, "--grpc.server.port=0",
					"--grpc.server.health.port=" + occupied.getLocalPort());
			assertThatAnalysis(output).contains("port " + occupied.getLocalPort(), "the port is already in use",
					"Property: grpc.server.health.port", "commandLineArgs", "Action:",
					"set grpc.server.health.port to a different port");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "70000", "-1" })
	void aPortForProbesThatIsNone(String port, CapturedOutput output) {
		run(RouteGuideConfiguration.class, "--grpc.server.port=0", "--grpc.server.health.port=" + port);
		assertThatAnalysis(output).contains("grpc.server.health.port", port, "from 0 (any free port) to 65535",
				"Action:");
	}

	@Test
	void aPortForProbesWithoutATransportForIt(CapturedOutput output) {
		SpringApplication application = application(RouteGuideConfiguration.class);
		application.setResourceLoader(new DefaultResourceLoader(new FilteredClassLoader(NettyServerBuilder.class)));
		assertThatThrownBy(() -> application.run("--grpc.server.port=-1", "--grpc.server.in-process.enabled=true",
				"--grpc.server.health.port=0"))
			.isNotNull();
		assertThatAnalysis(output).contains("grpc-netty-shaded is not on the classpath", "Action:",
				"remove grpc.server.health.port");
	}

	@Test
	void aPortForProbesThatIsTheServersOwn(CapturedOutput output) {
		run(RouteGuideConfiguration.class, "--grpc.server.port=9099", "--grpc.server.health.port=9099");
		assertThatAnalysis(output).contains("cannot both listen on port 9099", "Property: grpc.server.port",
				"Property: grpc.server.health.port", "Action:");
	}

	@Test
	void aServerThatFailsToStartTakesThePortForProbesWithIt(CapturedOutput output) throws IOException {
		try (ServerSocket occupied = new ServerSocket(0)) {
			run(RouteGuideConfiguration.class, "--grpc.server.port=" + occupied.getLocalPort(),
					"--grpc.server.health.port=0");
			assertThatAnalysis(output).contains("the port is already in use", "Property: grpc.server.port");
			assertThat(output).contains("gRPC server 'health' listens on");
		}
	}

	@Test
	void aBeanThatFailsAfterTheServerHasStartedStopsTheServer() {
		StartedServer started = new StartedServer();
		runToFailure(application(RouteGuideConfiguration.class, FailingLifecycle.class), started);
		assertThat(started.server().isTerminated()).isTrue();
	}

	@Test
	void aRunnerThatFailsStopsTheServer() {
		StartedServer started = new StartedServer();
		runToFailure(application(RouteGuideConfiguration.class, FailingRunnerConfiguration.class), started);
		assertThat(started.server().isTerminated()).isTrue();
	}

	private void run(Class<?> source, String... arguments) {
		List<String> all = new ArrayList<>(List.of(arguments));
		if (all.isEmpty()) {
			all.add("--grpc.server.port=0");
		}
		assertThatThrownBy(() -> application(source).run(all.toArray(String[]::new))).isNotNull();
	}

	private static void runToFailure(SpringApplication application, StartedServer started) {
		application.addListeners(started);
		assertThatThrownBy(() -> application.run("--grpc.server.port=0"))
			.hasStackTraceContaining("this application cannot run");
	}

	private static SpringApplication application(Class<?>... sources) {
		SpringApplication application = new SpringApplication(sources);
		application.addPrimarySources(List.of(Application.class));
		application.setWebApplicationType(WebApplicationType.NONE);
		return application;
	}

	private Path file(String content) throws IOException {
		return Files.writeString(this.directory.resolve("application.yml"), content);
	}

	private static String location(Path file) {
		return "--spring.config.location=" + file.toUri();
	}

	private static org.assertj.core.api.AbstractCharSequenceAssert<?, ? extends CharSequence> assertThatAnalysis(
			CapturedOutput output) {
		assertThat(output).containsOnlyOnce("APPLICATION FAILED TO START").contains("Description:");
		assertThat(output).as("stack trace").doesNotContainPattern("(?m)^\\s+at [\\w.$/]+\\(");
		assertThat(output).as("server")
			.doesNotContain("gRPC server 'network' listens on", "gRPC server 'unix-domain-socket' listens on",
					"gRPC server 'in-process' listens on");
		String text = output.toString();
		return assertThat(text.substring(text.indexOf("APPLICATION FAILED TO START")));
	}

	private static Set<Thread> serverThreads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().startsWith("grpc-server-"))
			.collect(Collectors.toSet());
	}

	@Configuration(proxyBeanMethods = false)
	@EnableServerAutoConfiguration
	static class Application {

	}

	static class ForeignFactory implements GrpcServerFactory {

		@Override
		public ServerBuilder<?> newBuilder() {
			return InProcessServerBuilder.forName("foreign");
		}

		@Override
		public GrpcServerStartException bindFailure(IOException failure) {
			return new GrpcServerStartException("in use", "use another name");
		}

	}

	@GrpcService
	static class NoService {

	}

	@Configuration(proxyBeanMethods = false)
	static class NoServiceBeanMethodConfiguration {

		@Bean
		@GrpcService
		String noService() {
			return "no service";
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class TwoRouteGuidesConfiguration {

		@Bean
		@GrpcService
		TestRouteGuide one() {
			return new TestRouteGuide();
		}

		@Bean
		@GrpcService
		TestRouteGuide two() {
			return new TestRouteGuide();
		}

	}

	@GrpcService(healthGroup = "redaness")
	static class UnknownHealthGroup extends TestRouteGuide {

	}

	@GrpcService
	static class OwnHealth extends HealthGrpc.HealthImplBase {

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnReflectionConfiguration {

		@Bean
		@GrpcService
		BindableService ownReflection() {
			return new OneMethodService("grpc.reflection.v1.ServerReflection");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class NoInterceptorConfiguration extends RouteGuideConfiguration {

		@Bean
		@GlobalServerInterceptor
		Object noInterceptor() {
			return new Object();
		}

	}

	static class FailingLifecycle implements SmartLifecycle {

		@Override
		public void start() {
			throw new IllegalStateException("this application cannot run");
		}

		@Override
		public void stop() {
		}

		@Override
		public boolean isRunning() {
			return false;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class FailingRunnerConfiguration {

		@Bean
		ApplicationRunner failingRunner() {
			return (arguments) -> {
				throw new IllegalStateException("this application cannot run");
			};
		}

	}

	static class StartedServer implements ApplicationListener<GrpcServerStartedEvent> {

		private final AtomicReference<Server> server = new AtomicReference<>();

		@Override
		public void onApplicationEvent(GrpcServerStartedEvent event) {
			this.server.set(event.getServer().getServer());
		}

		Server server() {
			Server server = this.server.get();
			assertThat(server).as("server that has started").isNotNull();
			return server;
		}

	}

}
