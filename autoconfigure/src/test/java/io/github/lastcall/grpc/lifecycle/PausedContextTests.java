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

package io.github.lastcall.grpc.lifecycle;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.server.LocalGrpcPort;
import io.github.lastcall.grpc.testing.EnableServerAutoConfiguration;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.TestApplication;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.github.lastcall.sample.routeguide.Point;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.context.annotation.Bean;
import org.springframework.test.annotation.DirtiesContext.HierarchyMode;
import org.springframework.test.context.TestContextManager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * A context that is stopped and may go on later: no shutdown, nothing is announced.
 */
@Timeout(120)
class PausedContextTests {

	/**
	 * Never over, as the time of these tests does not pass.
	 */
	private static final String DELAY = "grpc.server.shutdown.propagation-delay=5s";

	private static final String PORT_OF_TWO_TESTS = "test.port-of-two-tests";

	@Test
	void aContextThatIsStoppedWithoutBeingClosedAnnouncesNothing() {
		try (TestApplication app = TestApplication.run(DELAY)) {
			assertThat(CompletableFuture.runAsync(app.context()::stop)).succeedsWithin(Duration.ofSeconds(60));
			assertThat(app.state()).isEqualTo(GrpcServerState.STOPPED);
			assertThat(app.events().all).extracting(GrpcServerStateChangedEvent::getTo)
				.doesNotContain(GrpcServerState.ANNOUNCING);
			app.context().start();
			assertThatItServes(app);
		}
	}

	@Test
	void aPausedServerGivesItsFixedPortAwayAndTakesItBack() throws IOException {
		int port = freePort();
		int probes = freePort();
		try (TestApplication app = TestApplication.run(DELAY, "grpc.server.port=" + port,
				"grpc.server.health.port=" + probes)) {
			assertThat(CompletableFuture.runAsync(app.context()::pause)).succeedsWithin(Duration.ofSeconds(60));
			assertThat(app.state()).isEqualTo(GrpcServerState.STOPPED);
			for (int free : new int[] { port, probes }) {
				assertThatExceptionOfType(ConnectException.class)
					.isThrownBy(() -> new Socket(InetAddress.getByName("127.0.0.1"), free).close());
			}
			app.context().restart();
			assertThat(app.port()).isEqualTo(port);
			assertThatItServes(app);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "grpc.server.port=0", "grpc.server.port=-1,grpc.server.in-process.enabled=true",
			"grpc.server.port=-1,grpc.server.unix-domain-socket.path=" })
	void aServerThatItsClientsCouldNotFindAgainKeepsRunning(String properties, @TempDir Path directory) {
		String[] all = (properties.endsWith("=") ? properties + directory.resolve("grpc.sock") : properties).split(",");
		try (TestApplication app = TestApplication.run(all)) {
			GrpcServer server = app.drain().getStatus().server();
			app.context().pause();
			assertThat(app.state()).isEqualTo(GrpcServerState.SERVING);
			app.context().restart();
			assertThat(app.drain().getStatus().server()).isSameAs(server);
		}
	}

	@Test
	void twoContextsOfATestRunTakeTurnsOnTheSamePort() throws Exception {
		int port = freePort();
		System.setProperty(PORT_OF_TWO_TESTS, String.valueOf(port));
		try {
			for (int i = 0; i < 2; i++) {
				assertThat(run(new FirstTest())).isEqualTo("first");
				assertThat(run(new SecondTest())).isEqualTo("second");
			}
		}
		finally {
			close(FirstTest.class);
			close(SecondTest.class);
			System.clearProperty(PORT_OF_TWO_TESTS);
		}
	}

	/**
	 * Run a test class as an engine does.
	 */
	private static String run(AbstractTest test) throws Exception {
		TestContextManager manager = new TestContextManager(test.getClass());
		manager.beforeTestClass();
		manager.prepareTestInstance(test);
		try (GrpcClient client = GrpcClient.of(test.port)) {
			return client.featureName();
		}
		finally {
			manager.afterTestClass();
		}
	}

	/**
	 * Closes the context of a test class, which would be kept for other classes.
	 */
	private static void close(Class<?> test) {
		new TestContextManager(test).getTestContext().markApplicationContextDirty(HierarchyMode.EXHAUSTIVE);
	}

	private static void assertThatItServes(TestApplication app) {
		assertThat(app.state()).isEqualTo(GrpcServerState.SERVING);
		assertThat(RouteGuideGrpc.newBlockingStub(app.channel()).getFeature(Point.getDefaultInstance())).isNotNull();
	}

	private static int freePort() throws IOException {
		try (ServerSocket socket = new ServerSocket(0)) {
			return socket.getLocalPort();
		}
	}

	abstract static class AbstractTest {

		@LocalGrpcPort
		int port;

	}

	@SpringBootTest(classes = Application.class, webEnvironment = WebEnvironment.NONE,
			properties = { "grpc.server.port=${" + PORT_OF_TWO_TESTS + "}", "test.name=first" })
	static class FirstTest extends AbstractTest {

	}

	@SpringBootTest(classes = Application.class, webEnvironment = WebEnvironment.NONE,
			properties = { "grpc.server.port=${" + PORT_OF_TWO_TESTS + "}", "test.name=second" })
	static class SecondTest extends AbstractTest {

	}

	@SpringBootConfiguration(proxyBeanMethods = false)
	@EnableServerAutoConfiguration
	static class Application {

		@Bean
		@GrpcService
		TestRouteGuide routeGuide(@Value("${test.name}") String name) {
			return new TestRouteGuide(name);
		}

	}

}
