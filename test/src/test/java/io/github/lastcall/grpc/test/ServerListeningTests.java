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

package io.github.lastcall.grpc.test;

import io.github.lastcall.grpc.lifecycle.GrpcServerDrain;
import io.github.lastcall.grpc.lifecycle.ShutdownSettings;
import io.github.lastcall.grpc.test.app.MapsApplication;
import io.github.lastcall.sample.routeguide.RouteGuideGrpc;
import io.github.lastcall.sample.routeguide.RouteNote;
import org.junit.jupiter.api.Test;

import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.test.context.TestContextManager;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Where the server of a test listens. The application would listen on a fixed port, in
 * the process by a fixed name, and on Kubernetes.
 */
class ServerListeningTests {

	@Test
	void withoutAWebServerItListensInTheProcess() {
		ApplicationContext context = contextOf(WithoutWebServer.class);
		assertListensInTheProcess(context);
		assertThat(context.getBean(ShutdownSettings.class)).satisfies((settings) -> {
			assertThat(settings.propagationDelay()).isZero();
			assertThat(settings.quietPeriod()).isZero();
		});
	}

	@Test
	void withAMockedWebEnvironmentItListensInTheProcess() {
		assertListensInTheProcess(contextOf(WithMock.class));
	}

	@Test
	void onARandomPortItListensOnFreePorts() {
		ApplicationContext context = contextOf(OnRandomPort.class);
		assertThat(context.getEnvironment().getProperty("local.grpc.server.port", Integer.class)).isNotIn(9090, 0, -1,
				null);
		assertThat(context.getEnvironment().getProperty("local.grpc.health.port", Integer.class)).isNotIn(9091, 0, -1,
				null);
		assertThat(servers(context)).containsExactlyInAnyOrder("network", "health");
		assertServes(context);
	}

	@Test
	void onADefinedPortItListensAsConfigured() {
		ApplicationContext context = contextOf(OnDefinedPort.class);
		assertThat(servers(context)).containsExactlyInAnyOrder("network", "health", "in-process", "unix-domain-socket");
		assertThat(name(context)).isEqualTo("maps");
		assertServes(context);
	}

	@Test
	void theAnnotationServesInTheProcessWhateverTheWebEnvironment() {
		assertListensInTheProcess(contextOf(Annotated.class));
	}

	@Test
	void theAnnotationCanLeaveTheServerAsConfigured() {
		assertThat(name(contextOf(AnnotatedDisabled.class))).isEqualTo("configured");
	}

	@Test
	void propertiesOfTheTestTakePrecedence() {
		ApplicationContext context = contextOf(WithProperties.class);
		assertThat(servers(context)).containsExactlyInAnyOrder("network", "in-process");
		assertThat(name(context)).isEqualTo("mine");
		assertThat(context.getBean(ShutdownSettings.class).propagationDelay()).hasMillis(1);
	}

	@Test
	void classesThatAreAnnotatedAlikeShareAContextAndOthersDoNot() {
		assertThat(contextOf(WithoutWebServer.class)).isSameAs(contextOf(WithoutWebServerToo.class))
			.isNotSameAs(contextOf(Annotated.class));
		assertThat(name(contextOf(WithoutWebServer.class))).isNotEqualTo(name(contextOf(WithMock.class)));
	}

	@Test
	void theChannelClosesWithTheContextAndACallThatIsOpenDoesNotDelayIt() {
		TestContextManager test = new TestContextManager(Closed.class);
		ConfigurableApplicationContext context = (ConfigurableApplicationContext) test.getTestContext()
			.getApplicationContext();
		TestServer server = context.getBean(TestServer.class);
		StreamRecorder<RouteNote> notes = StreamRecorder.create();
		RouteGuideGrpc.newStub(server.channel())
			.routeChat(notes)
			.onNext(RouteNote.newBuilder().setLocation(Points.OSLO).build());
		notes.next();
		context.close();
		assertThat(notes.awaitEnd().getDescription()).contains("shutdownNow");
	}

	private static void assertListensInTheProcess(ApplicationContext context) {
		assertThat(servers(context)).containsExactly("in-process");
		assertThat(name(context)).isNotEqualTo("maps");
		assertServes(context);
	}

	private static void assertServes(ApplicationContext context) {
		RouteGuideGrpc.RouteGuideBlockingStub stub = RouteGuideGrpc
			.newBlockingStub(context.getBean(TestServer.class).channel());
		assertThat(stub.getFeature(Points.OSLO).getName()).isEqualTo("Oslo");
	}

	private static String name(ApplicationContext context) {
		return context.getEnvironment().getRequiredProperty("local.grpc.in-process.name");
	}

	private static Iterable<String> servers(ApplicationContext context) {
		return context.getBeanProvider(GrpcServerDrain.class).stream().map(GrpcServerDrain::getName).toList();
	}

	private static ApplicationContext contextOf(Class<?> testClass) {
		return new TestContextManager(testClass).getTestContext().getApplicationContext();
	}

	@SpringBootTest(classes = MapsApplication.class, webEnvironment = WebEnvironment.NONE)
	static class WithoutWebServer {

	}

	@SpringBootTest(classes = MapsApplication.class, webEnvironment = WebEnvironment.NONE)
	static class WithoutWebServerToo {

	}

	@SpringBootTest(classes = MapsApplication.class)
	static class WithMock {

	}

	@SpringBootTest(classes = MapsApplication.class, webEnvironment = WebEnvironment.RANDOM_PORT)
	static class OnRandomPort {

	}

	@SpringBootTest(classes = MapsApplication.class, webEnvironment = WebEnvironment.DEFINED_PORT,
			properties = { "grpc.server.port=0", "grpc.server.health.port=0" })
	static class OnDefinedPort {

	}

	@SpringBootTest(classes = MapsApplication.class, webEnvironment = WebEnvironment.RANDOM_PORT)
	@AutoConfigureGrpcInProcess
	static class Annotated {

	}

	@SpringBootTest(classes = MapsApplication.class,
			properties = { "grpc.server.port=-1", "grpc.server.health.port=", "grpc.server.unix-domain-socket.path=",
					"grpc.server.in-process.name=configured" })
	@AutoConfigureGrpcInProcess(enabled = false)
	static class AnnotatedDisabled {

	}

	@SpringBootTest(classes = MapsApplication.class, properties = { "grpc.server.port=0",
			"grpc.server.in-process.name=mine", "grpc.server.shutdown.propagation-delay=1ms" })
	static class WithProperties {

	}

	@SpringBootTest(classes = MapsApplication.class, webEnvironment = WebEnvironment.NONE, properties = "closed=true")
	static class Closed {

	}

}
