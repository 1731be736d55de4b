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

import io.github.lastcall.grpc.server.GlobalServerInterceptor;
import io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer;
import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.FailureAnalyses;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.GrpcServerContextRunner;
import io.github.lastcall.grpc.testing.OneMethodService;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.ServerBuilder;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import net.devh.boot.grpc.server.interceptor.GrpcGlobalServerInterceptor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lognet.springboot.grpc.GRpcGlobalInterceptor;
import org.lognet.springboot.grpc.GRpcService;

import org.springframework.asm.ClassWriter;
import org.springframework.asm.Opcodes;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.grpc.test.autoconfigure.TestGrpcServerFactory;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.DefaultResourceLoader;
import org.springframework.grpc.server.ServerBuilderCustomizer;
import org.springframework.grpc.server.security.AuthenticationProcessInterceptor;
import org.springframework.grpc.server.security.GrpcSecurity;
import org.springframework.stereotype.Service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * What is meant for another server: annotations of the same name, beans of another
 * starter, beans without an annotation, Spring Boot's own server.
 */
@ExtendWith(OutputCaptureExtension.class)
class OtherServerTests {

	private static final String UNUSED = "These beans are not used by the gRPC server:";

	private final ApplicationContextRunner runner = GrpcServerContextRunner.create();

	@ParameterizedTest
	@ValueSource(classes = { OfSpring.class, OfDevh.class, OfLogNet.class, OfGrpcStarter.class })
	void aServiceWithAnotherStartersAnnotationFailsTheStart(Class<?> service) {
		FailureAnalysis analysis = FailureAnalyses.of(this.runner.withBean("guide", service));
		assertThat(analysis.getDescription()).contains("bean 'guide' has @",
				service.getAnnotations()[0].annotationType().getName(),
				"import io.github.lastcall.grpc.server.GrpcService instead");
		assertThat(analysis.getAction()).contains("Change the imports", "grpc.server.enabled");
	}

	@ParameterizedTest
	@ValueSource(classes = { InterceptorOfSpring.class, InterceptorOfDevh.class, InterceptorOfLogNet.class })
	void anInterceptorWithAnotherStartersAnnotationFailsTheStart(Class<?> interceptor) {
		FailureAnalysis analysis = FailureAnalyses
			.of(this.runner.withUserConfiguration(Ours.class).withBean("authentication", interceptor));
		assertThat(analysis.getDescription()).contains("bean 'authentication' has @",
				interceptor.getAnnotations()[0].annotationType().getName(),
				"import io.github.lastcall.grpc.server.GlobalServerInterceptor instead");
	}

	@Test
	void anAnnotationOnABeanMethodCounts() {
		assertThat(FailureAnalyses.of(this.runner.withUserConfiguration(Ours.class, ForeignMethods.class))
			.getDescription()).contains("bean 'service' has @org.springframework.grpc.server.service.GrpcService",
					"bean 'interceptor' has @org.springframework.grpc.server.GlobalServerInterceptor");
	}

	@Test
	void aBeanThatHasOursToo(CapturedOutput output) {
		this.runner.withBean(OfBoth.class).run((context) -> {
			try (GrpcClient client = GrpcClient.of(context)) {
				assertThat(client.featureName()).isEqualTo("somewhere");
			}
		});
		assertThat(output).doesNotContain(UNUSED);
	}

	@Test
	void aServerThatIsDisabledLeavesThemToTheOther() {
		this.runner.withPropertyValues("grpc.server.enabled=false")
			.withBean(OfSpring.class)
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@ParameterizedTest
	@ValueSource(classes = { AuthenticationProcessInterceptor.class, GrpcSecurity.class })
	void anotherServersSecurityFailsTheStart(Class<?> security) {
		FailureAnalysis analysis = FailureAnalyses
			.of(this.runner.withUserConfiguration(Ours.class).withBean("security", security));
		assertThat(analysis.getDescription()).contains("bean 'security' is of type " + security.getName(),
				"calls would be unprotected. Declare a GrpcAuthorization bean with the rules, and for credentials "
						+ "other than bearer tokens a GrpcAuthenticationConverter bean, both of io.github.lastcall.grpc.security");
	}

	@Test
	void securityFailsTheStartBeforeABeanThatIsMissingDoes() {
		assertThat(FailureAnalyses.of(this.runner.withUserConfiguration(Ours.class, SecurityWithoutBoot.class))
			.getDescription()).contains("bean 'authentication'", "calls would be unprotected");
	}

	@Test
	void theTestTransportOfSpringBootIsExplained() {
		assertThat(FailureAnalyses
			.of(this.runner.withUserConfiguration(Ours.class).withBean("testServer", TestGrpcServerFactory.class))
			.getDescription())
			.contains("@AutoConfigureTestGrpcTransport", "lastcall-spring-boot-test", "@AutoConfigureGrpcInProcess");
	}

	@Test
	void anythingElseOfAnotherServerIsAWarning(CapturedOutput output) {
		this.runner.withUserConfiguration(Ours.class)
			.withBean("sizes", ServerBuilderCustomizer.class, () -> new ServerBuilderCustomizer() {
			})
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).contains("bean 'sizes' is of type org.springframework.grpc.server.ServerBuilderCustomizer: "
				+ "use io.github.lastcall.grpc.server.GrpcServerBuilderCustomizer");
	}

	@Test
	void beansWithoutAnAnnotationAreOneWarning(CapturedOutput output) {
		this.runner.withUserConfiguration(Ours.class)
			.withBean("forgotten", Forgotten.class)
			.withBean("audit", PlainInterceptor.class)
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).containsOnlyOnce(UNUSED)
			.contains("bean 'forgotten' is a BindableService: add @GrpcService",
					"bean 'audit' is a ServerInterceptor: add @GlobalServerInterceptor")
			.doesNotContain("bean 'routeGuide'", "lastCall");
	}

	/**
	 * A mock takes the place of a bean method with its annotation. Others may need what
	 * is not there when the application starts.
	 */
	@Test
	void aServiceWithoutAnAnnotationThatCannotBeBoundIsNamedToo(CapturedOutput output) {
		this.runner.withUserConfiguration(Used.class)
			.withBean("mock", BindableService.class, () -> () -> null)
			.withBean("broken", BindableService.class, () -> () -> {
				throw new IllegalStateException("no request");
			})
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).contains("bean 'mock' is a BindableService", "bean 'broken' is a BindableService")
			.doesNotContain("bean 'added'");
	}

	@Test
	void aServiceWithoutAnAnnotationThatIsLazyIsNotCreated(CapturedOutput output) {
		this.runner.withUserConfiguration(Ours.class).withBean("lazy", BindableService.class, () -> {
			throw new IllegalStateException("created");
		}, (definition) -> definition.setLazyInit(true)).run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).contains("bean 'lazy' is a BindableService");
	}

	@Test
	void aServiceWithoutAnAnnotationIsNamedAlsoIfThereIsNoServer(CapturedOutput output) {
		this.runner.withBean("forgotten", Forgotten.class).run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).contains("the gRPC server is not started", "bean 'forgotten' is a BindableService");
	}

	@Test
	void beansThatAreUsedInAnotherWayAreNotMentioned(CapturedOutput output) {
		this.runner.withUserConfiguration(Used.class)
			.withPropertyValues("grpc.server.shutdown.envoy-header=true")
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(output).doesNotContain(UNUSED);
	}

	@Test
	void springBootsOwnServerIsLeftOut(CapturedOutput output) {
		try (ConfigurableApplicationContext context = withBootsServer().run("--grpc.server.port=0")) {
			PropertySource<?> defaults = context.getEnvironment().getPropertySources().get("lastCallDefaults");
			assertThat(defaults).isNotNull();
			assertThat(defaults.getProperty("spring.grpc.server.enabled")).isEqualTo(false);
			assertThat(context.getEnvironment().getProperty("spring.grpc.server.enabled")).isEqualTo("false");
		}
		assertThat(output)
			.containsOnlyOnce("Spring Boot's own gRPC server is disabled (spring.grpc.server.enabled=false)")
			.doesNotContain("have no effect");
	}

	@Test
	void springBootsOwnServerIsUsedIfOursIsDisabled(CapturedOutput output) {
		try (ConfigurableApplicationContext context = withBootsServer().run("--grpc.server.enabled=false")) {
			assertThat(context.getEnvironment().containsProperty("spring.grpc.server.enabled")).isFalse();
		}
		assertThat(output).doesNotContain("gRPC server is disabled");
	}

	@Test
	void twoServersFailTheStart(CapturedOutput output) {
		SpringApplication application = withBootsServer();
		assertThatThrownBy(() -> application.run("--grpc.server.port=0", "--spring.grpc.server.enabled=true"))
			.isNotNull();
		assertThat(output).contains("Spring Boot's own gRPC server is enabled in addition to Last Call's",
				"Property: spring.grpc.server.enabled", "commandLineArgs", "Remove spring.grpc.server.enabled",
				"set grpc.server.enabled to false");
	}

	@Test
	void withoutSpringBootsServerNothingIsSaidOfIt(CapturedOutput output) {
		try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
			.web(WebApplicationType.NONE)
			.run("--grpc.server.port=0")) {
			assertThat(context.getEnvironment().getPropertySources().contains("lastCallDefaults")).isFalse();
		}
		assertThat(output).doesNotContain("gRPC server is disabled");
	}

	/**
	 * All that is asked of Spring Boot's server is whether its class is there.
	 */
	private static SpringApplication withBootsServer() {
		ClassLoader classLoader = new ClassLoader(OtherServerTests.class.getClassLoader()) {

			@Override
			protected Class<?> findClass(String name) throws ClassNotFoundException {
				if (!name.equals("org.springframework.boot.grpc.server.autoconfigure.GrpcServerAutoConfiguration")) {
					throw new ClassNotFoundException(name);
				}
				ClassWriter empty = new ClassWriter(0);
				empty.visit(Opcodes.V17, Opcodes.ACC_PUBLIC, name.replace('.', '/'), null, "java/lang/Object", null);
				byte[] bytes = empty.toByteArray();
				return defineClass(name, bytes, 0, bytes.length);
			}

		};
		return new SpringApplicationBuilder(Application.class).resourceLoader(new DefaultResourceLoader(classLoader))
			.web(WebApplicationType.NONE)
			.registerShutdownHook(false)
			.build();
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application extends Ours {

	}

	@Configuration(proxyBeanMethods = false)
	static class Ours {

		@Bean
		@GrpcService
		TestRouteGuide routeGuide() {
			return new TestRouteGuide();
		}

	}

	@org.springframework.grpc.server.service.GrpcService
	static class OfSpring extends TestRouteGuide {

	}

	@net.devh.boot.grpc.server.service.GrpcService
	static class OfDevh extends TestRouteGuide {

	}

	@GRpcService
	static class OfLogNet extends TestRouteGuide {

	}

	@grpcstarter.server.GrpcService
	static class OfGrpcStarter extends TestRouteGuide {

	}

	@GrpcService
	@org.springframework.grpc.server.service.GrpcService
	static class OfBoth extends TestRouteGuide {

	}

	static class PlainInterceptor implements ServerInterceptor {

		@Override
		public <Q, R> ServerCall.Listener<Q> interceptCall(ServerCall<Q, R> call, Metadata headers,
				ServerCallHandler<Q, R> next) {
			return next.startCall(call, headers);
		}

	}

	@org.springframework.grpc.server.GlobalServerInterceptor
	static class InterceptorOfSpring extends PlainInterceptor {

	}

	@GrpcGlobalServerInterceptor
	static class InterceptorOfDevh extends PlainInterceptor {

	}

	@GRpcGlobalInterceptor
	static class InterceptorOfLogNet extends PlainInterceptor {

	}

	@Configuration(proxyBeanMethods = false)
	static class ForeignMethods {

		@Bean
		@org.springframework.grpc.server.service.GrpcService
		BindableService service() {
			return new OneMethodService("test.Service");
		}

		@Bean
		@org.springframework.grpc.server.GlobalServerInterceptor
		ServerInterceptor interceptor() {
			return new PlainInterceptor();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class SecurityWithoutBoot {

		@Bean
		@org.springframework.grpc.server.GlobalServerInterceptor
		@GlobalServerInterceptor
		AuthenticationProcessInterceptor authentication(GrpcSecurity security) {
			return new AuthenticationProcessInterceptor();
		}

	}

	@Service
	static class Forgotten implements BindableService {

		@Override
		public ServerServiceDefinition bindService() {
			return new OneMethodService("test.Forgotten").bindService();
		}

	}

	static class NamedInterceptor extends PlainInterceptor {

	}

	static class InjectedInterceptor extends PlainInterceptor {

	}

	@Configuration(proxyBeanMethods = false)
	static class Used {

		@Bean
		@GrpcService(interceptors = NamedInterceptor.class)
		TestRouteGuide routeGuide() {
			return new TestRouteGuide();
		}

		@Bean
		NamedInterceptor named() {
			return new NamedInterceptor();
		}

		@Bean
		InjectedInterceptor injected() {
			return new InjectedInterceptor();
		}

		@Bean
		@GlobalServerInterceptor
		PlainInterceptor global() {
			return new PlainInterceptor();
		}

		@Bean
		BindableService added() {
			return new OneMethodService("test.Added");
		}

		@Bean
		GrpcServerBuilderCustomizer<ServerBuilder<?>> customizer(InjectedInterceptor injected, BindableService added) {
			return (builder) -> builder.addService(added).intercept(injected);
		}

	}

}
