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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import io.github.lastcall.grpc.server.GrpcService;
import io.github.lastcall.grpc.testing.GrpcClient;
import io.github.lastcall.grpc.testing.TestAuthority;
import io.github.lastcall.grpc.testing.TestRouteGuide;
import org.aspectj.lang.annotation.Aspect;
import org.aspectj.lang.annotation.Before;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.aop.framework.AopInfrastructureBean;
import org.springframework.aop.support.AopUtils;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.util.ClassUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * No start depends on what the aspects of an application match or how its beans are
 * named.
 */
class InfrastructureBeansTests {

	private static final String ROOT = "io.github.lastcall.grpc.";

	private static final String PREFIX = "lastCall";

	private static final TestAuthority AUTHORITY = new TestAuthority("authority");

	private final ApplicationContextRunner runner;

	/**
	 * With every bean that a property adds.
	 */
	InfrastructureBeansTests(@TempDir Path directory) throws IOException {
		AUTHORITY.write(directory, AUTHORITY.server("server"));
		this.runner = new ApplicationContextRunner().withUserConfiguration(Application.class)
			.withPropertyValues(
					TestAuthority.properties(directory, "grpc.server.port=0", "grpc.server.ssl.bundle=server",
							"management.endpoints.web.exposure.include=*", "grpc.server.in-process.enabled=true",
							"grpc.server.unix-domain-socket.path=" + directory.resolve("grpc.sock"),
							"grpc.server.health.port=0", "grpc.server.compression.responses=gzip",
							"grpc.server.shutdown.envoy-header=true"));
	}

	@ParameterizedTest
	@MethodSource("aspects")
	void anAspectMayMatchWhateverItLikes(Class<? extends CountingAspect> aspect) {
		this.runner.withBean(aspect).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(beans(context)).noneMatch(AopUtils::isAopProxy);
			CountingAspect counted = context.getBean(aspect);
			try (GrpcClient client = AUTHORITY.connect(GrpcClient.port(context), null)) {
				assertThat(client.featureName()).isNotEmpty();
			}
			assertThat(counted.calls).hasPositiveValue();
		});
	}

	static Stream<Class<? extends CountingAspect>> aspects() {
		return Stream.of(NamedServiceAspect.class, ServiceClassAspect.class, GrpcNameAspect.class,
				OutsideOfSpringAspect.class);
	}

	@Test
	void everyBeanOfOursIsInfrastructureAndHasAPrefixOfItsOwn() {
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			for (String name : context.getBeanDefinitionNames()) {
				Class<?> type = context.getType(name);
				if (type != null && isOurs(type)) {
					assertThat(type).as(name).matches(AopInfrastructureBean.class::isAssignableFrom);
					assertThat(name).matches((own) -> own.startsWith(PREFIX) || own.equals("grpcHealthIndicator")
							|| own.contains(type.getPackageName()));
				}
			}
			assertThat(beans(context)).hasSizeGreaterThan(50);
		});
	}

	@Test
	void beansMayHaveAnyName() {
		List<String> names = List.of("grpcServerExecutor", "grpcHealthService", "grpcServerFactory", "grpcServerDrain",
				"grpcTransport", "grpcServerMetrics", "grpcEndpoint", "grpcCodecs", "grpcDrainTimer", "grpcHealthTimer",
				"grpcWatchdogTimer", "grpcServer");
		ApplicationContextRunner runner = this.runner;
		for (String name : names) {
			runner = runner.withBean(name, String.class, () -> "a bean of the application");
		}
		runner.run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(context.getBeansOfType(String.class)).containsKeys(names.toArray(String[]::new));
			try (GrpcClient client = AUTHORITY.connect(GrpcClient.port(context), null)) {
				assertThat(client.featureName()).isNotEmpty();
			}
		});
	}

	private static List<Object> beans(ConfigurableApplicationContext context) {
		List<Object> beans = new ArrayList<>();
		for (String name : context.getBeanDefinitionNames()) {
			Class<?> type = context.getType(name);
			if (type != null && isOurs(ClassUtils.getUserClass(type))) {
				beans.add(context.getBean(name));
			}
		}
		return beans;
	}

	/**
	 * Classes of tests are users'.
	 */
	private static boolean isOurs(Class<?> type) {
		return type.getName().startsWith(ROOT) && type.getProtectionDomain()
			.getCodeSource()
			.equals(GrpcServerAutoConfiguration.class.getProtectionDomain().getCodeSource());
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	@Import(RouteGuide.class)
	static class Application {

	}

	@GrpcService("testRouteGuide")
	static class RouteGuide extends TestRouteGuide {

	}

	static class CountingAspect {

		final AtomicInteger calls = new AtomicInteger();

	}

	@Aspect
	static class NamedServiceAspect extends CountingAspect {

		@Before("bean(*Service) || bean(*RouteGuide)")
		void before() {
			this.calls.incrementAndGet();
		}

	}

	@Aspect
	static class ServiceClassAspect extends CountingAspect {

		@Before("execution(* *..*Service.*(..)) || execution(* *..*RouteGuide.*(..))")
		void before() {
			this.calls.incrementAndGet();
		}

	}

	@Aspect
	static class GrpcNameAspect extends CountingAspect {

		@Before("bean(grpc*) || bean(lastCall*) || bean(*RouteGuide)")
		void before() {
			this.calls.incrementAndGet();
		}

	}

	/**
	 * Tracing has final classes of its own.
	 */
	@Aspect
	static class OutsideOfSpringAspect extends CountingAspect {

		@Before("execution(* *(..)) && !within(org.springframework..*) && !within(io.opentelemetry..*) && !within(io.micrometer..*) && !within(*..CountingAspect+)")
		void before() {
			this.calls.incrementAndGet();
		}

	}

}
